"""The images of scripts/bench: the same bytes each time, and what their data model promises."""
import os
import pathlib
import sys

from support import ImageTest, main, paths, slimimg

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import bench_images as images  # noqa: E402

MODEL = images.Model(megabytes=6, files=300, layers=3, elf=60, closure=9)


class Bench(ImageTest):
    def made(self, name, model=MODEL):
        folder = self.folder / name
        folder.mkdir()
        layers = images.write_layers(model, folder)
        images.docker_archive(layers, folder / "app.tar")
        return folder / "app.tar", layers

    def test_the_same_model_gives_the_same_bytes(self):
        first, second, other = (self.made(name, model)[0].read_bytes() for name, model in (
            ("a", MODEL), ("b", MODEL), ("c", images.Model(**{**vars(MODEL), "seed": 2}))))
        self.assertEqual(first, second)
        self.assertNotEqual(first, other)

    def test_the_program_needs_as_many_libraries_as_asked(self):
        archive, layers = self.made("app")
        self.assertEqual(len(layers), MODEL.layers)
        report = self.assert_fine(slimimg("analyze", archive, "--format", "json")).json
        self.assertEqual(report["unresolved"], [])
        kept, removed = paths(report["kept"]), paths(report["removed"])
        libraries = [path for path in kept if path.endswith(".so.1.0")]
        self.assertEqual(len(libraries), MODEL.closure)
        self.assertFalse([path for path in removed if path.endswith(".so.1.0")])
        named = [path for path in kept if path.startswith("/usr/share/pkg") and "text" in path]
        self.assertGreaterEqual(len(named), 10)
        size = report["reduction"]["before_bytes"]
        self.assertAlmostEqual(size / 1e6, MODEL.megabytes + 2.5, delta=1)  # libc, loader, tools
        written = self.folder / "slim.tar"
        proof = slimimg("rebuild", archive, "-o", written)
        self.assertIn(f"1 program and {MODEL.closure + 2} libraries", proof.text)

    def test_the_other_forms_are_the_same_image(self):
        archive, layers = self.made("app")
        expected = slimimg("analyze", archive, "--format", "json").json["kept"]
        config = images.config_of(layers, ["/usr/bin/app"])
        for codec in images.CODECS:
            out = self.folder / f"{codec}.tar"
            images.oci_archive(images.compressed(layers, codec), codec, config, out)
            report = self.assert_fine(slimimg("analyze", out, "--format", "json")).json
            self.assertEqual(report["kept"], expected, codec)

    def test_a_large_layer_is_a_hole_with_a_known_digest(self):
        size = min(images.LARGE_LAYERS)
        layer, digest = images.write_large_layer(self.folder / "large.tar", size)
        self.assertLess(os.stat(layer).st_blocks * 512, 1 << 20)
        self.assertEqual(images.sha256(layer), digest)


if __name__ == "__main__":
    main()
