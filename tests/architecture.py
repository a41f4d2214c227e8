#!/usr/bin/env python3
"""Checks the design's include rule: modules look rightwards only, dependencies have one owner.

    cli -> report -> check -> slim -> closure -> (rootfs -> image -> archive -> base | elf -> base)

A public header may not show a dependency at all. Prints "N passed, N failed": one case a rule.
"""
import pathlib
import re
import sys
import tempfile

# What each module may use besides itself.
ALLOWED = {"base": set()}
for module, direct in [
    ("archive", ["base"]),
    ("elf", ["base"]),
    ("image", ["archive"]),
    ("rootfs", ["image"]),
    ("closure", ["rootfs", "elf"]),
    ("slim", ["closure"]),
    ("check", ["slim"]),
    ("report", ["check"]),
    ("cli", ["report"]),
]:
    ALLOWED[module] = set(direct).union(*(ALLOWED[d] for d in direct))

# Dependencies by how their headers are named, and who may include them.
OWNERS = {
    r"archive(_entry)?\.h|zstd.*\.h|lzma(/.*)?\.h|libdeflate\.h|isa-l(/.*)?\.h|igzip.*\.h|zlib\.h|bzlib\.h": {"archive"},
    r"openssl/.*": {"base"},
    r"LIEF/.*": {"elf"},
    r"nlohmann/.*": {"image", "report"},
    r"CLI/.*": {"cli"},
    r"toml\+\+/.*": {"check"},
    r"doctest/.*": set(),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(root):
    for path in sorted(root.glob("src/*/**/*.?pp")):
        yield path, path.relative_to(root / "src").parts[0], False
    for path in sorted(root.glob("include/slimimg/*/**/*.hpp")):
        yield path, path.relative_to(root / "include/slimimg").parts[0], True


def module_of(include):
    parts = include.split("/")
    if parts[0] == "slimimg":
        return parts[1]
    return parts[0] if len(parts) > 1 and parts[0] in ALLOWED else None


def complaints(root):
    """Yields (rule, message) for each include, message None where it is in order."""
    for path, module, public in sources(root):
        where = path.relative_to(root)
        if module not in ALLOWED:
            yield "modules", f"{where}: {module} is no module of the design"
            continue
        for kind, include in INCLUDE.findall(path.read_text(encoding="utf-8")):
            used = module_of(include) if kind == '"' else None
            if used is not None:
                wrong = used != module and used not in ALLOWED[module]
                yield module, f"{where}: {module} may not use {used}" if wrong else None
                private = used != module and not include.startswith("slimimg/")
                yield "private headers", f"{where}: {include} is private to {used}" if private else None
            for pattern, owners in OWNERS.items():
                if re.fullmatch(pattern, include):
                    wrong = module not in owners or public
                    yield pattern, f"{where}: {include} has no place here" if wrong else None


def self_test(tmp):
    """The check itself must notice what it is for."""
    bad = {
        "src/base/a.cpp": '#include "slimimg/closure/closure.hpp"\n',
        "src/elf/b.cpp": '#include "slimimg/rootfs/rootfs.hpp"\n',
        "src/report/c.cpp": "#include <CLI/CLI.hpp>\n",
        "include/slimimg/elf/d.hpp": "#include <LIEF/ELF.hpp>\n",
        "src/slim/e.cpp": '#include "closure/private.hpp"\n',
        "src/archive/good.cpp": "#include <archive.h>\n#include <vector>\n",
    }
    for name, text in bad.items():
        file = tmp / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    found = {m.split(":")[0] for _, m in complaints(tmp) if m}
    return found == set(bad) - {"src/archive/good.cpp"}


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    results = {}
    for rule, message in complaints(root):
        results.setdefault(rule, []).extend([message] if message else [])
    with tempfile.TemporaryDirectory() as tmp:
        results["the check notices violations"] = (
            [] if self_test(pathlib.Path(tmp)) else ["the check misses violations it was shown"]
        )
    for messages in results.values():
        for message in messages:
            print(message)
    failed = sum(1 for messages in results.values() if messages)
    print(f"{len(results) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
