#!/usr/bin/env python3
"""slimimg rebuild: the image that is written, and what is left when it fails."""
import json
import os
import shutil
import subprocess
import tarfile
import unittest

from support import ImageTest, Layer, config_of, docker_archive, layer_of, main, paths, slimimg


def chroot_command():
    """How a program can be run in a folder here; nothing where it can't."""
    for command in (["chroot"], ["unshare", "-r", "chroot"]):
        tried = subprocess.run([*command, "/", "/bin/true"], stderr=subprocess.DEVNULL, check=False)
        if tried.returncode == 0:
            return command
    return None


class Rebuild(ImageTest):
    def rebuild(self, *args, image=None, **options):
        output = self.folder / "slim.tar"
        result = slimimg("rebuild", image or self.image(), "-o", output, *args, **options)
        self.assert_fine(result)
        return output

    def test_the_new_image_runs(self):
        command = chroot_command()
        if command is None:
            self.skipTest("no way to change the root folder here")
        _, tar = layer_of(self.rebuild())
        root = self.folder / "root"
        tar.extractall(root)
        # Without /proc the loader can't tell $ORIGIN by itself.
        done = subprocess.run(
            [*command, root, "/app/bin/hello", "slimimg"],
            stdout=subprocess.PIPE,
            env={**os.environ, "LD_ORIGIN_PATH": "/app/bin"},
            check=False,
        )
        self.assertEqual((done.returncode, done.stdout), (0, b"hello, slimimg\n"))

    def test_it_holds_what_the_report_says(self):
        report = self.folder / "report.json"
        members, _ = layer_of(self.rebuild("--report", report))
        told = json.loads(report.read_text())
        self.assertEqual(set(members), paths(told["kept"]) - ({"/"} - set(members)))
        self.assertEqual(told["reduction"]["after_bytes"], sum(e["bytes"] for e in told["kept"]))
        self.assertLess(told["reduction"]["after_bytes"], told["reduction"]["before_bytes"])

    def test_the_archive_sizes_are_those_of_the_files(self):
        image = self.image()
        report = self.folder / "report.json"
        output = self.rebuild("--report", report, image=image)
        reduction = json.loads(report.read_text())["reduction"]
        self.assertEqual(reduction["archive_before_bytes"], image.stat().st_size)
        self.assertEqual(reduction["archive_after_bytes"], output.stat().st_size)

    def test_of_a_layout_a_name_with_tar_is_an_archive(self):
        layout = self.folder / "layout"
        self.assert_fine(slimimg("rebuild", self.image(), "-o", layout, "--output-format", "oci-dir"))
        out = self.folder / "slim.tar"
        self.assert_fine(slimimg("rebuild", layout, "-o", out))
        self.assertTrue(tarfile.is_tarfile(out))

    def test_what_exclude_leaves_out_is_told(self):
        def told(*options):
            report = self.folder / "report.json"
            self.rebuild("--report", report, *options)
            return {d["code"]: d["message"] for d in json.loads(report.read_text())["diagnostics"]}

        kept = "/app/etc/app.conf"
        image = self.fixture.docker(self.folder / "app.tar", [
            *self.fixture.layers, Layer().folder("app/etc").file(kept[1:], b"x").bytes()])
        report = self.folder / "report.json"
        self.rebuild("--report", report, "--exclude", kept, image=image)
        [note] = [d for d in json.loads(report.read_text())["diagnostics"]
                  if d["code"] == "excluded"]
        self.assertIn(f"leaves out 1 file that the program may need: {kept}", note["message"])
        why = slimimg("why", image, kept, "--exclude", kept)
        self.assertIn("--exclude leaves it out", why.text)
        self.assertIn("exclude-required", told("--exclude", "/app/bin/hello"))
        self.assertIn("exclude-unknown", told("--exclude", "/nope"))

    def test_an_image_without_a_command_needs_one(self):
        image = self.fixture.docker(self.folder / "none.tar", Entrypoint=None, Cmd=None)
        out = self.folder / "slim.tar"
        result = self.assert_one_line(slimimg("rebuild", image, "-o", out), 2)
        self.assertIn("names no program", result.err)
        self.assertFalse(out.exists())
        self.assert_fine(slimimg("rebuild", image, "-o", out, "--include", "/app"))

    def test_what_is_not_looked_for_is_told(self):
        self.rebuild("--keep", "strict", "--report", self.folder / "report.json")
        codes = [d["code"] for d in json.loads((self.folder / "report.json").read_text())
                 ["diagnostics"]]
        self.assertIn("keep-strict", codes)

    def test_a_program_for_another_machine_is_told(self):
        image = docker_archive(self.folder / "other.tar", self.fixture.layers, config={
            **config_of(self.fixture.layers, **self.fixture.container), "architecture": "s390x"})
        report = slimimg("analyze", image, "--format", "json").json
        self.assertIn("machine-differs", [d["code"] for d in report["diagnostics"]])

    def test_headers_are_kept_to_the_letter(self):
        hello = layer_of(self.rebuild())[0]["/app/bin/hello"]
        self.assertEqual((hello.uid, hello.gid, hello.mode), (1000, 1000, 0o755))
        self.assertEqual(hello.mtime, 1700000000)

    def test_links_are_kept_as_links(self):
        members, _ = layer_of(self.rebuild())
        self.assertTrue(members["/lib64"].issym())
        self.assertEqual(members["/app/lib/libgreet.so.1"].linkname, "libgreet.so.1.0")

    def test_hard_links_stay_one_file(self):
        members, _ = layer_of(self.rebuild("--include", "/usr/share/doc"))
        names = [members["/usr/share/doc/idle/" + n] for n in ("copyright", "license")]
        self.assertEqual(sorted(m.islnk() for m in names), [False, True])

    def test_two_runs_give_the_same_bytes_whatever_the_threads(self):
        image = self.image()
        for options in ((), ("--compress", "gzip"), ("--compress", "zstd")):
            written = set()
            for threads in ("1", "4"):
                out = self.rebuild(*options, "--threads", threads, image=image)
                written.add(out.read_bytes())
                out.unlink()
            self.assertEqual(len(written), 1, options)

    def test_the_config_is_kept(self):
        with tarfile.open(self.rebuild()) as outer:
            manifest = json.load(outer.extractfile("manifest.json"))
            config = json.load(outer.extractfile(manifest[0]["Config"]))
        self.assertEqual(config["config"]["Entrypoint"], ["/app/bin/hello"])
        self.assertEqual(config["config"]["User"], "1000")
        self.assertEqual(len(config["rootfs"]["diff_ids"]), 1)

    def test_names_are_the_inputs_with_slim_or_those_given(self):
        def names(output):
            with tarfile.open(output) as outer:
                return json.load(outer.extractfile("manifest.json"))[0]["RepoTags"]

        self.assertEqual(names(self.rebuild()), ["app:1.0-slim"])
        self.assertEqual(names(self.rebuild("-t", "a:1", "-t", "b:2")), ["a:1", "b:2"])

    def test_the_image_goes_to_standard_output_and_the_report_to_standard_error(self):
        image = self.image()
        wanted = self.rebuild(image=image).read_bytes()
        piped = slimimg("rebuild", "-", "-o", "-", stdin=image.read_bytes())
        self.assertEqual(piped.code, 0)
        self.assertEqual(piped.out, wanted)
        self.assertIn("Attack surface", piped.err)

    def test_every_output_format_can_be_read_again(self):
        kept = paths(slimimg("analyze", self.image(), "--format", "json").json["kept"])
        for form in ("docker", "oci", "oci-dir"):
            for codec in ("none", "gzip", "zstd:19"):
                out = self.folder / f"{form}-{codec}"
                options = ("--output-format", form, "--compress", codec)
                self.assert_fine(slimimg("rebuild", self.image(), "-o", out, *options))
                again = self.assert_fine(slimimg("analyze", out, "--format", "json")).json
                self.assertLessEqual({"/app/bin/hello"}, paths(again["kept"]))
                self.assertLessEqual(
                    {p for p in paths(again["removed"])} & kept, set(), f"{form} {codec}"
                )

    @unittest.skipUnless(shutil.which("skopeo"), "skopeo is not installed")
    def test_another_tool_reads_every_output_format(self):
        transports = {"docker": "docker-archive", "oci": "oci-archive", "oci-dir": "oci"}
        for form, transport in transports.items():
            out = self.folder / form
            self.assert_fine(
                slimimg("rebuild", self.image(), "-o", out, "--output-format", form)
            )
            target = self.folder / f"copy-{form}"
            subprocess.run(
                ["skopeo", "copy", "-q", "--insecure-policy", f"{transport}:{out}", f"dir:{target}"],
                check=True,
            )

    def test_a_rebuilt_image_is_minimal_already(self):
        first = self.rebuild()
        again = self.folder / "again.tar"
        result = slimimg("rebuild", first, "-o", again, "--format", "json")
        self.assertEqual(set(layer_of(first)[0]), set(layer_of(again)[0]))
        self.assertEqual(self.assert_fine(result).json["removed"], [])


class Failure(ImageTest):
    def files(self):
        return sorted(os.listdir(self.folder))

    def test_a_missing_library_leaves_no_output(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        result = slimimg("rebuild", image, "-o", self.folder / "slim.tar")
        self.assert_one_line(result, 4)
        self.assertIn("libgreet.so.1", result.err)
        self.assertEqual(self.files(), ["broken.tar"])

    def test_a_program_that_is_not_executable_is_told_as_that(self):
        layer = Layer().file("app/x", b"\x7fELF", mode=0o644).bytes()
        image = docker_archive(self.folder / "plain.tar", [layer],
                               config=config_of([layer], Entrypoint=["/app/x"]))
        result = slimimg("rebuild", image, "-o", self.folder / "slim.tar")
        self.assert_one_line(result, 4)
        self.assertIn("/app/x (command, which is there and not executable)", result.err)

    def test_a_failure_leaves_an_older_output_as_it_was(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        output = self.folder / "slim.tar"
        output.write_text("precious")
        self.assert_one_line(slimimg("rebuild", image, "-o", output), 4)
        self.assertEqual(output.read_text(), "precious")

    def test_a_missing_library_that_is_allowed_is_no_failure(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        result = slimimg(
            "rebuild", image, "-o", self.folder / "slim.tar", "--allow-missing", "libgreet.*"
        )
        self.assert_fine(result)

    def test_an_output_that_cannot_be_made_is_an_io_failure(self):
        output = self.folder / "no-such-folder" / "slim.tar"
        self.assert_one_line(slimimg("rebuild", self.image(), "-o", output), 5)

    def test_a_damaged_layer_leaves_no_output(self):
        layer = Layer().file("app/x", "x" * 5000).bytes()
        config = config_of([layer], Entrypoint=["/app/x"])
        config["rootfs"]["diff_ids"] = ["sha256:" + "0" * 64]
        image = docker_archive(self.folder / "bad.tar", [layer], config=config)
        self.assert_one_line(slimimg("rebuild", image, "-o", self.folder / "slim.tar"), 3)
        self.assertEqual(self.files(), ["bad.tar"])


if __name__ == "__main__":
    main()
