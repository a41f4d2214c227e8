#!/usr/bin/env python3
"""The sandbox of the program itself: every command works in it, and it is there."""
import ctypes
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import unittest

from support import SLIMIMG, ImageTest, Layer, main, slimimg

ENOSYS = 38
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
CALLS = {"seccomp": {"x86_64": 317, "aarch64": 277}, "landlock": {"x86_64": 444, "aarch64": 444}}


def refuse(call):
    """For a child: a kernel without the system call, as old ones and strict containers are."""
    number = CALLS[call][os.uname().machine]
    instructions = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, ERRNO | ENOSYS),
                    (0x06, 0, 0, ALLOW)]
    code = b"".join(struct.pack("HBBI", *instruction) for instruction in instructions)
    program = struct.pack("HxxxxxxP", len(instructions), ctypes.addressof(
        keep := ctypes.create_string_buffer(code, len(code))))
    libc = ctypes.CDLL(None, use_errno=True)

    def enter():
        assert keep and libc.prctl(38, 1, 0, 0, 0) == 0
        assert libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0, ctypes.get_errno()

    return enter


def run(*args, **options):
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SLIMIMG_")}
    return subprocess.run([SLIMIMG, *map(str, args)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=300,
                          env={**clean, **options.pop("env", {})}, **options)


class SandboxTest(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        probe = slimimg("check", cls.fixture.docker(cls.fixture.folder / "probe.tar"), "--sandbox",
                        "require", "--fail-on", "never")
        if probe.code == 5:
            cls.fixture.close()
            raise unittest.SkipTest(probe.err.strip())

    def in_sandbox(self, *args, **options):
        return self.assert_fine(slimimg(*args, "--sandbox", "require", **options))


class Commands(SandboxTest):
    """Each does in the sandbox what it does without."""

    def both(self, *args, out=(), **options):
        """Runs without it and in it; the same is printed and written."""
        written = []
        for choice in ("none", "require"):
            result = self.assert_fine(slimimg(*args, "--sandbox", choice, **options))
            files = {}
            for name in out:
                place = self.folder / name
                files[name] = place.read_bytes() if place.is_file() else sorted(
                    (str(p.relative_to(place)), p.lstat().st_mode, p.is_file() and p.read_bytes())
                    for p in place.rglob("*"))
                subprocess.run(["rm", "-r", place], check=True)
            written.append((result.out, files))
        self.assertEqual(*written)

    def test_analyze_why_diff_and_check(self):
        image, oci = self.image(), self.fixture.oci(self.folder / "app.oci.tar")
        for form in (image, oci):
            self.both("analyze", form)
            self.both("why", form, "/app/bin/hello")
            self.both("check", form, "--fail-on", "never")
        self.both("diff", image, oci)
        self.both("check", image, oci, "--fail-on", "never", "--threads", "4")

    def test_rebuild_to_each_format(self):
        image = self.fixture.docker(self.folder / "app.tar", [
            *self.fixture.layers,
            Layer().folder("app/x").file("app/x/a", "text").folder("app/y")
            .hardlink("app/y/b", "app/x/a").bytes()])
        for form in ("docker", "oci", "oci-dir", "dir"):
            self.both("rebuild", image, "-o", self.folder / "slim", "--output-format", form,
                      "--include", "/app", out=["slim"])

    def test_rebuild_with_all_that_goes_with_it(self):
        image = self.image()
        base = self.fixture.docker(self.folder / "base.tar", [self.fixture.base])
        (self.folder / "settings.toml").write_text('[closure]\ninclude = ["/etc/os-release"]\n')
        self.both("rebuild", image, "-o", "slim.tar", "--base", base, "--config", "settings.toml",
                  "--report", "json=report", "--report", "report.html", "--sbom", "sbom.spdx.json",
                  "--compress", "zstd", "--strip", "--nonroot", cwd=self.folder,
                  out=["slim.tar", "report", "report.html", "sbom.spdx.json"])

    def test_a_debug_shell(self):
        if not os.path.exists("/bin/busybox"):
            self.skipTest("no busybox here")
        self.both("rebuild", self.image(), "-o", "slim.tar", "--debug-shell", cwd=self.folder,
                  out=["slim.tar", "slim-debug.tar"])

    def test_targets_over_links_and_over_what_is_there(self):
        image = self.image()
        for name in ("real", "elsewhere"):
            (self.folder / name).mkdir()
        (self.folder / "linked").symlink_to("real")
        (self.folder / "elsewhere/old.tar").write_bytes(b"old")
        (self.folder / "link.tar").symlink_to("elsewhere/old.tar")
        self.in_sandbox("rebuild", image, "-o", self.folder / "linked/slim.tar")
        self.in_sandbox("rebuild", image, "-o", self.folder / "link.tar")
        self.assertTrue((self.folder / "link.tar").is_symlink())
        self.assertEqual((self.folder / "real/slim.tar").read_bytes(),
                         (self.folder / "elsewhere/old.tar").read_bytes())
        layout = f"{self.folder}/layout/"
        for _ in range(2):  # the second takes the first one's place
            self.in_sandbox("rebuild", image, "-o", layout, "--output-format", "oci-dir")
        self.in_sandbox("rebuild", layout, "-o", layout)
        self.in_sandbox("rebuild", image, "-o", image)

    def test_pipes(self):
        image = self.image()
        data = image.read_bytes()
        spool = self.folder / "spool"
        spool.mkdir()
        self.both("rebuild", image, "-o", "-", "-q")
        self.both("rebuild", "-", "-o", "-", "-q", "--spool-dir", spool, stdin=data)
        self.both("analyze", "-", stdin=data, env={"TMPDIR": str(spool)})
        self.both("analyze", "/dev/stdin", stdin=data)
        self.both("analyze", image, "-q", "--report", "json=/dev/stdout")
        self.both("analyze", image, "--report", "json=/dev/null")
        self.assertEqual(os.listdir(spool), [])

    def test_a_cache(self):
        oci = self.fixture.oci(self.folder / "app.oci.tar")
        cache = self.folder / "a" / "cache"
        plain = self.assert_fine(slimimg("analyze", oci, "--sandbox", "none"))
        for _ in range(2):  # the first fills it
            result = self.in_sandbox("analyze", oci, "--cache", cache)
            self.assertEqual(result.out, plain.out)
            self.assertGreater(len([f for f in cache.iterdir() if len(f.name) > 64]), 0)
        self.in_sandbox("rebuild", oci, "-o", "slim.tar", "--cache", cache, "--cache-limit", "1kB",
                        cwd=self.folder)

    def test_named_pipes(self):
        image = self.image()
        for name in ("in", "out"):
            os.mkfifo(self.folder / name)
        script = ('cat app.tar > in & "$0" analyze in -q --sandbox require --report json=out & '
                  'cat out; wait $!')
        done = subprocess.run(["sh", "-c", script, SLIMIMG], cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(json.loads(done.stdout)["reduction"],
                         slimimg("analyze", image, "--format", "json").json["reduction"])

    def test_a_project_with_settings_a_baseline_and_ci(self):
        image = self.image()
        rules = self.folder / "rules"
        rules.mkdir()
        self.assert_fine(slimimg("analyze", image, "-q", "--report", rules / "old.json"))
        project = self.folder / "project"
        project.mkdir()
        (project / ".dive-ci").write_text("rules:\n  lowestEfficiency: 0.1\n")
        self.in_sandbox("check", image, "--init", cwd=project)
        with open(project / ".slimimg.toml", "a", encoding="utf-8") as settings:
            settings.write(f'\n[[image]]\nname = "app*"\n[image.check]\n'
                           f'baseline = "{rules}/old.json"\n')
        self.in_sandbox("check", image, cwd=project)
        summary = self.folder / "runner" / "summary"
        summary.parent.mkdir()
        for _ in range(2):  # the first makes it
            self.in_sandbox("check", image, cwd=project, env={
                "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)})
        self.assertGreater(summary.stat().st_size, 0)
        self.in_sandbox("check", image, cwd=project, env={
            "GITLAB_CI": "true", "CI_PROJECT_DIR": str(rules)})
        self.assertTrue((rules / "gl-junit-report.xml").exists())

    def test_the_image_of_another_user_s_folder(self):
        if os.geteuid() != 0:
            self.skipTest("needs another user")
        image = self.image()
        os.chmod(self.folder, 0o755)
        # The other user may not reach the program where it was built, such as below /root.
        done = run("rebuild", image, "-o", "-", "-q", "--sandbox", "require", user=65534,
                   group=65534, extra_groups=[], executable=shutil.copy(SLIMIMG, self.folder))
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_errors_are_the_same(self):
        image = self.image()
        for args in (["analyze", self.folder / "none.tar"], ["analyze", "/"],
                     ["rebuild", image, "-o", self.folder / "none/slim.tar"],
                     ["rebuild", image, "-o", self.folder],
                     ["analyze", image, "--spool-dir", self.folder / "none"]):
            results = [slimimg(*args, "--sandbox", choice) for choice in ("none", "require")]
            self.assertEqual(*((r.code, r.err) for r in results))


def state_of(status):
    """(no new privileges, mode of seccomp) of a thread."""
    text = status.read_text()
    return tuple(int(re.search(rf"^{key}:\s*(\d+)", text, re.MULTILINE)[1])
                 for key in ("NoNewPrivs", "Seccomp"))


class Entered(SandboxTest):
    def states(self, *args, **options):
        """Of all its threads while it waits for its input, by /proc."""
        pipe = self.folder / "input"
        os.mkfifo(pipe)
        process = subprocess.Popen([SLIMIMG, "analyze", pipe, *args], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE, **options)
        with open(pipe, "wb"):  # returns once it reads
            threads = pathlib.Path(f"/proc/{process.pid}/task").glob("*/status")
            states = [state_of(status) for status in threads]
        process.communicate(timeout=60)
        pipe.unlink()
        return states

    def test_all_threads_are_in_it(self):
        for args in ((), ("--sandbox", "require")):
            states = self.states(*args)
            self.assertGreaterEqual(len(states), 2)
            self.assertEqual(set(states), {(1, 2)})

    def test_none_is_none(self):
        self.assertEqual(set(self.states("--sandbox", "none")),
                         {state_of(pathlib.Path("/proc/self/status"))})


class Without(ImageTest):
    """Where the kernel has no sandbox, or a container's engine refuses it."""

    def test_auto_goes_without_and_require_says_so(self):
        if os.uname().machine not in CALLS["seccomp"]:
            self.skipTest("no numbers of system calls known")
        image = self.image()
        for call, word in (("landlock", "Landlock"), ("seccomp", "seccomp")):
            done = run("analyze", image, preexec_fn=refuse(call))
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            done = run("analyze", image, "--sandbox", "require", preexec_fn=refuse(call))
            self.assertEqual((done.returncode, done.stdout), (5, b""))
            self.assertRegex(done.stderr.decode(), rf"\Aslimimg: [^\n]*({word}|sanitizer)[^\n]*\n\Z")

    def test_a_word_that_is_none(self):
        self.assert_one_line(slimimg("analyze", self.image(), "--sandbox", "maybe"), 2)


if __name__ == "__main__":
    main()
