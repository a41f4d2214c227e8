#!/usr/bin/env python3
"""The command line itself: help, versions, wrong usage, terminals."""
import fcntl
import os
import pathlib
import pty
import re
import struct
import subprocess
import termios
import threading

from support import SLIMIMG, ImageTest, main, slimimg

COMMANDS = ("analyze", "rebuild", "check", "why", "diff", "help")
MANUAL = pathlib.Path(__file__).resolve().parents[2] / "man"


class Help(ImageTest):
    def test_every_command_has_help_that_fits_a_terminal(self):
        for command in ((), *((c,) for c in COMMANDS)):
            text = self.assert_fine(slimimg(*command, "--help")).text
            self.assertIn("Usage: slimimg", text)
            self.assertIn("Examples:", text)
            self.assertLessEqual(max(map(len, text.splitlines())), 80, command)

    def test_help_tells_of_a_command_what_the_command_itself_tells(self):
        for command in COMMANDS:
            told = self.assert_fine(slimimg("help", command)).text
            self.assertEqual(told, slimimg(command, "--help").text)
        self.assertEqual(slimimg("help").text, slimimg("--help").text)
        self.assertEqual(slimimg("-h").text, slimimg("--help").text)
        for command in COMMANDS:
            self.assertRegex(slimimg("help").text, rf"(?m)^  {command} +[A-Z]")

    def test_help_without_a_command_is_no_success(self):
        bare = slimimg()
        self.assertEqual((bare.code, bare.out), (2, b""))
        self.assertEqual(bare.err, slimimg("help").text)

    def test_help_speaks_of_options_as_they_are_written(self):
        for command in COMMANDS:
            text = slimimg("help", command).text
            self.assertNotRegex(text, r"[{}]|Positionals|Subcommand|,--")
        self.assertIn("Usage: slimimg rebuild [OPTIONS] IMAGE -o OUT\n", slimimg("help", "rebuild").text)
        self.assertIn("  --timings[=text|json]   Tell", slimimg("help", "analyze").text)
        self.assertIn("  -q, --quiet  ", slimimg("help", "analyze").text)

    def test_the_overview_and_the_pages_name_each_other(self):
        overview = (MANUAL / "slimimg.1").read_text().replace("\\-", "-")
        for command in COMMANDS:
            page = (MANUAL / f"slimimg-{command}.1").read_text().replace("\\-", "-")
            named = rf"^\.BR slimimg-{command} \(1\)"
            self.assertEqual(len(re.findall(named, overview, re.MULTILINE)), 2, command)
            self.assertRegex(page, r"(?m)^\.BR slimimg \(1\)")
            # The first sentence of the page is what the help says of the command.
            brief = re.search(rf"^  {command} +(.*)", slimimg("help").text, re.MULTILINE)[1]
            self.assertIn(f"slimimg-{command} - {brief[0].lower()}{brief[1:]}\n", page)

    def test_the_overview_has_the_options_of_the_program(self):
        overview = (MANUAL / "slimimg.1").read_text().replace("\\-", "-")
        options = overview[overview.index(".SH OPTIONS") : overview.index(".SH OUTPUT")]
        declared = re.findall(r"^\.TP\n\.\w+ .*?(--[a-z-]+)", options, re.MULTILINE)
        listed = slimimg("help").text.partition("\nOptions:\n")[2].partition("\n\n")[0]
        offered = re.findall(r"^  -.*?(--[a-z-]+)", listed, re.MULTILINE)
        self.assertEqual(offered, declared)

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

    def test_an_unknown_command(self):
        self.assert_wrong("shrink")
        self.assert_wrong("help", "shrink")

    def assert_told(self, args, wanted, **options):
        error = self.assert_one_line(slimimg(*args, **options), 2).err
        self.assertIn(wanted, error)
        # No word of the library that parses.
        self.assertNotRegex(error, r"required|TEXT|At Most|Could not|not in \{|[Ee]xpected")

    def test_what_is_missing(self):
        for args, wanted in (
            (("analyze",), "no IMAGE is given; write it as slimimg analyze IMAGE, or see slimimg"),
            (("rebuild", "x.tar"), "no -o OUT is given; write it as slimimg rebuild IMAGE -o OUT"),
            (("rebuild",), "no IMAGE and no -o OUT is given"),
            (("why", "x.tar"), "no PATH is given; write it as slimimg why IMAGE PATH"),
            (("diff", "x.tar"), "no AFTER is given"),
            (("check",), "no IMAGE is given; write it as slimimg check IMAGE"),
            (("analyze", "x.tar", "--format"), "--format has no value; write it as --format text|"),
            (("rebuild", "x.tar", "-o"), "--output has no value; write it as -o OUT"),
        ):
            self.assert_told(args, wanted)

    def test_what_is_too_much_or_in_the_wrong_place(self):
        for args, wanted in (
            (("analyze", "x", "--keep=auto", "--keep=strict"), "--keep is given more than once"),
            (("analyze", "x", "--quiet=maybe"), "--quiet cannot be maybe; it takes no value: --quiet, or SLIMIMG_QUIET=true"),
            (("--threads", "4", "analyze", "x"), "--threads stands before the command; options follow it: slimimg COMMAND --threads"),
            (("--fromat", "json"), "no option --fromat before the command; options follow it: slimimg COMMAND --format"),
            (("shrink", "analyze", "x"), "there is no command shrink"),
        ):
            self.assert_told(args, wanted)

    def test_an_argument_too_many_is_told_with_where_it_belongs(self):
        rebuild = ("rebuild", "x.tar")
        for args, wanted in (
            ((*rebuild, "k/o.tar"), "too many: k/o.tar; write the output as -o k/o.tar; see slimimg"),
            ((*rebuild, "-o", "y", "k/o.tar"), "too many: k/o.tar; see slimimg rebuild --help"),
            ((*rebuild, "-o", "y", "--debug-shell", "/bin/busybox"),
             "too many: /bin/busybox; write it as --debug-shell=/bin/busybox; see"),
            (("analyze", "x.tar", "--timings", "json"), "write it as --timings=json; see"),
            (("analyze", "x.tar", "y.tar", "--timings"), "too many: y.tar; see slimimg analyze"),
        ):
            self.assert_told(args, wanted)

    def test_an_empty_value_is_told(self):
        for args, name in (
            (("analyze", ""), "IMAGE"),
            (("check", ""), "IMAGE"),
            (("check", "x", ""), "IMAGE"),
            (("diff", "", "x"), "BEFORE"),
            (("diff", "x", ""), "AFTER"),
            (("why", "x", ""), "PATH"),
            (("why", "", "/x"), "IMAGE"),
            (("analyze", "x", "--include", ""), "--include"),
            (("analyze", "x", "--report", ""), "--report"),
            (("analyze", "x", "--limit", ""), "--limit"),
            (("rebuild", "x", "-o", "y", "-t", ""), "--output-tag"),
            (("rebuild", "x", "-o", ""), "--output"),
        ):
            self.assert_told(args, f"slimimg: {name} is empty; ")

    def test_a_style_of_a_base_that_is_misspelt(self):
        rebuild = ("rebuild", "x.tar", "-o", "y.tar", "--base")
        self.assert_told((*rebuild, "statik"),
                         "--base cannot be statik; did you mean static? it takes scratch, static, base, "
                         "cc or auto, or the file of an image, and there is no file of this name")
        self.assert_told((*rebuild[:-1],), "--base cannot be golden, as SLIMIMG_BASE says",
                         env={"SLIMIMG_BASE": "golden"})
        image = self.image()
        for name in ("./statik", "statik.tar"):
            missing = slimimg("rebuild", image, "-o", self.folder / "out", "--base", name)
            self.assertIn("there is no file " + name, self.assert_one_line(missing, 3).err)

    def test_a_format_of_another_command_is_told(self):
        for args, wanted in (
            (("analyze", "x", "--report", "x.sarif"),
             "--report cannot be x.sarif: this command has no sarif; slimimg check has it; this one has "
             "text, json, markdown or html"),
            (("why", "x", "/x", "--report", "w.html"),
             "this command has no html; slimimg analyze and rebuild have it, slimimg check has it; this"),
            (("analyze", "x", "--report", "sarif=y"), "this command has no sarif; slimimg check has it"),
            (("analyze", "x", "--format", "sarif"), "html; slimimg check has it"),
            (("analyze", "x", "--report", "y.pdf"), "put the format before it: --report text=y.pdf"),
            (("analyze", "x", "--report", "-"), "--report names a file, and - is none; --format prints"),
        ):
            self.assert_told(args, wanted)

    def test_an_output_in_a_folder_that_is_not_there(self):
        image = self.image()
        for args in (("rebuild", image, "-o", "none/x.tar"),
                     ("rebuild", image, "-o", "x.tar", "--report", "none/x.tar.json"),
                     ("analyze", image, "--report", "json=none/x.tar"),
                     ("analyze", image, "--sbom", "none/x.tar.spdx.json")):
            told = self.assert_one_line(slimimg(*args, cwd=self.folder), 5)
            self.assertIn("there is no folder none for none/x.tar", told.err)
        (self.folder / "link.tar").symlink_to("gone/x.tar")
        told = self.assert_one_line(slimimg("rebuild", image, "-o", "link.tar", cwd=self.folder), 5)
        self.assertIn(f"no folder {self.folder}/gone for link", told.err)

    def test_what_a_value_can_be(self):
        for args, wanted in (
            (("analyze", "x", "--keep", "most"), "--keep cannot be most; it takes strict, auto or packages"),
            (("analyze", "x", "--keep", "strickt"), "did you mean strict? it takes strict, auto"),
            (("analyze", "x", "--keep="), "--keep has no value"),
            (("rebuild", "x", "-o", "y", "--layers", "two"), "--layers cannot be two; it takes single or split"),
            (("analyze", "x", "--timings=xml"), "--timings cannot be xml; it takes text or json"),
            (("analyze", "x", "--format", "pdf"), "--format cannot be pdf; this command has text, json"),
            (("check", "x", "--today", "soon"), "--today cannot be soon; write it as 2027-01-31"),
        ):
            self.assert_told(args, wanted)
        self.assert_told(("analyze", "x"), "--color cannot be blue, as SLIMIMG_COLOR says",
                         env={"SLIMIMG_COLOR": "blue"})

    def test_a_slip_is_told_with_what_was_meant(self):
        for args, wanted in (
            (("analyse", "app.tar"), "no command analyse; did you mean analyze?"),
            (("analyze", "app.tar", "--fomat", "json"), "no option --fomat; did you mean --format?"),
            (("rebuild", "x", "--outptu=y"), "no option --outptu; did you mean --output?"),
            (("--verison",), "no option --verison; did you mean --version?"),
            (("analyze", "a.tar", "b.tar"), "one argument too many: b.tar; see slimimg analyze"),
            (("frobnicate",), "no command frobnicate; see slimimg --help"),
            (("analyze", "-z", "x"), "there is no option -z; see slimimg analyze --help"),
            (("analyze", "-q=maybe", "x"), "there is no option -=maybe; see"),
            (("-q",), "-q stands before the command; options follow it: slimimg COMMAND -q"),
            (("help", "reubild"), "no command reubild; did you mean rebuild?"),
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

    def test_names_that_no_engine_takes(self):
        out = self.folder / "out.tar"
        for name in ("", ":", "a:b:c", "UPPER", "a b", "a:bad tag", "app@sha256:abc", "a//b", "a/",
                     "app:-x", "-app", "a" * 400):
            self.assert_wrong("rebuild", self.image(), "-o", out, "--output-tag=" + name)
        for name in ("app", "app:1.0_x-Y", "registry.example.com:5000/team/my__app-x.y:1",
                     "localhost/app", "a/b/c/d:latest"):
            self.assert_fine(slimimg("rebuild", self.image(), "-q", "-o", out, "-t", name))

    def test_no_output_takes_the_place_of_another_one(self):
        out, image = self.folder / "out.tar", self.image()
        link = self.folder / "link.tar"
        link.symlink_to("out.tar")
        for options in (
            ["--report", f"json={out}"],
            ["--sbom", f"spdx:{out}"],
            ["--report", f"json={link}"],
            ["--report", self.folder / "r.json", "--sbom", f"spdx:{self.folder}/r.json"],
            ["--sbom", f"spdx:{self.folder}/b", "--sbom", f"cyclonedx:{self.folder}/../{self.folder.name}/b"],
            ["--debug-shell", "--report", f"json={self.folder}/out-debug.tar"],
            ["--report", f"json={image}"],
            ["--base", image, "--sbom", f"spdx:{image}"],
            ["--report", "json=-"],
            ["--sbom", "spdx:-"],
        ):
            before = image.read_bytes()
            self.assert_wrong("rebuild", image, "-o", out, *options)
            self.assertFalse(out.exists())
            self.assertEqual(image.read_bytes(), before)
        for command in ("analyze", "check"):
            self.assert_wrong(command, image, "--report", f"json={image}")
        self.assert_fine(slimimg("rebuild", image, "-q", "-o", out, "--report", "json=/dev/null",
                                 "--sbom", "spdx:/dev/null"))

    def test_a_layout_directory_cannot_be_piped(self):
        self.assert_wrong("rebuild", self.image(), "-o", "-", "--output-format", "oci-dir")

    def test_a_wrong_value_in_the_environment(self):
        self.assert_wrong("analyze", self.image(), env={"SLIMIMG_KEEP": "most"})

    def test_errors_name_the_variable(self):
        image = self.image()
        for name, value, wanted in (
            ("THREADS", "many", "--threads cannot be many, as SLIMIMG_THREADS says"),
            ("FORMAT", "pdf", "--format cannot be pdf, as SLIMIMG_FORMAT says"),
            ("TAG", "other", "no image tagged other, as SLIMIMG_TAG says"),
            ("PLATFORM", "mars", "no platform: mars, as SLIMIMG_PLATFORM says"),
            ("LIMIT", "x=1", "--limit cannot be x=1, as SLIMIMG_LIMIT says"),
            ("TIMINGS", "xml", "--timings cannot be xml, as SLIMIMG_TIMINGS says"),
        ):
            self.assert_told(("analyze", image), wanted, env={"SLIMIMG_" + name: value})

    def test_an_option_that_may_be_bare_is_switched_like_a_flag(self):
        image = self.image()
        for value in ("true", "1", "on", "text"):
            told = slimimg("analyze", image, env={"SLIMIMG_TIMINGS": value}).err
            self.assertIn("peak memory", told)
        for value in ("false", "0", "off"):
            self.assert_fine(slimimg("analyze", image, env={"SLIMIMG_TIMINGS": value}))
            self.assert_fine(slimimg("rebuild", image, "-o", self.folder / "out.tar",
                                     env={"SLIMIMG_DEBUG_SHELL": value}))
        self.assertFalse((self.folder / "out-debug.tar").exists())

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


class NarrowTerminal(ImageTest):
    def written(self, *args, **streams):
        """What is written where the named streams are a terminal of 60 columns."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
        try:
            subprocess.run([SLIMIMG, *args], stdin=subprocess.DEVNULL, timeout=60, check=False,
                           **{name: slave for name in streams})
            return os.read(master, 65536).decode()
        finally:
            os.close(slave)
            os.close(master)

    def test_the_list_of_policies_is_parted_between_words(self):
        lines = self.written("check", "--list", stdout=True).split("\r\n")
        self.assertLessEqual(max(map(len, lines)), 60)
        # An entry's further lines are indented.
        whole = re.sub(r"\n +", " ", "\n".join(lines))
        self.assertEqual(whole, slimimg("check", "--list").text)

    def test_an_error_is_parted_between_words(self):
        written = self.written("rebuild", stderr=True)
        lines = written.split("\r\n")
        self.assertLessEqual(max(map(len, lines)), 60)
        self.assertEqual(" ".join(line.strip() for line in lines).strip() + "\n",
                         slimimg("rebuild").err)
        self.assertEqual(len(lines), 4)  # the last is empty


class Progress(ImageTest):
    def run_on(self, *args, width=80, env=None):
        """Runs with standard error on a terminal; returns what is written there and the report."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
        clean = {k: v for k, v in os.environ.items() if k not in ("CI", "NO_COLOR")}
        clean.update({"TERM": "xterm", **(env or {})})
        written = bytearray()

        def read():
            try:
                while data := os.read(master, 65536):
                    written.extend(data)
            except OSError:  # EIO: nobody has the terminal open any more
                pass

        reader = threading.Thread(target=read)
        reader.start()
        try:
            done = subprocess.run([SLIMIMG, *map(str, args)], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=slave, env=clean, timeout=60,
                                  check=False)
        finally:
            os.close(slave)
            reader.join()
            os.close(master)
        self.assertEqual(done.returncode, 0)
        return written.decode(), done.stdout

    def test_a_terminal_has_one_line_that_is_taken_away_again(self):
        for width in (80, 120, 20):
            # With more threads layers are read beside other steps, and those may not be seen.
            drawn, report = self.run_on("rebuild", self.image(), "-o", self.folder / "slim.tar",
                                        "--threads", "1", width=width)
            self.assertNotIn("\n", drawn)
            lines = drawn.split("\r\x1b[K")
            self.assertEqual((lines[0], lines[-1]), ("", ""))
            self.assertLess(max(map(len, lines)), width)
            self.assertIn(b"Attack surface", report)
            if width > 20:
                for step in ("reading layer 0 of ", "merging the layers", "following the evidence",
                             "writing the new layer", "proving the new image"):
                    self.assertTrue(any(line.startswith(step) for line in lines), (step, lines))
                self.assertTrue(any(line.endswith("/2 layers") for line in lines), lines)

    def test_a_terminal_that_takes_no_commands_has_lines(self):
        for env in ({"TERM": "dumb"}, {"TERM": ""}):
            drawn, _ = self.run_on("analyze", self.image(), env=env)
            self.assertNotIn("\x1b", drawn)
            self.assertIn("slimimg: closure\r\n", drawn)

    def test_quiet_and_none_tell_nothing_on_a_terminal(self):
        for option in (["-q"], ["--progress", "none"], ["-q", "--progress", "plain"]):
            self.assertEqual(self.run_on("analyze", self.image(), *option)[0], "")

    def test_ci_has_plain_lines_and_a_pipe_has_none(self):
        image = self.image()
        self.assertEqual(slimimg("analyze", image, env={"CI": ""}).err, "")
        self.assertEqual(slimimg("analyze", image, env={"CI": "false"}).err, "")
        told = slimimg("analyze", image, env={"CI": "true"}).err
        self.assertRegex(told, r"(?m)^slimimg: hash layer 0 of .* \([\d.]+ .?B\)$")
        self.assertNotIn("\x1b", told)
        self.assertEqual(slimimg("analyze", image, "-q", env={"CI": "true"}).err, "")


if __name__ == "__main__":
    main()
