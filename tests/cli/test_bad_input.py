#!/usr/bin/env python3
"""Damaged and hostile input: one line on standard error, exit code 3, nothing written."""
import gzip
import json
import os
import tarfile

from support import ImageTest, Layer, config_of, docker_archive, main, sha256, slimimg, write_tar


class BadInput(ImageTest):
    def assert_refused(self, image, *args, stdin=None):
        """By analyze and by rebuild, with nothing on standard output and no file left."""
        before = sorted(os.listdir(self.folder))
        self.assertEqual(
            self.assert_one_line(slimimg("analyze", image, *args, stdin=stdin), 3).out, b""
        )
        output = self.folder / "slim.tar"
        result = slimimg("rebuild", image, "-o", output, *args, stdin=stdin)
        self.assertEqual(self.assert_one_line(result, 3).out, b"")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def file(self, content):
        path = self.folder / "bad.tar"
        path.write_bytes(content)
        return path

    def image_with(self, layer):
        return docker_archive(self.folder / "bad.tar", [layer], Entrypoint=["/x"])

    def test_a_file_that_is_not_there(self):
        self.assert_refused(self.folder / "nothing.tar")

    def test_an_empty_file(self):
        self.assert_refused(self.file(b""))

    def test_an_empty_standard_input(self):
        self.assert_refused("-", stdin=b"")

    def test_a_device_without_end(self):
        self.assert_refused("/dev/zero")

    def test_a_text(self):
        self.assert_refused(self.file(b"This is no image.\n" * 100))

    def test_noise(self):
        self.assert_refused(self.file(bytes((i * 37 + i // 256) % 256 for i in range(50_000))))

    def test_a_folder_that_is_no_layout(self):
        self.assert_refused(self.folder)

    def test_a_tar_that_is_no_image(self):
        self.assert_refused(write_tar(self.folder / "bad.tar", {"readme": b"hello"}))

    def test_an_archive_that_ends_early_anywhere(self):
        whole = docker_archive(
            self.folder / "whole.tar", [Layer().file("x", "y" * 9000).bytes()], Entrypoint=["/x"]
        ).read_bytes()
        for size in (1, 511, 512, 700, 1024, 3000, 5000, len(whole) // 2):
            self.assert_refused(self.file(whole[:size]))

    def test_a_compressed_archive_that_ends_early(self):
        whole = gzip.compress(self.image().read_bytes())
        self.assert_refused(self.file(whole[: len(whole) // 2]))

    def test_a_manifest_that_is_no_json(self):
        self.assert_refused(write_tar(self.folder / "bad.tar", {"manifest.json": b"[{]"}))

    def test_a_manifest_of_other_types(self):
        for manifest in (b"null", b"7", b"[]", b"[7]", b'{"Layers": 3}', b'[{"Layers": "x"}]'):
            self.assert_refused(write_tar(self.folder / "bad.tar", {"manifest.json": manifest}))

    def test_json_that_is_nested_without_end(self):
        deep = b"[" * 200_000
        self.assert_refused(write_tar(self.folder / "bad.tar", {"manifest.json": deep}))

    def test_a_layer_that_is_not_in_the_archive(self):
        config = json.dumps(config_of([b""])).encode()
        manifest = [{"Config": "config.json", "RepoTags": None, "Layers": ["gone/layer.tar"]}]
        members = {"manifest.json": json.dumps(manifest).encode(), "config.json": config}
        self.assert_refused(write_tar(self.folder / "bad.tar", members))

    def test_a_layer_that_is_not_what_the_config_says(self):
        layer = Layer().file("x", "x").bytes()
        config = config_of([layer])
        config["rootfs"]["diff_ids"] = ["sha256:" + sha256(b"other")]
        self.assert_refused(docker_archive(self.folder / "bad.tar", [layer], config=config))

    def test_a_layer_that_is_no_tar(self):
        self.assert_refused(self.image_with(b"no tar at all" * 1000))

    def test_a_layer_that_leaves_the_image(self):
        self.assert_refused(self.image_with(Layer().file("../../etc/cron.d/x", "x").bytes()))

    def test_a_layout_whose_blob_was_changed(self):
        image = self.fixture.oci(self.folder / "whole.tar")
        with tarfile.open(image) as tar:
            members = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
        name = max((n for n in members if n.startswith("blobs/")), key=lambda n: len(members[n]))
        changed = bytearray(members[name])
        changed[len(changed) // 2] ^= 1
        members[name] = bytes(changed)
        self.assert_refused(write_tar(self.folder / "bad.tar", members))


if __name__ == "__main__":
    main()
