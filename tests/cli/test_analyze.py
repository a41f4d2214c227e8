#!/usr/bin/env python3
"""slimimg analyze, from images to reports."""
import gzip
import json
import lzma
import os
import re

from support import ImageTest, main, paths, slimimg


class Analyze(ImageTest):
    def report(self, *args, **options):
        return self.assert_fine(slimimg("analyze", *args, "--format", "json", **options)).json

    def test_what_the_program_needs_is_kept(self):
        kept = paths(self.report(self.image())["kept"])
        needed = {"/app/bin/hello", "/app/lib/libgreet.so.1", "/app/lib/libgreet.so.1.0", "/lib64"}
        self.assertLessEqual(needed, kept)
        for asked in self.fixture.system_files:
            self.assertIn("/usr" + asked if asked.startswith("/lib") else asked, kept)

    def test_what_nothing_needs_is_removed(self):
        report = self.report(self.image())
        gone = {"/usr/bin/idle", "/usr/share/doc/idle/copyright", "/usr/share/doc/idle/license"}
        self.assertLessEqual(gone, paths(report["removed"]))
        self.assertFalse(gone & paths(report["kept"]))

    def test_what_a_layer_deleted_is_in_neither_list(self):
        report = self.report(self.image())
        self.assertNotIn("/etc/deleted", paths(report["kept"]) | paths(report["removed"]))

    def test_sums_are_those_of_the_lists(self):
        report = self.report(self.image())
        reduction = report["reduction"]
        kept = sum(entry["bytes"] for entry in report["kept"])
        source = sum(entry["source_bytes"] for entry in report["kept"])
        removed = sum(entry["bytes"] for entry in report["removed"])
        self.assertEqual(kept, reduction["after_bytes"])
        self.assertEqual(source + removed, reduction["before_bytes"])
        percent = 100 * (reduction["before_bytes"] - kept) / reduction["before_bytes"]
        self.assertAlmostEqual(reduction["percent"], percent, places=1)

    def test_the_image_is_described(self):
        image = self.report(self.image())["image"]
        self.assertEqual(image["name"], "app:1.0")
        self.assertEqual(image["format"], "docker")
        self.assertTrue(image["platform"].startswith("linux/"))
        self.assertEqual([layer["index"] for layer in image["layers"]], [0, 1])
        self.assertEqual(image["layers"][1]["created_by"], "COPY layer1 /")

    def test_the_program_is_described(self):
        program = self.report(self.image())["program"]
        self.assertEqual(program["argv"], ["/app/bin/hello"])
        self.assertEqual((program["user"], program["workdir"]), ("1000", "/app"))

    def test_every_kept_path_has_a_reason(self):
        for entry in self.report(self.image())["kept"]:
            self.assertTrue(entry["reasons"], entry["path"])
            for reason in entry["reasons"]:
                self.assertEqual({"rule", "from", "confidence", "detail"}, set(reason))

    def test_archives_of_all_forms_hold_the_same(self):
        plain = self.image()
        oci = self.fixture.oci(self.folder / "app.oci.tar")
        packed = self.folder / "app.tar.gz"
        packed.write_bytes(gzip.compress(plain.read_bytes()))
        squeezed = self.folder / "app.tar.xz"
        squeezed.write_bytes(lzma.compress(plain.read_bytes()))
        wanted = self.report(plain)
        for other in (oci, packed, squeezed):
            report = self.report(other)
            for key in ("kept", "removed", "reduction"):
                self.assertEqual(report[key], wanted[key], f"{key} of {other}")

    def test_standard_input_is_read(self):
        image = self.image()
        piped, named = self.report("-", stdin=image.read_bytes()), self.report(image)
        self.assertEqual(piped["kept"], named["kept"])
        self.assertEqual(piped["image"]["archive_bytes"], named["image"]["archive_bytes"])

    def test_results_do_not_depend_on_threads_or_surroundings(self):
        image = self.image()
        one = slimimg("analyze", image, "--format", "json", "--threads", "1")
        four = slimimg("analyze", image, "--format", "json", "--threads", "4")
        strange = slimimg(
            "analyze", image, "--format", "json", env={"LC_ALL": "C", "TZ": "Pacific/Apia"}
        )
        self.assertEqual(self.assert_fine(one).out, self.assert_fine(four).out)
        self.assertEqual(one.out, self.assert_fine(strange).out)

    def test_a_missing_library_is_reported_and_exits_4(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        result = self.assert_one_line(slimimg("analyze", image, "--format", "json"), 4)
        missing = [u for u in result.json["unresolved"] if u["name"] == "libgreet.so.1"]
        self.assertEqual(missing[0]["needed_by"], "/app/bin/hello")
        self.assertEqual(missing[0]["kind"], "library")

    def test_a_missing_library_may_be_allowed(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        result = slimimg("analyze", image, "--format", "json", "--allow-missing", "libgreet.so.1")
        self.assert_fine(result)
        self.assertTrue(result.json["unresolved"][0]["allowed"])

    def test_another_entrypoint_is_another_program(self):
        report = self.report(self.image(), "--entrypoint", "'/usr/bin/idle' --flag 'a b'")
        self.assertEqual(report["program"]["argv"], ["/usr/bin/idle", "--flag", "a b"])
        self.assertIn("/usr/bin/idle", paths(report["kept"]))

    def test_what_is_included_is_kept_for_that_reason(self):
        wanted = "/usr/share/doc/idle/copyright"
        report = self.report(self.image(), "--include", "/usr/share/doc/**")
        entry = next(e for e in report["kept"] if e["path"] == wanted)
        self.assertEqual(entry["reasons"][0]["rule"], "request")

    def test_strict_keeps_no_more_than_auto(self):
        image = self.image()
        strict = paths(self.report(image, "--keep", "strict")["kept"])
        auto = paths(self.report(image, "--keep", "auto")["kept"])
        self.assertLessEqual(strict, auto)


class Delivery(ImageTest):
    def test_the_text_report_has_what_a_reader_wants(self):
        text = self.assert_fine(slimimg("analyze", self.image())).text
        for wanted in ("app:1.0", "/app/bin/hello", "Attack surface", "unpacked", "libraries"):
            self.assertIn(wanted, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_colour_is_for_terminals_and_those_who_ask(self):
        image = self.image()
        self.assertNotIn("\x1b", slimimg("analyze", image).text)
        self.assertIn("\x1b[", slimimg("analyze", image, "--color", "always").text)

    def test_reports_go_to_files_by_ending_and_by_name(self):
        json_file, text_file = self.folder / "a.json", self.folder / "a.report"
        result = slimimg(
            "analyze", self.image(), "-q", "--report", json_file, "--report", f"text={text_file}"
        )
        self.assertEqual(self.assert_fine(result).out, b"")
        self.assertEqual(json.loads(json_file.read_text())["schema_version"], "1")
        self.assertIn("Attack surface", text_file.read_text())

    def test_quiet_prints_what_is_asked_for(self):
        image = self.image()
        self.assertEqual(self.assert_fine(slimimg("analyze", image, "-q")).out, b"")
        asked = slimimg("analyze", image, "-q", "--format", "json")
        self.assertEqual(asked.json["command"], "analyze")

    def test_options_come_from_the_environment_too(self):
        result = slimimg("analyze", self.image(), env={"SLIMIMG_FORMAT": "json"})
        self.assertEqual(self.assert_fine(result).json["command"], "analyze")

    def test_progress_is_told_on_standard_error_where_asked(self):
        result = slimimg("analyze", self.image(), "--progress", "plain", "--format", "json")
        self.assertEqual(result.code, 0)
        self.assertTrue(result.err)
        for line in result.err.splitlines():
            self.assertRegex(line, r"^slimimg: \w+")
        self.assertTrue(result.json)

    def test_timings_are_told_on_standard_error_as_text_or_json(self):
        plain = self.assert_fine(slimimg("analyze", self.image(), "--format", "json"))
        told = slimimg("analyze", self.image(), "--format", "json", "--timings=json")
        self.assertEqual((told.code, told.json), (0, plain.json))
        timings = json.loads(told.err)
        steps = {step["name"]: step for step in timings["steps"]}
        self.assertLessEqual({"hash", "merge", "closure"}, set(steps))
        self.assertEqual(steps["hash"]["times"], len(self.fixture.layers))
        self.assertEqual(steps["hash"]["bytes"], sum(map(len, self.fixture.layers)))
        self.assertGreater(timings["peak_bytes"], 0)
        text = slimimg("analyze", "-q", "--timings", self.image()).err
        self.assertEqual([line.split()[0] for line in text.splitlines()][:1], ["step"])
        self.assertRegex(text, r"(?m)^closure +1 ")

    def test_a_full_disk_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full here")
        result = slimimg("analyze", self.image(), "--report", "json=/dev/full/x")
        self.assert_one_line(result, 5)

    def test_names_that_could_command_a_terminal_are_shown(self):
        from support import Layer

        layer = Layer().file("app/\x1b]0;title\x07", "x").bytes()
        image = self.fixture.docker(self.folder / "odd.tar", [*self.fixture.layers, layer])
        for form in ("text", "json"):
            text = slimimg("analyze", image, "--format", form, "-v").text
            self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text))


if __name__ == "__main__":
    main()
