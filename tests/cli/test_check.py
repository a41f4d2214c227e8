#!/usr/bin/env python3
"""slimimg check: policies over several images, waivers, limits, dive's rules, what --init writes."""
import base64
import io
import json
import random
import tarfile
import textwrap

from support import ImageTest, Layer, docker_archive, main, slimimg

# What a PKCS #8 key for RSA begins with, and then as random as one.
KEY_BYTES = bytes.fromhex("308204bd020100300d06092a864886f70d0101010500048204a7") + \
            random.Random(1).randbytes(1191)
KEY = ("-----BEGIN PRIVATE KEY-----\n" + "\n".join(
    textwrap.wrap(base64.b64encode(KEY_BYTES).decode(), 64)) + "\n-----END PRIVATE KEY-----\n")


class Check(ImageTest):
    def check(self, *args, **options):
        return slimimg("check", *args, cwd=self.folder, **options)

    def policies(self, *args):
        report = self.check(*args, "--format", "json").json
        return {finding["policy"] for image in report["images"] for finding in image["findings"]}

    def settings(self, text):
        (self.folder / ".slimimg.toml").write_text(text)

    def broken(self):
        return self.fixture.without_library(self.folder / "broken.tar")

    def test_an_image_that_works_passes_and_one_that_cannot_start_fails(self):
        self.assert_fine(self.check(self.image()))
        result = self.check(self.broken())
        self.assertEqual(result.code, 1, result.err)
        self.assertIn("error unresolved", result.text)

    def test_several_images_have_one_summary_and_the_worst_decides(self):
        result = self.check(self.image(), self.broken())
        self.assertEqual(result.code, 1, result.err)
        self.assertIn("1 of 2 images passed", result.text)

    def test_a_file_that_is_no_image_does_not_keep_the_others_from_being_checked(self):
        (self.folder / "none.tar").write_text("text")
        result = self.check("none.tar", self.image())
        self.assertEqual(result.code, 3)
        self.assertIn("1 of 2 images passed", result.text)

    def test_quiet_tells_a_failure_in_one_line(self):
        (self.folder / "none.tar").write_text("text")
        self.assertEqual(self.check(self.image(), "-q").err, "")
        result = self.assert_one_line(self.check(self.broken(), "-q"), 1)
        self.assertIn("broken.tar", result.err)
        self.assertIn("none.tar", self.assert_one_line(self.check("none.tar", "-q"), 3).err)
        both = self.assert_one_line(self.check("none.tar", self.image(), self.broken(), "-q"), 3)
        self.assertIn("broken.tar", both.err)
        self.assertIn("none.tar is no image archive", both.err)
        self.assertNotIn("app.tar", both.err)

    def test_images_that_are_left_out_are_told(self):
        with tarfile.open(self.image()) as tar:
            files = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
        images = json.loads(files["manifest.json"])
        files["manifest.json"] = json.dumps(
            [*images, {**images[0], "RepoTags": ["other:1"]}]).encode()
        with tarfile.open(self.folder / "several.tar", "w") as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        self.assertIn("the archive holds several images", self.check("several.tar").text)

    def test_a_level_a_waiver_and_its_end(self):
        self.settings('[check.levels]\nunresolved = "off"\n')
        self.assertEqual(self.check(self.broken()).code, 0)
        self.settings('[[check.waiver]]\npolicy = "unresolved"\nreason = "mounted when it runs"\n'
                      'until = "2026-06-30"\n')
        self.assertEqual(self.check(self.broken(), "--today", "2026-06-30").code, 0)
        self.assertEqual(self.check(self.broken(), "--today", "2026-07-01").code, 1)

    def test_fail_on(self):
        self.assertEqual(self.check(self.broken(), "--fail-on", "never").code, 0)
        as_root = docker_archive(self.folder / "root.tar", self.fixture.layers,
                                 Entrypoint=["/app/bin/hello"])
        self.assertEqual(self.check(as_root).code, 0)
        self.assertEqual(self.check(as_root, "--fail-on", "note").code, 1)

    def test_a_limit_on_the_size(self):
        self.settings('check.limits.size = "1 kB"\n')
        self.assertIn("size", self.policies(self.image()))
        self.settings('check.limits.size = "1 GB"\n')
        self.assertNotIn("size", self.policies(self.image()))

    def test_a_baseline_that_the_image_outgrew(self):
        self.settings("check.limits.growth = 5\n")
        self.check(self.image(), "--report", "before.json")
        self.assertNotIn("growth", self.policies(self.image(), "--baseline", "before.json"))
        more = Layer()
        more.file("app/more", b"x" * 1_000_000)
        larger = docker_archive(self.folder / "larger.tar", [*self.fixture.layers, more.bytes()],
                                Entrypoint=["/app/bin/hello"])
        self.assertIn("growth", self.policies(larger, "--baseline", "before.json"))

    def test_a_key_in_a_layer_that_a_later_one_deletes(self):
        key, gone = Layer(), Layer()
        key.file("app/server.key", KEY.encode(), mode=0o600)
        gone.file("app/.wh.server.key")
        image = docker_archive(self.folder / "key.tar",
                               [*self.fixture.layers, key.bytes(), gone.bytes()],
                               Entrypoint=["/app/bin/hello"])
        self.assertIn("secret", self.policies(image))
        self.assertEqual(self.check(image).code, 1)
        self.assertNotIn("secret", self.policies(self.image()))

    def test_rules_of_dive_are_read_as_they_stand(self):
        waste, again = Layer(), Layer()
        waste.file("app/large", b"x" * 2_000_000)
        again.file("app/large", b"y" * 2_000_000)
        image = docker_archive(self.folder / "waste.tar",
                               [*self.fixture.layers, waste.bytes(), again.bytes()],
                               Entrypoint=["/app/bin/hello"])
        rules = 'rules:\n  lowestEfficiency: "0.1"\n  highestUserWastedPercent: "0.99"\n'
        (self.folder / ".dive-ci").write_text(rules + '  highestWastedBytes: "1MB"\n')
        result = self.check(image)
        self.assertEqual(result.code, 1)
        self.assertIn("dive-wasted-bytes", result.text)
        (self.folder / ".dive-ci").write_text(rules + '  highestWastedBytes: "10MB"\n')
        self.assertEqual(self.check(image).code, 0)

    def test_init_writes_settings_under_which_the_image_passes(self):
        self.assertEqual(self.check(self.broken()).code, 1)
        self.assert_fine(self.check(self.broken(), "--init"))
        self.assertEqual(self.check(self.broken()).code, 0)
        self.assert_one_line(self.check(self.broken(), "--init"), 2)

    def shell_image(self):
        shell = Layer()
        shell.folder("bin")
        shell.copy("bin/sh", "/bin/true")
        return docker_archive(self.folder / "shell.tar", [*self.fixture.layers, shell.bytes()],
                              Entrypoint=["/app/bin/hello"])

    def test_init_keeps_the_profile_and_what_it_was_measured_by(self):
        image = self.shell_image()
        self.check(image, "--report", "before.json")
        strict = ("--profile", "distroless", "--fail-on", "note", "--baseline", "before.json")
        self.assertEqual(self.check(image, *strict).code, 1)
        self.assert_fine(self.check(image, *strict, "--init"))
        written = (self.folder / ".slimimg.toml").read_text()
        for line in ('profile = "distroless"', 'fail-on = "note"', 'baseline = "before.json"'):
            self.assertIn(line, written.splitlines())
        self.assertEqual(self.check(image).code, 0)
        self.assertIn("shell", self.policies(image))
        more = Layer().file("bin/bash", b"x", mode=0o755)
        another = docker_archive(self.folder / "another.tar",
                                 [*self.fixture.layers, more.bytes()],
                                 Entrypoint=["/app/bin/hello"])
        self.assertEqual(self.check(another).code, 1)

    def test_the_distroless_profile_refuses_a_shell(self):
        image = self.shell_image()
        self.assertNotIn("shell", self.policies(image))
        self.assertIn("shell", self.policies(image, "--profile", "distroless"))

    def test_what_cannot_be_checked_is_told_beside_the_report_too(self):
        image = self.image()
        for args, code, wanted in (
            (["none.tar"], 3, "slimimg: there is no file none.tar; slimimg reads archives"),
            ([image, "none.tar"], 3, "slimimg: there is no file none.tar; slimimg reads archives"),
            ([image, "--baseline", "none.json"], 2, "slimimg: there is no baseline none.json; make one"),
            (["none.tar", "no.tar"], 3,
             "slimimg: the check fails: there is no file none.tar, there is no file no.tar\n"),
        ):
            result = self.assert_one_line(self.check(*args), code)
            self.assertIn(wanted, result.err)
            self.assertIn("not checked", result.text)
            quiet = self.assert_one_line(self.check(*args, "-q"), code)
            self.assertEqual((quiet.err, quiet.out), (result.err, b""))

    def test_a_quiet_failure_names_each_image_once(self):
        root = self.fixture.docker(self.folder / "root.tar", User="0")
        result = self.assert_one_line(
            self.check(root, "none.tar", "-q", "--profile", "distroless", "--fail-on", "note"), 3)
        self.assertEqual(result.err, f"slimimg: the check fails: {root}, there is no file none.tar; "
                                     "without -q the report says why\n")

    def test_rules_of_dive_that_are_not_there(self):
        result = self.assert_one_line(self.check(self.image(), "--dive-ci", "none"), 2)
        self.assertIn("there is no file none; name a file of dive's rules", result.err)

    def test_list_is_text(self):
        for options in (["--format", "json"], ["--report", self.folder / "x.json"]):
            result = self.assert_one_line(self.check("--list", *options), 2)
            self.assertIn("--list prints text and no report", result.err)
        self.assert_fine(self.check("--list", "--format", "text"))

    def test_list_tells_the_policies(self):
        listed = self.assert_fine(self.check("--list")).text
        self.assertIn("unresolved", listed)
        self.assertIn("dive-efficiency", listed)


if __name__ == "__main__":
    main()
