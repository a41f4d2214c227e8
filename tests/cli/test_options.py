#!/usr/bin/env python3
"""The command line itself: help, versions, wrong usage, terminals."""
import os
import pathlib
import pty
import re
import subprocess

from support import SLIMIMG, ImageTest, main, slimimg

COMMANDS = ("analyze", "rebuild", "check", "why", "diff")
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "man"


class Help(ImageTest):
    def test_every_command_has_help_that_fits_a_terminal(self):
        for command in ((), *((c,) for c in COMMANDS)):
            text = self.assert_fine(slimimg(*command, "--help")).text
            self.assertIn("Usage: slimimg", text)
            self.assertIn("Examples:", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80, command)

    def test_the_manual_page_of_every_command_has_its_options_and_no_others(self):
        for command in COMMANDS:
            offered = re.findall(r"(?<![\w-])--[a-z-]+", slimimg(command, "--help").text)
            page = (MANUAL / f"slimimg-{command}.1").read_text().replace("\\-", "-")
            declared = re.findall(r"^\.TP\n\.\w+ .*?(--[a-z-]+)", page, re.MULTILINE)
            examples = page[page.index(".SH EXAMPLES") :]
            self.assertEqual(set(offered), set(declared), command)
            self.assertLessEqual(set(re.findall(r"--[a-z-]+", examples)), set(declared))

    def test_the_version_is_told(self):
        text = self.assert_fine(slimimg("--version")).text
        self.assertRegex(text, r"\Aslimimg \d+\.\d+\.\d+\n")
        libraries = {}
        for line in text.splitlines()[1:]:
            self.assertRegex(line, r"\A[\w+-]+ \d+\.\d+(\.\d+)*( \(built with [\d.]+\))?\Z")
            libraries[line.split()[0]] = line.split()[1]
        self.assertEqual(
            set(libraries),
            {"libarchive", "ISA-L", "libdeflate", "libzstd", "liblzma", "OpenSSL", "LIEF",
             "nlohmann_json", "toml++", "CLI11"},
        )
        for name, module in (("libarchive", "libarchive"), ("libzstd", "libzstd"),
                             ("liblzma", "liblzma"), ("OpenSSL", "libcrypto"),
                             ("ISA-L", "libisal"), ("libdeflate", "libdeflate")):
            known = subprocess.run(["pkg-config", "--modversion", module],
                                   stdout=subprocess.PIPE, check=True)
            self.assertEqual(libraries[name], known.stdout.decode().strip())


class Machine(ImageTest):
    def test_the_machines_configuration_of_openssl_has_no_say(self):
        # Only the provider without digests: OpenSSL's own default context can't hash then.
        configuration = self.folder / "openssl.cnf"
        configuration.write_text(
            "openssl_conf = init\n[init]\nproviders = providers\n[providers]\nbase = base\n"
            "[base]\nactivate = 1\n"
        )
        image = self.image()
        plain = self.assert_fine(slimimg("analyze", image, "--format", "json"))
        given = slimimg("analyze", image, "--format", "json",
                        env={"OPENSSL_CONF": str(configuration)})
        self.assertEqual(self.assert_fine(given).out, plain.out)


class Usage(ImageTest):
    def assert_wrong(self, *args, **options):
        self.assertEqual(self.assert_one_line(slimimg(*args, **options), 2).out, b"")

    def test_no_command_or_an_unknown_one(self):
        self.assert_wrong()
        self.assert_wrong("shrink")

    def test_what_is_missing(self):
        for args in (("analyze",), ("rebuild", "x.tar"), ("why", "x.tar"), ("diff", "x.tar")):
            self.assert_wrong(*args)

    def test_a_slip_is_told_with_what_was_meant(self):
        for args, wanted in (
            (("analyse", "app.tar"), "no command analyse; did you mean analyze?"),
            (("analyze", "app.tar", "--fomat", "json"), "no option --fomat; did you mean --format?"),
            (("rebuild", "x", "--outptu=y"), "no option --outptu; did you mean --output?"),
            (("--verison",), "no option --verison; did you mean --version?"),
            (("analyze", "a.tar", "b.tar"), "one argument too many: b.tar; see slimimg analyze"),
            (("frobnicate",), "no command frobnicate; see slimimg --help"),
        ):
            self.assertIn(wanted, self.assert_one_line(slimimg(*args), 2).err)

    def test_unknown_options_and_values(self):
        image = self.image()
        for option in (
            ["--nonsense"],
            ["--keep", "most"],
            ["--threads", "0"],
            ["--threads", "many"],
            ["--threads", "-1"],
            ["--format", "pdf"],
            ["--report", "file-without-ending"],
            ["--color", "blue"],
            ["--platform", "linux"],
            ["--entrypoint", "'open quote"],
            ["--entrypoint", "  "],
        ):
            self.assert_wrong("analyze", image, *option)

    def test_unknown_values_of_rebuild(self):
        for option in (
            ["--compress", "lz4"],
            ["--compress", "gzip:13"],
            ["--compress", "zstd:"],
            ["--compress", "none:1"],
            ["--output-format", "zip"],
        ):
            self.assert_wrong("rebuild", self.image(), "-o", self.folder / "out", *option)
        self.assertFalse((self.folder / "out").exists())

    def test_a_layout_directory_cannot_be_piped(self):
        self.assert_wrong("rebuild", self.image(), "-o", "-", "--output-format", "oci-dir")

    def test_a_wrong_value_in_the_environment(self):
        self.assert_wrong("analyze", self.image(), env={"SLIMIMG_KEEP": "most"})

    def test_a_wrong_option_is_told_before_the_image_is_read(self):
        self.assert_wrong("analyze", self.folder / "nothing.tar", "--format", "pdf")

    def test_a_tag_and_a_platform_that_the_image_lacks(self):
        self.assert_wrong("analyze", self.image(), "--tag", "other:2.0")
        self.assert_wrong("analyze", self.image(), "--platform", "linux/s390x")


class Terminal(ImageTest):
    def run_on_terminal(self, *args, **streams):
        """Runs with one stream on a terminal; returns the exit code and standard error."""
        master, slave = pty.openpty()
        try:
            channels = {name: slave for name in streams}
            done = subprocess.run(
                [SLIMIMG, *map(str, args)],
                stderr=subprocess.PIPE,
                timeout=60,
                check=False,
                **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, **channels},
            )
            return done.returncode, done.stderr.decode()
        finally:
            os.close(slave)
            os.close(master)

    def test_no_image_is_read_from_a_terminal(self):
        code, error = self.run_on_terminal("analyze", "-", stdin=True)
        self.assertEqual(code, 2)
        self.assertRegex(error, r"\Aslimimg: [^\n]*terminal[^\n]*\n\Z")

    def test_no_image_is_written_to_a_terminal(self):
        code, error = self.run_on_terminal("rebuild", self.image(), "-o", "-", stdout=True)
        self.assertEqual(code, 2)
        self.assertRegex(error, r"\Aslimimg: [^\n]*terminal[^\n]*\n\Z")


if __name__ == "__main__":
    main()
