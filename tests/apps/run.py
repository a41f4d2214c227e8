#!/usr/bin/env python3
"""Rebuilds images of real applications with default options and makes the results do their jobs.

    tests/apps/run.py [--slimimg PROGRAM] [--work FOLDER] [--squashed] [--quick | NAME...]
    tests/apps/run.py [--work FOLDER] --image NAME OUT.tar     only makes an image

Each application is a file NAME.py beside this one: a RECIPE for its image, made of Debian packages,
and a probe(app) that fails where the application does not do its job. The image itself is probed
first, so that a recipe that fails says nothing about slimimg. With --squashed slimimg gets it as one
layer, which hides who brought what. Needs root, podman, mmdebstrap and a
Debian mirror; without them nothing is tested. The last line is "N passed, N failed".
"""
import argparse
import hashlib
import importlib
import os
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.dont_write_bytecode = True

from support import containers, debian  # noqa: E402
from support.recipe import Recipe, make_image  # noqa: E402
from support.squash import squash  # noqa: E402

# Small and unlike each other.
QUICK = ["musl_plugin", "lighttpd_php"]


def names():
    return sorted(name[:-3] for name in os.listdir(HERE)
                  if name.endswith(".py") and name != "run.py")


def image_of(name, recipe, work):
    """The application's image, made again where its recipe changed."""
    digest = hashlib.sha256()
    built = [f"support/{kind}.py" for kind in ("source", "java") if kind in vars(sys.modules[name])]
    for part in (name + ".py", "support/recipe.py", "support/debian.py", "support/official.py",
                 *built):
        with open(os.path.join(HERE, part), "rb") as file:
            digest.update(file.read().split(b"\ndef probe", 1)[0])
    path = os.path.join(work, f"{name}-{digest.hexdigest()[:12]}.tar")
    if not os.path.exists(path):
        for old in os.listdir(work):
            if old.startswith(name + "-") and old.endswith(".tar"):
                os.unlink(os.path.join(work, old))
        make_image(recipe, name, work, path)
    return path


def probe(archive, check):
    image = containers.load(archive)
    try:
        check(containers.Application(image))
    finally:
        containers.podman("rmi", "-f", image, check=False)


def rebuild(slimimg, full, slim):
    done = subprocess.run([slimimg, "rebuild", full, "-o", slim, "-q"], timeout=300,
                          capture_output=True, text=True, errors="replace", check=False)
    if done.returncode != 0:
        raise containers.Failure(f"slimimg rebuild: exit code {done.returncode}: "
                                 f"{(done.stdout + done.stderr)[-2000:]}")


def rebuild_squashed(slimimg, full, slim):
    squashed = slim + ".squashed"
    try:
        squash(full, squashed)
        rebuild(slimimg, squashed, slim)
    finally:
        for leftover in (squashed, squashed + ".layer"):
            if os.path.exists(leftover):
                os.unlink(leftover)


def test(name, options):
    """Makes, probes, rebuilds and probes again; a line about the sizes."""
    module = importlib.import_module(name)
    full = image_of(name, module.RECIPE, options.work)
    slim = os.path.join(options.work, name + ".slim.tar")
    checked = full + ".works"
    if not os.path.exists(checked):
        try:
            probe(full, module.probe)
        except containers.Failure as failure:
            raise containers.Failure(f"already as it was made: {failure}") from failure
        with open(checked, "w", encoding="ascii"):
            pass
    (rebuild_squashed if options.squashed else rebuild)(options.slimimg, full, slim)
    try:
        probe(slim, module.probe)
        sizes = [os.path.getsize(path) / 1e6 for path in (full, slim)]
        return f"{sizes[0]:.1f} MB to {sizes[1]:.1f} MB"
    finally:
        if not options.keep:
            os.unlink(slim)


def reason_to_skip(work):
    """Why this machine can't do it; None where it can."""
    if os.geteuid() != 0:
        return "not root"
    missing = [tool for tool in ("podman", *debian.NEEDED) if not debian.shutil.which(tool)]
    if missing:
        return "not installed: " + ", ".join(missing)
    try:
        source, program, archive = (os.path.join(work, "nothing" + end) for end in (".c", "", ".tar"))
        with open(source, "w", encoding="ascii") as file:
            file.write("int main(void) { return 0; }\n")
        debian.run(["gcc", "-static", "-o", program, source])
        with open(program, "rb") as file:
            nothing = Recipe(debian=False, files={"/nothing": file.read()}, cmd=["/nothing"])
        make_image(nothing, "nothing", work, archive)
        probe(archive, lambda app: app.run())
        debian.base_layer(work)
    except (containers.Failure, debian.BuildError, OSError) as problem:
        return f"containers can't be made or run here: {problem}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slimimg", default=os.environ.get("SLIMIMG", "slimimg"))
    parser.add_argument("--work", default=os.environ.get("SLIMIMG_APPS_WORK", "apps-out"))
    parser.add_argument("--quick", action="store_true", default="SLIMIMG_APPS_QUICK" in os.environ,
                        help="only " + ", ".join(QUICK))
    parser.add_argument("--squashed", action="store_true", help="with all layers made one")
    parser.add_argument("--keep", action="store_true", help="keep the rebuilt images")
    parser.add_argument("--image", nargs=2, metavar=("NAME", "OUT.tar"))
    parser.add_argument("name", nargs="*")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    os.makedirs(options.work, exist_ok=True)
    if options.image:
        name, out = options.image
        try:
            make_image(importlib.import_module(name).RECIPE, name, options.work,
                       os.path.abspath(out))
        except debian.BuildError as problem:
            print(f"no image of {name}: {problem}", file=sys.stderr)
            return 1
        return 0
    if reason := reason_to_skip(options.work):
        print(f"skipped: {reason}\n0 passed, 0 failed")
        return 0
    passed = failed = 0
    for name in options.name or (QUICK if options.quick else names()):
        start = time.monotonic()
        try:
            verdict, text = "PASS", test(name, options)
            passed += 1
        except debian.BuildError as problem:
            verdict, text = "SKIP", f"no image: {problem}"
        except (containers.Failure, subprocess.TimeoutExpired) as failure:
            verdict, text = "FAIL", str(failure)
            failed += 1
        except Exception:  # a probe that met what it did not expect
            verdict, text = "FAIL", traceback.format_exc()
            failed += 1
        print(f"{verdict} {name}: {text} ({time.monotonic() - start:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
