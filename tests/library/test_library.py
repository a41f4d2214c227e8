#!/usr/bin/env python3
"""libslimimg as another program uses it: installed, found by pkg-config, linked, run.

SLIMIMG_BUILD is the build folder, SLIMIMG_CXX the compiler, a word a line.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

from support import ImageTest, main

BUILD = pathlib.Path(os.environ["SLIMIMG_BUILD"])
CXX = os.environ["SLIMIMG_CXX"].split("\n")
SOURCE = pathlib.Path(__file__).resolve().parent
PUBLIC = SOURCE.parents[1] / "include"


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} failed:\n{done.stdout.decode('utf-8', 'replace')}")
    return done.stdout.decode()


class Installed(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = pathlib.Path(tempfile.mkdtemp(prefix="slimimg-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.root)
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", cls.root)
        options = json.loads(run("meson", "introspect", BUILD, "--buildoptions"))
        prefix = next(o["value"] for o in options if o["name"] == "prefix")
        cls.prefix = cls.root / prefix.lstrip("/")

    def pkg_config(self, *asked):
        (module,) = self.prefix.rglob("slimimg.pc")
        return run(
            "pkg-config", f"--define-variable=prefix={self.prefix}", *asked, "slimimg",
            env={**os.environ, "PKG_CONFIG_PATH": str(module.parent)},
        ).split()

    def test_the_files_stand_in_their_places(self):
        share = self.prefix / "share"
        for file in (
            self.prefix / "bin/slimimg",
            share / "bash-completion/completions/slimimg",
            share / "fish/vendor_completions.d/slimimg.fish",
            share / "zsh/site-functions/_slimimg",
        ):
            self.assertTrue(file.is_file(), file)
        manual = SOURCE.parents[1] / "man"
        for page in manual.iterdir():
            section = page.suffix.lstrip(".")
            self.assertEqual((share / f"man/man{section}" / page.name).read_bytes(),
                             page.read_bytes())

    def test_every_public_header_is_installed_and_no_other(self):
        def headers(root):
            return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}

        self.assertEqual(headers(self.prefix / "include"), headers(PUBLIC))

    def test_an_example_is_built_and_run(self):
        example = self.folder / "example"
        run(*CXX, "-std=c++20", *self.pkg_config("--cflags"), SOURCE / "example.cpp",
            "-o", example, *self.pkg_config("--libs"))
        told = run(example, self.image())
        self.assertIn("/app/bin/hello", told)
        self.assertIn("/app/lib/libgreet.so.1.0", told)
        self.assertNotIn("/usr/bin/idle", told)
        failed = subprocess.run([example, "/nonexistent"], stderr=subprocess.PIPE, check=False)
        self.assertEqual(failed.returncode, 3)
        self.assertIn(b"/nonexistent", failed.stderr)

    def test_the_version_is_the_programs(self):
        told = run(self.prefix / "bin/slimimg", "--version")
        self.assertEqual(told.splitlines()[0].split()[1:], self.pkg_config("--modversion"))


class Headers(unittest.TestCase):
    HEADERS = sorted(PUBLIC.rglob("*.hpp"))

    def test_each_compiles_alone(self):
        def complaint(header):
            done = subprocess.run(
                [*CXX, "-std=c++20", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", PUBLIC,
                 "-x", "c++", "-"],
                input=f'#include "{header.relative_to(PUBLIC)}"\n'.encode(),
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            return done.stdout.decode() if done.returncode else ""

        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            self.assertEqual("".join(pool.map(complaint, self.HEADERS)), "")

    def test_none_includes_anything_but_its_own_and_the_standard_library(self):
        include = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)", re.MULTILINE)
        for header in self.HEADERS:
            for kind, name in include.findall(header.read_text()):
                if kind == '"':
                    self.assertTrue((PUBLIC / name).is_file(), f"{header}: {name}")
                else:
                    self.assertRegex(name, r"\A[a-z_]+\Z", header)


if __name__ == "__main__":
    main()
