#!/usr/bin/env python3
"""The layer cache: what a run finds in it is what it would have found without, byte for byte, or
it is not used."""
import os
import pathlib
import random
import shutil
import subprocess
import unittest

from support import SLIMIMG, ImageTest, Layer, main, slimimg


class CacheTest(ImageTest):
    def setUp(self):
        super().setUp()
        self.cache = self.folder / "cache"

    def images(self):
        """Of both kinds of layers, plain and packed, one of them too large for memory."""
        noise = random.Random(1).randbytes(3 << 20)
        layers = [*self.fixture.layers, Layer().file("app/data", noise).bytes()]
        return [self.fixture.docker(self.folder / "plain.tar", layers),
                self.fixture.oci(self.folder / "packed.tar", layers)]

    def entries(self):
        return sorted(f for f in self.cache.iterdir() if f.suffix in (".scan", ".tar"))

    def steps(self, *args, **options):
        """What a run did, by its timings."""
        result = slimimg(*args, "-q", "--timings=json", **options)
        return result.err

    def assert_warm(self, *args, **options):
        told = self.steps(*args, **options)
        self.assertIn('"recall"', told)
        for step in ("inflate", "hash", "scan"):
            self.assertNotIn(f'"{step}"', told)


class Results(CacheTest):
    def test_every_command_tells_the_same(self):
        plain, packed = self.images()
        commands = [("analyze", plain), ("analyze", packed), ("why", packed, "/app/lib/libgreet.so.1"),
                    ("check", plain), ("check", packed, plain), ("diff", plain, packed)]
        for command in commands:
            cold = slimimg(*command, "--format", "json")
            for _ in range(2):
                warm = slimimg(*command, "--format", "json", "--cache", self.cache)
                self.assertEqual((warm.code, warm.out, warm.err), (cold.code, cold.out, cold.err))
            self.assert_warm(*command, "--cache", self.cache)

    def test_a_rebuild_writes_the_same(self):
        for image in self.images():
            written = []
            for args in ((), ("--cache", self.cache), ("--cache", self.cache)):
                target = self.folder / "slim.tar"
                self.assert_fine(slimimg("rebuild", image, "-o", target, "--include", "/app/data",
                                         *args))
                written.append(target.read_bytes())
            self.assertEqual(written[0], written[1])
            self.assertEqual(written[0], written[2])

    def test_a_shared_layer_is_known_from_another_image(self):
        old = self.fixture.oci(self.folder / "old.tar")
        new = self.fixture.oci(self.folder / "new.tar",
                               [self.fixture.base, Layer().copy("app/bin/hello", SLIMIMG).bytes()])
        self.assert_fine(slimimg("analyze", old, "--cache", self.cache))
        before = len(self.entries())
        self.assertIn('"name":"inflate","times":1,', self.steps("analyze", new, "--cache", self.cache))
        self.assertEqual(len(self.entries()), before + 2)

    def test_the_environment_names_it(self):
        image = self.image()
        self.assert_fine(slimimg("analyze", image, env={"SLIMIMG_CACHE": str(self.cache)}))
        self.assert_warm("analyze", image, env={"SLIMIMG_CACHE": str(self.cache)})

    def test_a_damaged_image_is_refused_with_a_warm_cache_too(self):
        for image in self.images():
            self.assert_fine(slimimg("analyze", image, "--cache", self.cache))
            data = bytearray(image.read_bytes())
            for at in range(len(data) // 3, len(data), len(data) // 7):
                damaged = bytearray(data)
                damaged[at] ^= 0x10
                image.write_bytes(damaged)
                cold = slimimg("analyze", image)
                warm = slimimg("analyze", image, "--cache", self.cache)
                self.assertEqual((warm.code, warm.out, warm.err), (cold.code, cold.out, cold.err))


class Entries(CacheTest):
    def test_damage_of_every_kind_is_noticed_and_mended(self):
        _, image = self.images()
        cold = self.assert_fine(slimimg("analyze", image, "--format", "json")).out
        self.assert_fine(slimimg("analyze", image, "--cache", self.cache))
        chance = random.Random(2)
        for file in self.entries():
            good = file.read_bytes()
            for damaged in (
                b"", good[:-1], good + b"x", good[: chance.randrange(len(good))], bytes(len(good)),
                good[: (at := chance.randrange(len(good)))] + bytes([good[at] ^ 4]) + good[at + 1:],
            ):
                file.unlink()
                file.write_bytes(damaged)
                warm = slimimg("analyze", image, "--format", "json", "--cache", self.cache)
                self.assertEqual(self.assert_fine(warm).out, cold)
                self.assertEqual(file.read_bytes(), good)

    def test_a_rebuild_begins_anew_where_an_entry_turns_out_to_be_damaged(self):
        _, image = self.images()
        target = self.folder / "out" / "slim.tar"
        target.parent.mkdir()
        rebuild = ("rebuild", image, "-o", target, "--include", "/app/data", "--cache", self.cache)
        self.assert_fine(slimimg(*rebuild))
        good = target.read_bytes()
        for file in (f for f in self.entries() if f.suffix == ".tar"):
            data = bytearray(file.read_bytes())
            data[len(data) // 2] ^= 1
            file.unlink()
            file.write_bytes(data)
            self.assertIn('"inflate"', self.steps(*rebuild))
            self.assertEqual(target.read_bytes(), good)
            self.assertEqual(list(target.parent.iterdir()), [target])
        self.assert_warm(*rebuild)

    def test_entries_of_another_version_are_left_alone(self):
        image = self.image()
        self.assert_fine(slimimg("analyze", image, "--cache", self.cache))
        for file in self.entries():
            self.assertRegex(file.name, r"\A[0-9a-f]{64}\.1-\d+\.\d+\.\d+\.scan\Z")
            file.rename(file.with_name(file.name.replace(".1-", ".0-")))
        self.assertIn('"hash"', self.steps("analyze", image, "--cache", self.cache))
        self.assert_warm("analyze", image, "--cache", self.cache)

    def test_several_processes_at_once(self):
        images = self.images()
        cold = [slimimg("analyze", image, "--format", "json").out for image in images]
        for _ in range(3):
            shutil.rmtree(self.cache, ignore_errors=True)
            runs = [subprocess.Popen([SLIMIMG, "analyze", images[i % 2], "--format", "json",
                                      "--cache", self.cache, "--cache-limit", "5MB"],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                    for i in range(8)]
            for i, run in enumerate(runs):
                out, err = run.communicate(timeout=300)
                self.assertEqual((run.returncode, out, err), (0, cold[i % 2], b""))
        self.assertFalse([f for f in self.cache.iterdir() if f.suffix not in (".scan", ".tar", ".TAG", "")])

    def test_the_limit_is_kept_to_by_what_was_not_used_for_longest(self):
        _, image = self.images()
        self.assert_fine(slimimg("analyze", image, "--cache", self.cache))
        for file in self.entries():
            os.utime(file, (1, 1))
        small = self.fixture.docker(self.folder / "small.tar", [Layer().file("a", "b").bytes()],
                                    Entrypoint=["/a"])
        slimimg("analyze", small, "--cache", self.cache, "--cache-limit", "100 kB")
        left = self.entries()
        self.assertTrue(left)
        self.assertLessEqual(sum(f.stat().st_size for f in left), 100_000)
        self.assertGreater(max(f.stat().st_mtime for f in left), 1)
        self.assert_one_line(slimimg("analyze", small, "--cache-limit", "much"), 2)


class Folders(CacheTest):
    def assert_done_without(self, folder, words, **options):
        image = self.image()
        cold = slimimg("analyze", image, "--format", "json")
        result = slimimg("analyze", image, "--format", "json", "--cache", folder, **options)
        self.assertEqual((result.code, result.out), (0, cold.out))
        self.assertRegex(result.err, rf"\Aslimimg: note: [^\n]*{words}[^\n]*\n\Z")
        quiet = slimimg("analyze", image, "-q", "--cache", folder, **options)
        self.assertEqual((quiet.code, quiet.err), (0, ""))

    def test_one_that_cannot_be_made(self):
        (self.folder / "file").write_text("x")
        self.assert_done_without(self.folder / "file" / "cache", "Not a directory")
        self.assert_done_without(self.folder / "file", "it is no folder")

    def test_one_that_others_may_write_to(self):
        self.cache.mkdir()
        self.cache.chmod(0o777)
        self.assert_done_without(self.cache, "others may write to it")
        self.assertEqual(os.listdir(self.cache), [])

    def test_one_of_another_user(self):
        if os.geteuid() != 0:
            self.skipTest("only root can give a folder away")
        self.cache.mkdir()
        os.chown(self.cache, 4711, 4711)
        self.assert_done_without(self.cache, "it belongs to another user")

    def test_one_without_room(self):
        self.cache.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", self.cache],
                              stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", self.cache], check=True)
        for image in self.images():
            cold = slimimg("analyze", image, "--format", "json")
            for _ in range(2):
                result = slimimg("analyze", image, "--format", "json", "--cache", self.cache)
                self.assertEqual((result.code, result.out), (0, cold.out))
        self.assertRegex(result.err, r"\Aslimimg: note: not all layers are kept in the cache: "
                                     r"[^\n]*No space left on device\n\Z")

    def test_what_else_stands_in_it_stays(self):
        self.cache.mkdir(mode=0o700)
        mine = self.cache / "mine.tar"
        mine.write_bytes(bytes(1 << 20))
        os.utime(mine, (1, 1))
        self.assert_fine(slimimg("analyze", self.image(), "--cache", self.cache,
                                 "--cache-limit", "0"))
        self.assertEqual(mine.stat().st_size, 1 << 20)
        self.assertEqual(self.entries(), [mine])


class Shared(CacheTest):
    """Without a cache, images that are read in one run share what they have in common."""

    def test_layers_of_several_images_are_scanned_once(self):
        first = self.fixture.oci(self.folder / "first.tar")
        second = self.fixture.oci(self.folder / "second.tar",
                                  [*self.fixture.layers, Layer().file("new", "x").bytes()])
        for command in (("check", first, second), ("check", first, second, "--threads", "1"),
                        ("diff", first, second)):
            self.assertIn('"name":"inflate","times":3,', self.steps(*command))
        self.assertIn('"name":"inflate","times":2,', self.steps("check", first))

    def test_each_copy_is_still_held_against_its_digest(self):
        first = self.image()
        second = self.folder / "second.tar"
        data = bytearray(first.read_bytes())
        data[data.index(b"ID=test\n")] ^= 1
        second.write_bytes(data)
        for images in ((first, second), (second, first)):
            result = slimimg("check", *images, "--threads", "1", "--format", "json")
            self.assertEqual(result.code, 3)
            self.assertIn(b"where the config says", result.out)
            self.assertEqual([image["error"] is not None if "error" in image else False
                              for image in result.json["images"]],
                             [image is second for image in images])


if __name__ == "__main__":
    main()
