#!/usr/bin/env python3
"""Faults, injected for real: full disks, limits, closed pipes, signals, files that change meanwhile.

Whatever happens, a target is the old one or the new one and never half of one, no temporary file
is left, and what went wrong is told in one line with the right exit code.
"""
import contextlib
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import time
import unittest

from support import SLIMIMG, ImageTest, Layer, main, slimimg

OLD = b"what was there before"


def start(*args, **options):
    """Runs slimimg beside the test."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLIMIMG_")}
    return subprocess.Popen(
        [SLIMIMG, *map(str, args)],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=options.pop("stdout", subprocess.PIPE),
        stderr=subprocess.PIPE,
        env={**clean, **options.pop("env", {})},
        **options,
    )


class FaultTest(ImageTest):
    def large_image(self, form="docker", megabytes=8):
        """With an incompressible file that stays, so that writing takes its time and its room."""
        noise = random.Random(1).randbytes(8 << 20) * (megabytes // 8)
        layers = [*self.fixture.layers, Layer().file("app/data", noise).bytes()]
        image = getattr(self.fixture, form)(self.folder / "large.tar", layers)
        return image

    def small_disk(self, name="disk", size="2m", *options):
        """An empty file system of its own."""
        place = self.folder / name
        place.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *options]), "tmpfs", place],
            stderr=subprocess.PIPE, check=False)
        if done.returncode != 0:
            raise unittest.SkipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", place], check=True)
        return place

    def old_target(self, folder=None):
        target = (folder or self.folder) / "slim.tar"
        target.write_bytes(OLD)
        return target

    @contextlib.contextmanager
    def nothing_changes(self, target):
        """The target's folder has the files it had, the target the bytes it had."""
        before = sorted(os.listdir(target.parent))
        content = target.read_bytes() if target.is_file() else None
        yield
        self.assertEqual(sorted(os.listdir(target.parent)), before)
        if content is not None:
            self.assertEqual(target.read_bytes(), content)

    def assert_told(self, process, code, words):
        error = process.communicate(timeout=120)[1].decode()
        self.assertEqual(process.returncode, code, error)
        self.assertRegex(error, rf"\Aslimimg: [^\n]*{words}[^\n]*\n\Z")


class Room(FaultTest):
    def test_a_full_disk_under_the_target(self):
        image = self.large_image()
        target = self.old_target(self.small_disk())
        with self.nothing_changes(target):
            process = start("rebuild", image, "-o", target, "--include", "/app/data")
            self.assert_told(process, 5, "slim.tar: No space left on device")

    def test_a_full_disk_under_a_layout(self):
        image = self.large_image()
        disk = self.small_disk()
        target = disk / "layout"
        with self.nothing_changes(target):
            process = start("rebuild", image, "-o", target, "--output-format", "oci-dir",
                            "--include", "/app/data")
            self.assert_told(process, 5, "No space left on device")

    def test_a_full_disk_under_the_spool_folder(self):
        image = self.large_image("oci")
        disk = self.small_disk("spool")
        for command in (["analyze"], ["rebuild", "-o", self.old_target()]):
            with self.nothing_changes(self.folder / "slim.tar"):
                process = start(*command, image, "--spool-dir", disk)
                self.assert_told(process, 5, "a temporary file in .*No space left on device: layer 2 "
                                 r"of .*large.tar needs 8\.4 MB \(8396800 bytes\) there, and "
                                 r"[\d.]+ .?B fitted; .*--spool-dir")
            self.assertEqual(os.listdir(disk), [])

    def test_a_full_disk_under_what_comes_out_of_a_pipe(self):
        image = self.large_image()
        disk = self.small_disk("spool")
        with open(image, "rb") as data:
            cat = subprocess.Popen(["cat"], stdin=data, stdout=subprocess.PIPE)
            process = start("analyze", "-", "--spool-dir", disk, stdin=cat.stdout)
            cat.stdout.close()
            self.assert_told(process, 5, "a temporary file in .*No space left on device: standard "
                             rf"input needs [\d.]+ MB \({image.stat().st_size} bytes\) there")
            self.assertEqual(cat.wait(), 0)  # it is read to its end, to tell the size
        self.assertEqual(os.listdir(disk), [])

    def test_a_small_image_out_of_a_pipe_needs_no_disk(self):
        small = self.fixture.docker(self.folder / "small.tar", [Layer().file("a", "b").bytes()],
                                    Entrypoint=["/a"])
        with open(small, "rb") as data:
            cat = subprocess.Popen(["cat"], stdin=data, stdout=subprocess.PIPE)
            process = start("analyze", "-", "-q", "--spool-dir", self.folder / "none",
                            stdin=cat.stdout)
            cat.stdout.close()
            error = process.communicate(timeout=120)[1].decode()
        self.assertNotIn("temporary", error)
        self.assertEqual(cat.wait(), 0)

    def test_a_limit_on_the_size_of_spooled_files(self):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (4 << 20, 4 << 20))

        process = start("analyze", self.large_image("oci"), preexec_fn=limit)
        self.assert_told(process, 5, r"File too large: layer 2 of .* needs 8\.4 MB .*4\.2 MB fitted")

    def test_a_full_disk_under_a_report(self):
        disk = self.small_disk("reports", "8k")
        report = disk / "report.json"
        report.write_bytes(OLD)
        with self.nothing_changes(report):
            process = start("analyze", self.image(), "-q", "--report", report)
            self.assert_told(process, 5, "report.json: No space left on device")

    def test_a_device_that_is_full(self):
        for args in (["analyze"], ["rebuild", "-o", "-"], ["why", "/app/bin/hello"]):
            with open("/dev/full", "wb") as full:
                process = start(args[0], self.image(), *args[1:], stdout=full)
                self.assert_told(process, 5, "standard output: No space left on device")
        with open("/dev/full", "wb") as full:
            self.assert_told(start("--help", stdout=full), 5, "standard output")

    def test_a_limit_on_the_size_of_files(self):
        image = self.large_image()
        target = self.old_target()

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

        with self.nothing_changes(target):
            process = start("rebuild", image, "-o", target, "--include", "/app/data",
                            preexec_fn=limit)
            self.assert_told(process, 5, "File too large")

    def test_a_limit_on_memory(self):
        image = self.large_image(megabytes=256)
        target = self.old_target()

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (200 << 20, 200 << 20))

        if re.search(rb"__[at]san_init", pathlib.Path(SLIMIMG).read_bytes()):
            self.skipTest("sanitizers need much more address space")
        with self.nothing_changes(target):
            process = start("rebuild", image, "-o", target, preexec_fn=limit)
            self.assert_told(process, 5, "Cannot allocate memory")


class Targets(FaultTest):
    def test_a_target_in_a_folder_that_is_not_there(self):
        target = self.folder / "none" / "slim.tar"
        self.assert_told(start("rebuild", self.image(), "-o", target), 5,
                         f"there is no folder {target.parent} for {target}; make it first")

    def test_a_target_that_is_a_folder(self):
        image = self.image()
        target = self.folder / "folder"
        target.mkdir()
        with self.nothing_changes(target):
            self.assert_told(start("rebuild", image, "-o", target), 2, "is a folder")

    def test_a_target_on_a_disk_that_is_read_only(self):
        disk = self.small_disk()
        target = self.old_target(disk)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        with self.nothing_changes(target):
            self.assert_told(start("rebuild", self.image(), "-o", target), 5,
                             "slim.tar: Read-only file system")

    def test_a_target_that_may_not_be_written(self):
        if os.geteuid() == 0:
            place = self.folder / "closed"
            place.mkdir(mode=0o755)
            os.chmod(self.folder, 0o755)
            image = shutil.copy(self.image(), place / "app.tar")
            # The other user may not reach the program where it was built, such as below /root.
            options = {"user": 65534, "group": 65534, "extra_groups": [],
                       "executable": shutil.copy(SLIMIMG, place)}
        else:
            place = self.folder / "closed"
            place.mkdir(mode=0o555)
            image, options = self.image(), {}
        self.assert_told(start("rebuild", image, "-o", place / "slim.tar", **options), 5,
                         "slim.tar: Permission denied")

    def test_a_target_that_is_the_input(self):
        image = self.image()
        whole = image.read_bytes()
        self.assert_fine(slimimg("rebuild", image, "-o", self.folder / "other.tar"))
        self.assert_fine(slimimg("rebuild", image, "-o", image))
        self.assertNotEqual(image.read_bytes(), whole)
        self.assertEqual(image.read_bytes(), (self.folder / "other.tar").read_bytes())
        self.assertEqual(sorted(os.listdir(self.folder)), ["app.tar", "other.tar"])

    def test_a_target_that_is_the_input_of_a_run_that_fails(self):
        image = self.fixture.without_library(self.folder / "app.tar")
        with self.nothing_changes(image):
            self.assert_one_line(slimimg("rebuild", image, "-o", image), 4)

    def test_a_layout_that_is_the_input(self):
        layout = self.folder / "layout"
        self.assert_fine(slimimg("rebuild", self.image(), "-o", layout, "--output-format", "oci-dir",
                                 "--include", "/usr/share/doc"))
        before = sum(f.stat().st_size for f in layout.rglob("*") if f.is_file())
        self.assert_fine(slimimg("rebuild", layout, "-o", layout))
        after = sum(f.stat().st_size for f in layout.rglob("*") if f.is_file())
        self.assertLess(after, before)
        self.assertEqual(sorted(os.listdir(self.folder)), ["app.tar", "layout"])

    def test_two_runs_on_one_target(self):
        image = self.large_image()
        for form in ("docker", "oci-dir"):
            alone, target = self.folder / f"alone-{form}", self.folder / f"both-{form}"
            args = ["--output-format", form, "--include", "/app/data"]
            self.assert_fine(slimimg("rebuild", image, "-o", alone, *args))
            runs = [start("rebuild", image, "-o", target, *args) for _ in range(3)]
            for run in runs:
                error = run.communicate(timeout=300)[1]
                self.assertEqual((run.returncode, error), (0, b""))
            subprocess.run(["diff", "-r", alone, target], check=True)
            self.assertEqual(list(self.folder.glob("both*")), [target])
            shutil.rmtree(target) if target.is_dir() else target.unlink()

    def test_a_report_in_the_image_s_place(self):
        image = self.image()
        target = self.old_target()
        for report in (target, f"{self.folder}/./slim.tar"):
            with self.nothing_changes(target):
                self.assert_one_line(
                    slimimg("rebuild", image, "-o", target, "--report", f"json={report}"), 2)

    def test_a_report_into_a_pipe(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        process = start("analyze", self.image(), "-q", "--report", f"json={pipe}")
        self.assertTrue(pipe.read_bytes().startswith(b"{"))
        self.assertEqual((process.communicate(timeout=60)[1], process.returncode), (b"", 0))
        self.assertTrue(pipe.is_fifo())


class Pipes(FaultTest):
    def start_unread(self, *args, **options):
        reading, writing = os.pipe()
        os.close(reading)
        self.addCleanup(os.close, writing)
        return start(*args, stdout=writing, **options)

    def test_a_pipe_that_nobody_reads_ends_the_program_as_others(self):
        image = self.image()
        for args in (["analyze", image], ["rebuild", image, "-o", "-"], ["help"], ["-h"],
                     ["why", image, "/app/bin/hello"], ["rebuild", "-h"], ["--version"]):
            process = self.start_unread(*args)
            self.assertEqual(process.communicate(timeout=60)[1], b"", args)
            self.assertEqual(process.returncode, -signal.SIGPIPE, args)

    def test_where_such_pipes_end_nothing_they_are_an_error(self):
        for args in (["analyze", self.image()], ["--help"]):
            # Not restored: this process ignores SIGPIPE, as Python does.
            process = self.start_unread(*args, restore_signals=False)
            self.assert_told(process, 5, "standard output: Broken pipe")

    def test_a_reader_that_leaves(self):
        process = start("rebuild", self.large_image(), "-o", "-", "-q", "--include", "/app/data")
        process.stdout.read(1000)
        process.stdout.close()
        with process.stderr:
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.wait(timeout=60), -signal.SIGPIPE)

    def test_standard_files_that_are_closed(self):
        """Nothing that is opened takes their place and is written to."""
        image = self.image()
        target = self.folder / "slim.tar"
        self.assert_fine(slimimg("rebuild", image, "-o", target, "-q"))
        whole = target.read_bytes()
        for closed, code in (("<&-", 0), (">&-", 5), ("2>&-", 0), ("<&- >&- 2>&-", 5)):
            target.write_bytes(OLD)
            done = subprocess.run(
                ["sh", "-c", f'"$0" rebuild "$1" -o "$2" {closed}', SLIMIMG, image, target],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, code, closed)
            self.assertEqual(target.read_bytes(), whole, closed)


class Signals(FaultTest):
    SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def setUp(self):
        super().setUp()
        # Whoever starts the tests with nohup ignores it, which processes inherit and respect.
        former = signal.signal(signal.SIGHUP, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGHUP, former)

    def assert_ended(self, process, number):
        error = process.communicate(timeout=120)[1].decode()
        self.assertEqual(process.returncode, -number, error)
        name = signal.Signals(number).name
        self.assertRegex(error, rf"\Aslimimg: ended by {name}, [^\n]*\n\Z")

    def test_while_it_waits_for_input(self):
        pipe = self.folder / "input"
        os.mkfifo(pipe)
        target = self.old_target()
        for number in self.SIGNALS:
            with self.nothing_changes(target):
                process = start("rebuild", pipe, "-o", target)
                with open(pipe, "wb") as writing:  # returns once it reads
                    writing.write(b"x" * 1000)
                    writing.flush()
                    process.send_signal(number)
                    self.assert_ended(process, number)

    def wait_for_temporary(self, process, before):
        while process.poll() is None and sorted(os.listdir(self.folder)) == before:
            time.sleep(0.0005)

    def test_while_it_writes(self):
        image = self.large_image(megabytes=24)
        for form, name in (("docker", "slim.tar"), ("oci-dir", "layout")):
            target = self.folder / name
            for number in self.SIGNALS:
                before = sorted(os.listdir(self.folder))
                process = start("rebuild", image, "-o", target, "--output-format", form,
                                "--include", "/app/data")
                self.wait_for_temporary(process, before)
                process.send_signal(number)
                self.assert_ended(process, number)
                self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_at_any_moment(self):
        image = self.large_image("oci")
        target = self.folder / "slim.tar"
        args = ["rebuild", image, "-o", target, "-q", "--include", "/app/data"]
        begun = time.monotonic()
        self.assert_fine(slimimg(*args))
        took = time.monotonic() - begun
        whole = target.read_bytes()
        moments = random.Random(7)
        seen = set()
        for i in range(40):
            target.write_bytes(OLD)
            process = start(*args)
            time.sleep(moments.uniform(0, took * 1.2))
            number = self.SIGNALS[i % 3]
            process.send_signal(number)
            error = process.communicate(timeout=120)[1].decode()
            seen.add(process.returncode)
            self.assertIn(process.returncode, (0, -number), error)
            if process.returncode == 0:
                self.assertEqual(target.read_bytes(), whole)
            else:
                self.assertIn(target.read_bytes(), (OLD, whole))
            self.assertEqual(sorted(os.listdir(self.folder)), ["large.tar", "slim.tar"])
        self.assertTrue(seen - {0}, "no signal came in time")

    def test_one_that_it_was_told_to_ignore(self):
        process = subprocess.run(
            ["sh", "-c", 'trap "" HUP; "$0" analyze "$1" -q & p=$!; kill -HUP $p; wait $p',
             SLIMIMG, self.image()], stderr=subprocess.PIPE, check=False)
        self.assertEqual((process.returncode, process.stderr), (0, b""))


class ChangingInput(FaultTest):
    def test_an_input_that_is_cut_short_meanwhile(self):
        """It has been listed, and may still be hashed, when the base image is asked for, which is a
        pipe here."""
        image = self.large_image()
        base = self.fixture.docker(self.folder / "base.tar", [self.fixture.base])
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        target = self.old_target()
        with self.nothing_changes(target):
            process = start("rebuild", image, "-o", target, "--base", pipe, "--include", "/app/data")
            with contextlib.suppress(BrokenPipeError), open(pipe, "wb", buffering=0) as writing:
                os.truncate(image, 0)
                writing.write(base.read_bytes())
            self.assert_told(process, 5, "cut short meanwhile")


if __name__ == "__main__":
    main()
