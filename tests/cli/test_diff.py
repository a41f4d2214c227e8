#!/usr/bin/env python3
"""slimimg diff: how an image differs from an earlier one, and the gate on growth."""
from support import ImageTest, Layer, docker_archive, main, slimimg


class Diff(ImageTest):
    def later(self, size=200_000, name="app:1.1", **container):
        """The fixture's image with one file more, and another setting of an entry."""
        layer = Layer().file("srv/data", "x" * size).file("etc/os-release", "ID=other\n")
        return self.fixture.docker(
            self.folder / "later.tar", [*self.fixture.layers, layer.bytes()], name=name, **container
        )

    def diff(self, *args):
        return slimimg("diff", *args, "--format", "json")

    def test_an_image_is_the_same_as_itself_in_any_form(self):
        oci = self.fixture.oci(self.folder / "app.oci.tar")
        found = self.assert_fine(self.diff(self.image(), oci)).json
        self.assertTrue(found["same"])
        self.assertEqual((found["entries"], found["packages"], found["growth_bytes"]), ([], [], 0))

    def test_files_config_and_sizes_are_told(self):
        found = self.assert_fine(self.diff(self.image(), self.later(User="0"))).json
        self.assertFalse(found["same"])
        changes = {e["path"]: e["change"] for e in found["entries"] if e["type"] == "file"}
        self.assertEqual(changes, {"/srv/data": "added", "/etc/os-release": "changed"})
        self.assertEqual(found["config"], [{"key": "user", "before": "1000", "after": "0"}])
        self.assertEqual(found["growth_bytes"], 200_000 + len("ID=other\n"))
        self.assertEqual((found["shared_layers"], len(found["layers"])), (2, 1))

    def test_what_the_program_no_longer_finds_is_told(self):
        broken = self.fixture.without_library(self.folder / "broken.tar")
        found = self.assert_fine(self.diff(self.image(), broken)).json
        self.assertEqual([m["name"] for m in found["now_missing"]], ["libgreet.so.1"])
        back = self.assert_fine(self.diff(broken, self.image())).json
        self.assertEqual([m["name"] for m in back["no_longer_missing"]], ["libgreet.so.1"])

    def test_a_library_from_another_file_is_told(self):
        moved = Layer().folder("app/lib").file("app/lib/.wh.libgreet.so.1")
        moved.copy("app/lib/libgreet.so.1", self.fixture.folder / "libgreet.so.1.0")
        image = self.fixture.docker(
            self.folder / "moved.tar", [*self.fixture.layers, moved.bytes()]
        )
        (library,) = self.assert_fine(self.diff(self.image(), image)).json["libraries"]
        self.assertEqual(library["before"], "/app/lib/libgreet.so.1.0")
        self.assertEqual(library["after"], "/app/lib/libgreet.so.1")
        self.assertEqual(library["programs"], ["/app/bin/hello"])

    def test_text_and_markdown_name_what_grew(self):
        text = self.assert_fine(slimimg("diff", self.image(), self.later())).text
        self.assertIn("+ /srv/data", text)
        self.assertIn("+200.0 kB", text)
        page = slimimg("diff", self.image(), self.later(), "--format", "markdown")
        self.assertIn("| added | `/srv/data` | +200.0 kB |", self.assert_fine(page).text)

    def test_reports_go_to_files(self):
        page = self.folder / "diff.md"
        self.assert_fine(slimimg("diff", self.image(), self.later(), "-q", "--report", page))
        self.assertIn("## `app:1.0` → `app:1.1`", page.read_text())

    def test_one_of_them_may_be_standard_input(self):
        later = self.later()
        result = slimimg(
            "diff", self.image(), "-", "--format", "json", stdin=later.read_bytes()
        )
        self.assertFalse(self.assert_fine(result).json["same"])
        self.assert_one_line(slimimg("diff", "-", "-", stdin=later.read_bytes()), 2)

    def test_two_images_of_one_archive(self):
        import json
        import tarfile

        first, second = self.image(), self.later()
        both = self.folder / "both.tar"
        with tarfile.open(both, "w") as out:
            manifests = []
            names = set()
            for archive in (first, second):
                with tarfile.open(archive) as tar:
                    for member in tar.getmembers():
                        content = tar.extractfile(member)
                        if member.name == "manifest.json":
                            manifests += json.load(content)
                        elif member.name not in names:
                            names.add(member.name)
                            out.addfile(member, content)
            manifest = self.folder / "manifest.json"
            manifest.write_text(json.dumps(manifests))
            out.add(manifest, "manifest.json")
        tags = ("--tag", "app:1.0", "--after-tag", "app:1.1")
        found = self.assert_fine(self.diff(both, both, *tags)).json
        self.assertEqual(found["after"]["name"], "app:1.1")
        self.assertFalse(found["same"])


class Gate(ImageTest):
    later = Diff.later

    def gate(self, limit):
        return slimimg("diff", self.image(), self.later(), "--max-growth", limit)

    def test_growth_within_the_limit_passes(self):
        for limit in ("201kB", "0.2001MB", "196KiB", "1GB", "1000%", "200009", "200009B"):
            self.assert_fine(self.gate(limit))

    def test_growth_past_the_limit_fails_after_the_report(self):
        for limit in ("199kB", "0.2MB", "195KiB", "0%", "1%", "0", "200008"):
            result = self.assert_one_line(self.gate(limit), 1)
            self.assertIn("/srv/data", result.text)
            self.assertIn("200.0 kB larger", result.err)

    def test_an_image_that_shrank_passes(self):
        self.assert_fine(slimimg("diff", self.later(), self.image(), "--max-growth", "0"))

    def test_growth_from_nothing_exceeds_any_percentage(self):
        empty = docker_archive(self.folder / "empty.tar", [Layer().folder("app").bytes()])
        result = slimimg("diff", empty, self.later(), "--max-growth", "1000%")
        self.assert_one_line(result, 1)

    def test_wrong_limits(self):
        for limit in ("much", "5 %", "-1%", "1TB", "MB", "nan", "inf", "1e3"):
            self.assert_one_line(self.gate(limit), 2)


if __name__ == "__main__":
    main()
