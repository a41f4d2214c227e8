#!/usr/bin/env python3
"""--limit: each limit refuses what is past it, tells the option that allows more, and can be raised."""
import io
import os
import pathlib
import re
import subprocess
import tarfile

from support import ImageTest, Layer, docker_archive, main, slimimg

BAD_INPUT = 3
HEADER = pathlib.Path(__file__).resolve().parents[2] / "include" / "slimimg" / "base" / "limits.hpp"


def names():
    return [name.replace("_", "-")
            for name in re.findall(r"std::uint64_t (\w+) =", HEADER.read_text(encoding="utf-8"))]


class Limits(ImageTest):
    def refused(self, image, limit, *more):
        """Past `limit`, as NAME=N, by the option alone: it is fine without."""
        self.assertEqual(slimimg("analyze", image, *more).code, 0)
        error = self.assert_one_line(slimimg("analyze", image, "--limit", limit, *more), BAD_INPUT).err
        self.assertIn(f"--limit {limit.split('=')[0]}=N allows more", error)
        return error

    def allowed(self, image, limit):
        """Refused as it is, and fine with `limit`."""
        error = self.assert_one_line(slimimg("analyze", image), BAD_INPUT).err
        self.assertIn(f"--limit {limit.split('=')[0]}=N allows more", error)
        self.assertEqual(slimimg("analyze", image, "--limit", limit).code, 0)

    def with_layer(self, layer):
        return self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer.bytes()])

    def diagnostics(self, image, limit):
        report = slimimg("analyze", image, "--format", "json", "--limit", limit).json
        return {diagnostic["code"]: diagnostic["message"] for diagnostic in report["diagnostics"]}

    def test_entries(self):
        self.assertIn("more than 3 entries", self.refused(self.image(), "entries=3"))
        layout = self.folder / "layout"
        layout.mkdir()
        with tarfile.open(self.fixture.oci(self.folder / "app.oci.tar")) as tar:
            tar.extractall(layout)
        self.refused(layout, "entries=4")

    def test_implied_folders(self):
        self.refused(self.with_layer(Layer().file("a/b/c/d/file", "")), "implied-folders=2")

    def test_implied_bytes(self):
        image = self.with_layer(Layer().file("a/b/c/d/file", ""))
        self.refused(image, "implied-bytes=10B")
        deep = self.with_layer(Layer().file("/".join(["d" * 10] * 300) + "/file", ""))
        self.refused(deep, "implied-bytes=100kB")
        self.assertEqual(slimimg("analyze", deep, "--limit", "implied-bytes=1MB").code, 0)

    def test_layers(self):
        self.assertIn("2 layers", self.refused(self.image(), "layers=1"))

    def test_path_bytes(self):
        self.refused(self.image(), "path-bytes=20")
        long = "/".join(["part" * 50] * 25)
        image = self.with_layer(Layer().file(long, ""))
        self.allowed(image, "path-bytes=6000")
        folder = slimimg("rebuild", image, "-o", self.folder / "out", "--output-format", "dir",
                         "--include", "/" + long, "--limit", "path-bytes=6000")
        self.assertIn("over Linux's 4095", self.assert_one_line(folder, BAD_INPUT).err)

    def test_what_no_folder_can_hold_is_the_images_fault(self):
        for layer, words in ((Layer().file("n" * 300, ""), "its name of 300 bytes"),
                             (Layer().link("new", ""), "link target is empty"),
                             (Layer().link("new", "x" * 4096), "its link target of 4096 bytes")):
            arguments = ["rebuild", self.with_layer(layer), "--include", "/n*", "-o"]
            self.assertEqual(slimimg(*arguments, self.folder / "out.tar").code, 0)
            refused = slimimg(*arguments, self.folder / "out", "--output-format", "dir")
            self.assertIn(words, self.assert_one_line(refused, BAD_INPUT).err)
            self.assertFalse((self.folder / "out").exists())

    def test_layer_bytes(self):
        self.refused(self.fixture.oci(self.folder / "app.oci.tar"), "layer-bytes=10kB")
        self.assertIn("is a file of", self.refused(self.image(), "layer-bytes=4kB"))

    def test_expansion(self):
        image = self.fixture.oci(self.folder / "app.oci.tar",
                                 [*self.fixture.layers, Layer().file("zeros", bytes(1 << 20)).bytes()])
        self.refused(image, "expansion-ratio=3", "--limit", "expansion-floor=10kB")
        bomb = Layer().file("zeros", bytes(70 << 20)).bytes()
        packed = subprocess.run(["zstd", "-q", "-19", "-c"], input=bomb, stdout=subprocess.PIPE,
                                check=True).stdout
        archive = docker_archive(self.folder / "bomb.tar", [*self.fixture.layers, bomb],
                                 **self.fixture.container)
        with tarfile.open(archive) as plain:
            members = [(info, plain.extractfile(info).read()) for info in plain.getmembers()]
        with tarfile.open(archive, "w") as tar:
            for info, content in members:
                content = packed if content == bomb else content
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        self.allowed(archive, "expansion-ratio=100000")
        self.assertEqual(slimimg("analyze", archive, "--limit", "expansion-floor=1GB").code, 0)

    def test_json(self):
        self.refused(self.image(), "json-bytes=100")
        self.refused(self.image(), "json-depth=1")

    def test_elf_bytes(self):
        told = self.diagnostics(self.image(), "elf-bytes=1000")
        self.assertIn("--limit elf-bytes=N allows more", told["elf-too-large"])
        # A library that the loader passes over for it.
        libc = max(os.path.getsize(path) for path in self.fixture.system_files.values())
        self.assertIn("elf-too-large", self.diagnostics(self.image(), f"elf-bytes={libc - 1}"))
        out = self.folder / "slim.tar"
        refused = slimimg("rebuild", self.image(), "-o", out, "--limit", "elf-bytes=1000")
        self.assertIn("readable ELF file of /app/bin/hello", self.assert_one_line(refused, 4).err)
        self.assertFalse(out.exists())
        self.assertNotIn("elf-too-large", self.diagnostics(self.image(), "elf-bytes=1GB"))

    def sparse_image(self):
        with open(self.folder / "run", "wb") as file:
            file.write(b"#!/usr/bin/idle\n")
            file.truncate(1 << 20)
        (self.folder / "run").chmod(0o755)
        layer = subprocess.run(["tar", "-C", self.folder, "--sparse", "-c", "run"],
                               stdout=subprocess.PIPE, check=True).stdout
        return self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer],
                                   Entrypoint=["/run"])

    def test_sparse_bytes(self):
        error = self.refused(self.sparse_image(), "sparse-bytes=4kB")
        self.assertIn("/run is a sparse file of 1048576 bytes", error)

    def test_sparse_files_are_laid_out_in_the_spool_folder(self):
        nowhere = {"TMPDIR": str(self.folder / "nowhere")}
        image = self.sparse_image()
        self.assert_fine(slimimg("analyze", image, "--spool-dir", self.folder, env=nowhere))
        self.assert_one_line(slimimg("analyze", image, env=nowhere), 5)

    def test_sparse_files_have_a_limit_together(self):
        names = [f"hole{i}" for i in range(40)]
        for name in names:
            with open(self.folder / name, "wb") as file:
                file.truncate(1 << 20)
        layer = subprocess.run(["tar", "-C", self.folder, "--sparse", "-c", *names],
                               stdout=subprocess.PIPE, check=True).stdout
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer])
        error = self.refused(image, "sparse-bytes=1100kB")
        self.assertIn("must be laid out to be read", error)

    def test_what_is_not_needed_is_not_laid_out(self):
        with open(self.folder / "data", "wb") as file:
            file.truncate(1 << 20)
        layer = subprocess.run(["tar", "-C", self.folder, "--sparse", "-c", "data"],
                               stdout=subprocess.PIPE, check=True).stdout
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer])
        for choice in (["--keep", "strict"], ["--exclude", "/data"]):
            report = slimimg("analyze", image, *choice, "--limit", "sparse-bytes=100kB")
            self.assertEqual(report.code, 0)
        naming = Layer().file("run", "#!/usr/bin/idle\ncat /data\n", 0o755).bytes()
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, naming, layer],
                                    Entrypoint=["/run"])
        report = slimimg("analyze", image, "--keep", "strict", "--limit", "sparse-bytes=100kB")
        self.assertEqual(report.code, 0)

    def test_symlinks(self):
        layer = Layer().link("start", "next").link("next", "app/bin/hello").bytes()
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer],
                                    Entrypoint=["/start"])
        self.assert_fine(slimimg("analyze", image))
        self.assertEqual(slimimg("analyze", image, "--limit", "symlinks=1").code, 4)

    def test_the_last_of_several_counts(self):
        self.assert_fine(slimimg("analyze", self.image(), "--limit", "layers=1", "--limit", "layers=9"))

    def test_what_is_no_limit(self):
        image = self.image()
        for given, wanted in (("files=3", "one of entries,"), ("entries", "entries=1000"),
                              ("entries=", "entries=1000"), ("entries=0", "number from 1 on"),
                              ("entries=-1", "number from 1 on"), ("entries=1e6", "number from 1 on"),
                              ("layer-bytes=big", "layer-bytes=100kB"), ("=", "NAME=N"),
                              ("path-bytes=1GB", "1048576 at most")):
            error = self.assert_one_line(slimimg("analyze", image, "--limit", given), 2).err
            self.assertIn("--limit cannot be", error)
            self.assertIn(wanted, error)

    def test_each_has_its_name_and_its_test(self):
        given = pathlib.Path(__file__).read_text(encoding="utf-8")
        told = slimimg("analyze", "--help").text
        page = (HEADER.parents[3] / "man" / "slimimg-analyze.1").read_text().replace("\\-", "-")
        documented = (HEADER.parents[3] / "docs" / "threats.md").read_text()
        self.assertEqual(len(names()), 13)
        for name in names():
            self.assertRegex(given, rf'"{name}=\d')
            self.assertIn(name, "".join(told.split()), name)
            self.assertRegex(page, rf"\b{name}\b")
            self.assertIn(f"| `{name}` |", documented)


if __name__ == "__main__":
    main()
