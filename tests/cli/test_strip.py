#!/usr/bin/env python3
"""slimimg rebuild --strip: programs with debug data, held against binutils."""
import json
import os
import subprocess
import unittest

from support import GREETER, HELLO, ImageTest, Layer, compile_c, docker_archive, layer_of, main, slimimg
from test_rebuild import chroot_command


class Strip(ImageTest):
    def setUp(self):
        super().setUp()
        greet = compile_c(
            self.folder, "libgreet.so.1", GREETER,
            "-g", "-shared", "-fPIC", "-Wl,-soname,libgreet.so.1", "-Wl,--build-id",
        )
        hello = compile_c(self.folder, "hello", HELLO, "-g", greet, "-Wl,-rpath,$ORIGIN/../lib")
        static = compile_c(self.folder, "static", "int main(void) { return 7; }", "-g", "-static")
        app = Layer().folder("app").folder("app/bin").folder("app/lib")
        app.copy("app/bin/hello", hello).copy("app/bin/static", static)
        app.copy("app/lib/libgreet.so.1", greet)
        self.files = {"/app/bin/hello": hello, "/app/bin/static": static,
                      "/app/lib/libgreet.so.1": greet}
        self.source = docker_archive(
            self.folder / "debug.tar", [self.fixture.base, app.bytes()],
            Entrypoint=["/app/bin/hello"],
        )

    def rebuilt(self, *args):
        output, report = self.folder / "slim.tar", self.folder / "report.json"
        command = ("rebuild", self.source, "-o", output, "--report", report, "--include",
                   "/app/bin/static", *args)
        result = self.assert_fine(slimimg(*command))
        return layer_of(output), json.loads(report.read_text()), result.text

    def test_it_is_off_by_default(self):
        (members, _), report, _ = self.rebuilt()
        self.assertIsNone(report["stripped"])
        for name, file in self.files.items():
            self.assertEqual(members[name].size, file.stat().st_size)

    def test_files_are_about_as_small_as_binutils_makes_them(self):
        (members, _), report, text = self.rebuilt("--strip")
        saved = 0
        for name, file in self.files.items():
            subprocess.run(["strip", "-o", self.folder / "theirs", file], check=True)
            theirs = (self.folder / "theirs").stat().st_size
            self.assertLess(members[name].size, file.stat().st_size)
            self.assertLess(abs(members[name].size - theirs), 300, name)
            saved += file.stat().st_size - members[name].size
            entry = next(e for e in report["kept"] if e["path"] == name)
            self.assertEqual(entry["bytes"], members[name].size)
            self.assertIn("only debuggers read", entry["reasons"][-1]["detail"])
        self.assertGreaterEqual(report["stripped"]["files"], 3)
        self.assertGreaterEqual(report["stripped"]["bytes"], saved)
        self.assertRegex(text, r"stripped: \d+ files, smaller by ")

    def test_it_tells_where_there_was_nothing_to_strip(self):
        bare = compile_c(self.folder, "bare", "int main(void) { return 7; }", "-s", "-static")
        source = docker_archive(self.folder / "bare.tar", [Layer().copy("bare", bare).bytes()],
                                Entrypoint=["/bare"])
        report = self.folder / "report.json"
        result = self.assert_fine(slimimg("rebuild", source, "-o", self.folder / "slim.tar",
                                          "--strip", "--report", report))
        self.assertEqual(json.loads(report.read_text())["stripped"], {"files": 0, "bytes": 0})
        self.assertIn("stripped: nothing", result.text)

    def test_headers_and_build_ids_stay_and_tools_read_the_files(self):
        (members, tar), _, _ = self.rebuilt("--strip")

        def notes(file):
            done = subprocess.run(["readelf", "-n", file], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=True, text=True)
            self.assertEqual(done.stderr, "")
            return [line for line in done.stdout.splitlines() if "Build ID" in line]

        for name, file in self.files.items():
            mine = self.folder / "mine"
            mine.write_bytes(tar.extractfile(members[name]).read())
            self.assertEqual(notes(mine), notes(file), name)
            sections = subprocess.run(["readelf", "-WS", mine], stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, check=True, text=True)
            self.assertEqual(sections.stderr, "")
            self.assertNotIn(".debug_info", sections.stdout)
            self.assertNotIn(".symtab", sections.stdout)
            self.assertEqual(members[name].mode, 0o755)

    def test_stripped_programs_run(self):
        command = chroot_command()
        if command is None:
            self.skipTest("no way to change the root folder here")
        (_, tar), _, _ = self.rebuilt("--strip")
        root = self.folder / "root"
        tar.extractall(root)
        env = {**os.environ, "LD_ORIGIN_PATH": "/app/bin"}
        done = subprocess.run([*command, root, "/app/bin/hello", "you"], stdout=subprocess.PIPE,
                              env=env, check=False)
        self.assertEqual((done.returncode, done.stdout), (0, b"hello, you\n"))
        self.assertEqual(subprocess.run([*command, root, "/app/bin/static"], check=False).returncode, 7)

    def test_any_number_of_threads_gives_the_same_bytes(self):
        self.rebuilt("--strip", "--compress", "gzip")
        first = (self.folder / "slim.tar").read_bytes()
        self.rebuilt("--strip", "--compress", "gzip", "--threads", "1")
        self.assertEqual(first, (self.folder / "slim.tar").read_bytes())


if __name__ == "__main__":
    main()
