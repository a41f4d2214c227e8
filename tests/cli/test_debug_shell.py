#!/usr/bin/env python3
"""slimimg rebuild --debug-shell: a second image with a static busybox."""
import io
import json
import pathlib
import subprocess
import tarfile
import unittest

from support import ImageTest, compile_c, main, slimimg

BUSYBOX = pathlib.Path("/bin/busybox")


def read(archive):
    """The manifest entry, the config and the layers' tars."""
    with tarfile.open(archive) as outer:
        (entry,) = json.load(outer.extractfile("manifest.json"))
        config = json.load(outer.extractfile(entry["Config"]))
        layers = [tarfile.open(fileobj=io.BytesIO(outer.extractfile(n).read()))
                  for n in entry["Layers"]]
    return entry, config, layers


class DebugShell(ImageTest):
    def rebuild(self, *args):
        output = self.folder / "slim.tar"
        return output, slimimg("rebuild", self.image(), "-o", output, "--format", "json", *args)

    def static(self, name="shell"):
        return compile_c(self.folder, name, "int main(void) { return 0; }", "-static")

    def test_the_slim_image_is_as_it_is_without_and_the_other_stands_on_it(self):
        output, result = self.rebuild()
        self.assert_fine(result)
        self.assertIsNone(result.json["debug_image"])
        plain = output.read_bytes()
        output, result = self.rebuild(f"--debug-shell={self.static()}")
        debug = self.folder / "slim-debug.tar"
        self.assertEqual(self.assert_fine(result).json["debug_image"], str(debug))
        self.assertEqual(output.read_bytes(), plain)
        slim, with_shell = read(output), read(debug)
        self.assertEqual(with_shell[0]["RepoTags"], ["app:1.0-slim-debug"])
        self.assertEqual(with_shell[0]["Layers"][:-1], slim[0]["Layers"])
        self.assertEqual(with_shell[1]["config"]["Entrypoint"], slim[1]["config"]["Entrypoint"])
        self.assertTrue(with_shell[1]["config"]["Env"][0].endswith(":/busybox"))

    def test_a_shell_that_is_no_busybox_has_its_one_name(self):
        shell = self.static()
        _, result = self.rebuild(f"--debug-shell={shell}")
        self.assertIn("debug-shell-alone", [d["code"] for d in self.assert_fine(result).json["diagnostics"]])
        layer = read(self.folder / "slim-debug.tar")[2][-1]
        members = {m.name.strip("/"): m for m in layer.getmembers()}
        self.assertEqual(sorted(members), ["busybox", "busybox/busybox", "busybox/sh"])
        self.assertEqual(members["busybox/sh"].linkname, "/busybox/busybox")
        program = members["busybox/busybox"]
        self.assertEqual((program.mode, program.uid), (0o755, 0))
        self.assertEqual(layer.extractfile(program).read(), shell.read_bytes())

    @unittest.skipUnless(BUSYBOX.exists(), "busybox-static is not installed")
    def test_busybox_has_all_its_commands(self):
        _, result = self.rebuild("--debug-shell")
        self.assert_fine(result)
        layer = read(self.folder / "slim-debug.tar")[2][-1]
        links = {m.name.removeprefix("busybox/") for m in layer.getmembers() if m.issym()}


        listed = subprocess.run([BUSYBOX, "--list"], stdout=subprocess.PIPE, check=True, text=True)
        self.assertEqual(links, set(listed.stdout.split()) - {"busybox"})

    def test_what_cannot_run_in_the_image_is_refused(self):
        hello = compile_c(self.folder, "dynamic", "int main(void) { return 0; }")
        other = bytearray(self.static("other").read_bytes())
        other[18:20] = (243).to_bytes(2, "little")  # e_machine: RISC-V
        (self.folder / "foreign").write_bytes(other)
        script = self.folder / "script"
        script.write_text("#!/bin/sh\n")
        for shell, told in ((hello, "linked dynamically"), (self.folder / "foreign", "RISC-V"),
                            (script, "no ELF program"), (self.folder / "nothing", "cannot open")):
            output, result = self.rebuild(f"--debug-shell={shell}")
            self.assert_one_line(result, 2)
            self.assertIn(told, result.err)
            self.assertFalse(output.exists())

    def test_a_pipe_has_no_place_for_it(self):
        result = slimimg("rebuild", self.image(), "-o", "-", f"--debug-shell={self.static()}")
        self.assert_one_line(result, 2)


class Annotations(ImageTest):
    def test_the_manifest_tells_of_what_and_when_it_was_made(self):
        output = self.folder / "slim.tar"
        image = self.fixture.docker(self.folder / "app.tar", Labels={"maintainer": "someone"})
        self.assert_fine(slimimg("rebuild", image, "-o", output, "-q"))
        with tarfile.open(output) as outer:
            index = json.load(outer.extractfile("index.json"))
            name = index["manifests"][0]["digest"].replace("sha256:", "blobs/sha256/")
            annotations = json.load(outer.extractfile(name))["annotations"]
        version = slimimg("--version").text.splitlines()[0].split()[-1]
        self.assertEqual(annotations["slimimg.version"], version)
        self.assertEqual(annotations["slimimg.source.name"], "app:1.0")
        self.assertRegex(annotations["slimimg.source.digest"], r"^sha256:[0-9a-f]{64}$")
        self.assertEqual(annotations["org.opencontainers.image.created"], "2023-11-14T22:13:20Z")
        labels = read(output)[1]["config"]["Labels"]
        self.assertEqual(labels, {"maintainer": "someone", "slimimg.version": version})


if __name__ == "__main__":
    main()
