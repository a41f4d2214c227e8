#!/usr/bin/env python3
"""docs/schema/report.schema.json: real reports are valid, and say nothing that it does not tell."""
import copy
import json
import pathlib
import re
import unittest

from support import ImageTest, Layer, main, slimimg

try:
    import jsonschema
except ImportError:
    jsonschema = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/schema/report.schema.json").read_text())


def objects(part):
    """Every schema of an object with its fields, however deep."""
    if isinstance(part, dict):
        if isinstance(part.get("properties"), dict) and "required" in part and "type" in part:
            yield part
        for inner in part.values():
            yield from objects(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from objects(inner)


def without_unknown_fields(schema):
    """The schema as published lets fields be added; ours may not be added without being told."""
    strict = copy.deepcopy(schema)
    for part in objects(strict["$defs"]):
        part["additionalProperties"] = False
    return strict


@unittest.skipUnless(jsonschema, "no jsonschema here; apt-get install python3-jsonschema")
class Schema(ImageTest):
    def setUp(self):
        super().setUp()
        self.strict = jsonschema.Draft202012Validator(without_unknown_fields(SCHEMA))

    def errors(self, report):
        return [f"{list(error.path)}: {error.message}" for error in self.strict.iter_errors(report)]

    def report(self, *args, code=0):
        result = slimimg(*args, "--format", "json")
        self.assertEqual(result.code, code, result.err)
        return result.json

    def assert_valid(self, *args, code=0):
        report = self.report(*args, code=code)
        self.assertEqual(self.errors(report), [], args)
        self.assertEqual(report["command"], args[0])
        return report

    def broken(self):
        return self.fixture.without_library(self.folder / "broken.tar")

    def rich(self):
        """An image with every type of entry, a package and a replaced file."""
        top = Layer().hardlink("usr/bin/loads", "usr/bin/idle")
        top.file("etc/os-release", "ID=other\n").file("usr/bin/\x1bodd\udcff", "x")
        top.link("usr/bin/nowhere", "gone")
        for name, kind in (("console", b"3"), ("disk", b"4"), ("pipe", b"6")):
            top._add("dev/" + name, kind, 0o600)
        top.file(
            "var/lib/dpkg/status",
            "Package: loads\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
            "Maintainer: x\nDescription: x\n",
        )
        top.file("var/lib/dpkg/info/loads.list", "/.\n/usr\n/usr/bin\n/usr/bin/loads\n")
        return self.fixture.docker(
            self.folder / "rich.tar",
            [*self.fixture.layers, top.bytes()],
            Entrypoint=["/usr/bin/loads"],
            Env=["A=b"],
        )

    def test_it_is_a_schema(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def test_every_field_is_required_or_told_to_be_left_out_and_has_words(self):
        for part in objects(SCHEMA["$defs"]):
            self.assertTrue(part.get("description"), part)
            for name, field in part["properties"].items():
                described = "description" in field or "$ref" in field or "const" in field
                self.assertTrue(described, name)

    def test_analyze(self):
        for image in (self.image(), self.rich()):
            report = self.assert_valid("analyze", image)
            self.assertIsNone(report["proof"])
        types = {entry["type"] for entry in report["kept"] + report["removed"]}
        self.assertLessEqual({"char_device", "block_device", "fifo", "hardlink"}, types)
        silent = self.fixture.docker(self.folder / "silent.tar", Entrypoint=None)
        report = self.assert_valid("analyze", silent)
        self.assertEqual(report["diagnostics"][0]["code"], "no-entrypoint")
        report = self.assert_valid("analyze", self.broken(), code=4)
        self.assertEqual(report["unresolved"][0]["name"], "libgreet.so.1")
        self.assert_valid("analyze", self.fixture.oci(self.folder / "app.oci.tar"))

    def test_analyze_of_hints_and_requests(self):
        report = self.assert_valid(
            "analyze", self.rich(), "--keep", "strict", "--entrypoint", "/app/bin/hello you"
        )
        self.assertTrue(report["program"]["by_request"])
        self.assertTrue(any("hints" in entry for entry in report["removed"]))

    def test_rebuild(self):
        report = self.assert_valid("rebuild", self.image(), "-o", self.folder / "slim.tar")
        self.assertGreaterEqual(report["proof"]["programs"], 1)
        options = ("--base", "cc", "--strip", "--layers", "split", "--nonroot")
        out = self.folder / "other.tar"
        self.assert_valid("rebuild", self.rich(), "-o", out, *options)
        self.assert_valid(
            "rebuild", self.image(), "-o", self.folder / "on.tar", "--base", out
        )

    def test_check(self):
        none = self.folder / "none.tar"
        none.write_bytes(b"text")
        self.assert_valid("check", self.image())
        report = self.assert_valid("check", self.image(), self.broken(), self.rich(), none, code=3)
        self.assertEqual([image["passed"] for image in report["images"]][1::2], [False, False])

    def test_diff(self):
        self.assert_valid("diff", self.image(), self.image())
        report = self.assert_valid("diff", self.image(), self.rich())
        self.assertTrue(report["packages"] and report["config"] and report["entries"])
        report = self.assert_valid("diff", self.image(), self.broken())
        self.assertTrue(report["now_missing"])

    def test_why(self):
        image = self.image()
        for path in ("/app/bin/hello", "/app/lib/libgreet.so.1", "/usr/bin/idle"):
            self.assert_valid("why", image, path)
        self.assertIn("below", self.assert_valid("why", image, "/usr/share"))

    def test_golden_reports(self):
        for name in ("analyze", "diff"):
            report = json.loads((ROOT / f"testdata/golden/{name}.json").read_text())
            self.assertEqual(self.errors(report), [], name)

    def test_it_notices_what_is_wrong(self):
        good = self.report("analyze", self.image())
        for spoil in (
            lambda report: report.pop("kept"),
            lambda report: report.update(schema_version="2"),
            lambda report: report.update(command="guess"),
            lambda report: report.update(more=1),
            lambda report: report["kept"][0].update(reasons=[]),
            lambda report: report["kept"][0].update(bytes=-1),
            lambda report: report["image"].update(digest="sha256:0"),
            lambda report: report["image"]["layers"][0].update(compression="lz4"),
            lambda report: report.update(proof={"programs": 1, "libraries": 1, "symbols": 1}),
        ):
            bad = copy.deepcopy(good)
            spoil(bad)
            self.assertTrue(self.errors(bad))

    def test_a_reader_of_today_takes_reports_with_more_fields(self):
        report = self.report("analyze", self.image())
        report["later"] = report["image"]["later"] = 1
        jsonschema.Draft202012Validator(SCHEMA).validate(report)


class Document(unittest.TestCase):
    def test_it_names_every_field_at_the_top(self):
        text = (ROOT / "docs/json.md").read_text()
        for name in ("report", "check", "difference", "explanation"):
            for field in SCHEMA["$defs"][name]["properties"]:
                self.assertRegex(text, rf"`{re.escape(field)}`", f"{field} of {name}")


if __name__ == "__main__":
    main()
