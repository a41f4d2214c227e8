#!/usr/bin/env python3
"""slimimg rebuild --base, --layers and --nonroot: what other tools find in the image."""
import io
import json
import shutil
import subprocess
import tarfile
import unittest

from support import ImageTest, Layer, docker_archive, layer_of, main, sha256, slimimg


def config_of_archive(archive):
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))
        return json.load(outer.extractfile(manifest[0]["Config"]))


def layers_of(archive):
    """The bytes of each layer, lowest first."""
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))
        return [outer.extractfile(name).read() for name in manifest[0]["Layers"]]


def names(layer):
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        return {"/" + m.name.strip("./") for m in tar}


class Styles(ImageTest):
    def rebuild(self, *options, image=None, name="slim.tar"):
        out = self.folder / name
        result = slimimg("rebuild", image or self.image(), "-o", out, *options)
        self.assert_fine(result)
        return out

    def test_static_brings_users_and_the_environment(self):
        out = self.rebuild("--base", "static")
        members, tar = layer_of(out)
        passwd = tar.extractfile(members["/etc/passwd"]).read().decode()
        for user in ("root:x:0:0:", "nobody:x:65534:", "nonroot:x:65532:", "user:x:1000:"):
            self.assertIn(user, passwd)
        self.assertEqual(members["/tmp"].mode, 0o1777)
        self.assertIn("PATH=", "".join(config_of_archive(out)["config"]["Env"]))

    def test_a_part_that_no_side_has_is_told(self):
        report = self.folder / "report.json"
        self.rebuild("--base", "static", "--report", report)
        told = {d["code"] for d in json.loads(report.read_text())["diagnostics"]}
        self.assertIn("base-part-missing", told)

    def test_auto_tells_what_it_chose(self):
        report = self.folder / "report.json"
        self.rebuild("--base", "auto", "--report", report)
        self.assertEqual(json.loads(report.read_text())["base"], "base")

    def test_nonroot_runs_and_writes_as_65532(self):
        image = self.fixture.docker(self.folder / "app.tar", Volumes={"/data": {}})
        out = self.rebuild("--nonroot", image=image)
        members, _ = layer_of(out)
        self.assertEqual(config_of_archive(out)["config"]["User"], "65532")
        # The former user's program, and the volume.
        self.assertEqual(members["/app/bin/hello"].uid, 65532)
        self.assertEqual(members["/data"].uid, 65532)
        self.assertEqual(members["/app/lib/libgreet.so.1.0"].uid, 0)

    def test_nonroot_leaves_the_folder_that_a_relative_command_starts_in(self):
        for folder in ("", "/app"):
            command = "app/bin/hello" if folder == "" else "bin/hello"
            image = self.fixture.docker(self.folder / "app.tar", Entrypoint=[command],
                                        WorkingDir=folder)
            out = self.rebuild("--nonroot", image=image)
            self.assertEqual(config_of_archive(out)["config"].get("WorkingDir", ""), folder)
            self.assertEqual(slimimg("check", out, "-q").code, 0)


class OnImage(ImageTest):
    """Standing on an image."""

    def setUp(self):
        super().setUp()
        base = Layer()
        for asked, real in self.fixture.system_files.items():
            base.copy(asked, real)
        base.file("etc/os-release", "ID=golden\n")
        base.file("etc/passwd", "root:x:0:0::/:\ngolden:x:7:7::/:\n")
        self.base_layer = base.bytes()
        self.base = docker_archive(self.folder / "golden.tar", [self.base_layer], name="golden:1",
                                   Env=["GOLDEN=yes"], Labels={"golden": "label"})

    def rebuild(self, *options, name="slim.tar"):
        out = self.folder / name
        self.assert_fine(
            slimimg("rebuild", self.image(), "-o", out, "--base", self.base, *options))
        return out

    def test_the_bases_layers_stay_and_their_files_are_not_repeated(self):
        for form in ("docker", "oci"):
            out = self.rebuild("--output-format", form, name=form)
            with tarfile.open(out) as outer:
                self.assertEqual(
                    outer.extractfile("blobs/sha256/" + sha256(self.base_layer)).read(),
                    self.base_layer)
        lower, top = layers_of(self.rebuild())
        self.assertEqual(lower, self.base_layer)
        self.assertIn("/app/bin/hello", names(top))
        self.assertEqual(set(self.fixture.system_files) & names(top), set())

    def test_the_layers_digests_are_known_where_nothing_is_verified(self):
        out = self.rebuild("--no-verify")
        with tarfile.open(out) as outer:
            for layer in json.load(outer.extractfile("manifest.json"))[0]["Layers"]:
                self.assertEqual(layer, "blobs/sha256/" + sha256(outer.extractfile(layer).read()))

    def test_the_attack_surface_is_that_of_the_whole_image(self):
        base = Layer().file("usr/bin/apt", b"x", 0o755).file("bin/bash", b"x", 0o755).bytes()
        golden = docker_archive(self.folder / "fat.tar", [self.base_layer, base])
        report = self.folder / "report.json"
        out = self.folder / "slim.tar"
        self.assert_fine(slimimg("rebuild", self.image(), "-o", out, "--base", golden,
                                 "--report", report))
        after = json.loads(report.read_text())["attack_surface"]["after"]
        self.assertEqual(after, slimimg("analyze", out, "--format", "json")
                         .json["attack_surface"]["before"])
        self.assertEqual(after["package_managers"], ["/usr/bin/apt"])

    def test_both_sides_settings_count(self):
        config = config_of_archive(self.rebuild())
        self.assertIn("GOLDEN=yes", config["config"]["Env"])
        self.assertEqual(config["config"]["Labels"]["golden"], "label")
        self.assertEqual(config["config"]["Entrypoint"], ["/app/bin/hello"])

    def test_the_union_runs(self):
        root = self.folder / "root"
        self.rebuild("--output-format", "dir", name="root")
        loader = next(path for path in self.fixture.system_files if "ld-" in path)
        done = subprocess.run([str(root) + loader, "--library-path",
                               ":".join([f"{root}/app/lib", f"{root}/lib/x86_64-linux-gnu",
                                         f"{root}/usr/lib/x86_64-linux-gnu"]),
                               root / "app/bin/hello", "union"], stdout=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout, b"hello, union\n")
        self.assertIn("golden", (root / "etc/passwd").read_text())

    def test_a_base_without_the_machine_is_refused(self):
        with open(self.base, "rb") as file:
            data = file.read()
        other = self.folder / "other.tar"
        other.write_bytes(data)
        result = slimimg("rebuild", self.image(), "-o", self.folder / "slim.tar", "--base", other,
                         "--platform", "linux/s390x")
        self.assertNotEqual(result.code, 0)
        self.assertFalse((self.folder / "slim.tar").exists())

    def test_a_base_that_is_not_there_leaves_no_output(self):
        result = slimimg("rebuild", self.image(), "-o", self.folder / "slim.tar", "--base",
                         self.folder / "nothing.tar")
        self.assert_one_line(result, 3)
        self.assertFalse((self.folder / "slim.tar").exists())

    @unittest.skipUnless(shutil.which("skopeo"), "skopeo is not installed")
    def test_skopeo_finds_the_base_in_the_manifest(self):
        out = self.rebuild("--output-format", "oci")
        raw = subprocess.run(["skopeo", "inspect", "--raw", f"oci-archive:{out}"],
                             stdout=subprocess.PIPE, check=True).stdout
        annotations = json.loads(raw)["annotations"]
        self.assertEqual(annotations["org.opencontainers.image.base.name"], "golden:1")


class Layers(ImageTest):
    """--layers split."""

    def release(self, text):
        status = ("Package: greet\nStatus: install ok installed\nArchitecture: all\n"
                  "Version: 1\n\n")
        files = "/.\n" + "".join(f"/usr{path}\n" if path.startswith("/lib") else path + "\n"
                                 for path in self.fixture.system_files)
        packages = Layer().file("var/lib/dpkg/status", status)
        packages.file("var/lib/dpkg/info/greet.list", files)
        app = Layer().file("app/etc/release", text)
        image = self.fixture.docker(self.folder / "app.tar", [
            *self.fixture.layers, packages.bytes(), app.bytes()])
        out = self.folder / "slim.tar"
        self.assert_fine(slimimg("rebuild", image, "-o", out, "--layers", "split", "--include",
                                 "/app/etc/release"))
        return layers_of(out)

    def test_releases_share_what_packages_own(self):
        one, two = self.release("one"), self.release("two")
        self.assertEqual((len(one), len(two)), (2, 2))
        self.assertEqual(one[0], two[0])
        self.assertNotEqual(one[1], two[1])
        self.assertIn("/app/etc/release", names(one[1]))
        self.assertNotIn("/app/bin/hello", names(one[0]))


if __name__ == "__main__":
    main()
