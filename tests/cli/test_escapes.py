#!/usr/bin/env python3
"""Nothing is written but the targets: images that try to get out, run over in a watched folder.

All that a run is given (home, temporary folder, images, targets) is in one folder, where the images
aim at a victim. Its state is taken before and after: every change of a file or a folder shows in a
time that no program can set (ctime), one made and taken away again in that of the folder it was in.
What goes elsewhere is seen by strace. Without the sandbox too, which must not be what holds it.
"""
import io
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tarfile
import time
import unittest

from support import (EPOCH, SLIMIMG, ImageTest, Layer, compile_c, config_of, docker_archive, main,
                     sha256, slimimg, write_tar)

FIFO, DEVICE = tarfile.FIFOTYPE, tarfile.CHRTYPE


class Raw(Layer):
    """A layer whose names are written as they are."""

    def _add(self, name, kind, mode, content=b"", **fields):
        info = tarfile.TarInfo(name)
        info.type, info.mode, info.mtime, info.size = kind, mode, EPOCH, len(content)
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(content))
        return self

    def hardlink(self, name, target):
        return self._add(name, tarfile.LNKTYPE, 0o644, linkname=target)

    def special(self, name, kind):
        return self._add(name, kind, 0o666, devmajor=1, devminor=3)


def escapes(victim, up):
    """Layers that lead to `victim`, an absolute path, which is also `up` from a target's folder:
    {name: layers}."""
    secret = f"{victim}/secret"
    found = {}
    for title, name in (("up", f"{up}/secret"), ("far up", "../" * 40 + secret.lstrip("/")),
                        ("absolute", secret), ("double slash", "/" + secret),
                        ("middle", f"a/../{up}/secret"), ("dot", f"./{up}/./secret"),
                        ("backslash", f"{up}/secret".replace("/", "\\"))):
        found[f"a file's name, {title}"] = [Raw().file(name, "taken", 0o4777)]
        found[f"a folder's name, {title}"] = [Raw().folder(os.path.dirname(name) + "/new", 0o777)]
        found[f"a link's name, {title}"] = [Raw().link(name, "/etc/passwd")]
        found[f"a hard link's name, {title}"] = [Raw().file("own", "x").hardlink(name, "own")]
        found[f"a pipe's name, {title}"] = [Raw().special(name, FIFO)]
        found[f"a device's name, {title}"] = [Raw().special(name, DEVICE)]
        found[f"pax path, {title}"] = [Raw().file("x", "taken", pax_headers={"path": name})]
        found[f"pax linkpath, {title}"] = [
            Raw()._add("x", tarfile.LNKTYPE, 0o644, linkname="y", pax_headers={"linkpath": name})]
        found[f"a hard link to it, {title}"] = [
            Raw().hardlink("h", name).file("h", "taken", 0o777),
            Raw().file("h", "taken again", 0o4777)]
        found[f"a whiteout, {title}"] = [
            Raw().file(os.path.dirname(name) + "/.wh.secret"),
            Raw().file(os.path.dirname(name) + "/.wh..wh..opq")]
    for title, target in (("absolute", victim), ("relative", up), ("far", "../" * 40 + victim[1:])):
        link = Raw().link("esc", target)
        found[f"below a link, {title}"] = [
            Raw().link("esc", target).file("esc/secret", "taken", 0o4777).folder("esc/new")]
        found[f"below a link of another layer, {title}"] = [
            link, Raw().file("esc/secret", "taken", 0o4777).link("esc/l", "x").special("esc/p", FIFO)]
        found[f"below a chain of links, {title}"] = [
            Raw().link("c", target).link("b", "c/.").link("a", "b").folder("a/sub", 0o777)
            .file("a/secret", "taken")]
        found[f"a whiteout below a link, {title}"] = [
            Raw().link("esc", target), Raw().file("esc/.wh.secret").file("esc/sub/.wh..wh..opq")]
        found[f"a folder over a link, {title}"] = [
            Raw().link("esc", target), Raw().folder("esc", 0o777).file("esc/secret", "taken")]
        found[f"a link over a folder, {title}"] = [
            Raw().folder("esc").file("esc/secret", "x"), Raw().link("esc", target)]
        found[f"a file over a link, {title}"] = [
            Raw().link("f", target + "/secret").file("f", "taken", 0o4777),
            Raw().file("f", "taken again", 0o777)]
        found[f"a hard link to a link, {title}"] = [
            Raw().link("l", target + "/secret").hardlink("h", "l"),
            Raw().file("h", "taken", 0o777, pax_headers={"SCHILY.xattr.user.a": "b"})]
        found[f"a hard link through a link, {title}"] = [
            Raw().link("esc", target).hardlink("h", "esc/secret").file("h", "taken")]
        found[f"owner and times of a link, {title}"] = [
            Raw()._add("l", tarfile.SYMTYPE, 0o4777, linkname=target + "/secret", uid=12, gid=34,
                       pax_headers={"mtime": "1.5", "SCHILY.xattr.user.a": "b"})]
        found[f"a link in the place of /etc, {title}"] = [
            Raw().link("etc", target), Raw().file("etc/passwd", "root:x:0:0::/:/bin/sh\n")]
    found["the root is a link"] = [Raw().link(".", victim).link("/", victim).file("secret", "x")]
    found["a pipe, then written"] = [Raw().special("p", FIFO).file("p", "x"), Raw().file("p", "y")]
    found["a name of a temporary"] = [Raw().file("slim.XXXXXX", "x").link("slim.old", victim)]
    return {name: [layer.bytes() for layer in layers] for name, layers in found.items()}


def archives(victim, up, folder):
    """Archives and layouts that lead there: their own names, links and digests. {name: path}"""
    secret = f"{victim}/secret"
    layer = Layer().file("x", "x").bytes()
    config = json.dumps(config_of([layer], Entrypoint=["/x"])).encode()

    def docker(title, config_name="c.json", layer_name="l.tar", **more):
        manifest = [{"Config": config_name, "RepoTags": [f"{up}/x:1"], "Layers": [layer_name]}]
        path = folder / f"{len(list(folder.iterdir()))}.tar"
        write_tar(path, {config_name: config, layer_name: layer,
                         "manifest.json": json.dumps(manifest).encode(), **more})
        return {f"docker: {title}": path}

    found = {**docker("config up", config_name=f"{up}/secret"),
             **docker("layer up", layer_name=f"{up}/secret"),
             **docker("layer absolute", layer_name=secret),
             **docker("a member more", **{f"{up}/secret": b"taken"})}
    linked = folder / "linked.tar"
    with tarfile.open(linked, "w") as tar:
        for name in ("manifest.json", "index.json", "oci-layout", "blobs"):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, secret
            tar.addfile(info)
    found["docker: members are links"] = linked
    layout = folder / "layout"
    shutil.copytree(victim, layout, symlinks=True)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index = {"schemaVersion": 2, "manifests": [{
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 6,
        "digest": f"sha256:{up}/{up}/secret"}]}
    (layout / "index.json").write_text(json.dumps(index))
    found["layout: a digest that leads up"] = layout
    links = folder / "links"
    (links / "blobs").mkdir(parents=True)
    (links / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    index["manifests"][0]["digest"] = "sha256:" + sha256(b"secret")
    (links / "index.json").write_text(json.dumps(index))
    (links / "blobs/sha256").symlink_to(victim)
    found["layout: its blobs are a link"] = links
    return found


def state(folder, leave_out):
    """Of all below `folder`: {path: what lstat and the content tell}, without reading times."""
    found = {}
    for place, names, files in os.walk(folder):
        names[:] = [n for n in names if os.path.join(place, n) not in leave_out]
        for path in (place, *(os.path.join(place, n) for n in (*names, *files))):
            status = os.lstat(path)
            content = b""
            if stat.S_ISREG(status.st_mode):
                content = pathlib.Path(path).read_bytes()
            elif stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            found[path] = (status.st_mode, status.st_ino, status.st_nlink, status.st_uid,
                           status.st_gid, status.st_mtime_ns, status.st_ctime_ns, content)
    return found


AT_CALLS = "openat openat2 mkdirat mknodat symlinkat linkat renameat renameat2 unlinkat fchmodat " \
           "fchownat utimensat".split()
NAME_CALLS = "open creat mkdir mknod symlink link rename unlink rmdir chmod chown lchown truncate " \
             "setxattr lsetxattr removexattr lremovexattr utime utimes".split()
QUOTED = r'"((?:[^"\\]|\\.)*)"'


def changed_paths(log):
    """What the calls in strace's log change by name, as absolute paths."""
    for line in log.splitlines():
        call = re.match(r"(?:\[pid +\d+\] |\d+ +)?(\w+)\((.*)", line)
        if not call or (call[1].startswith("open") and
                        not re.search("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", line)):
            continue
        if call[1] in AT_CALLS:
            pairs = re.findall(r"(?:AT_FDCWD|\d+)<([^>]*)>, " + QUOTED, call[2])
            if not pairs:  # futimens
                pairs = [(at, "") for at in re.findall(r"\A\d+<([^>]*)>", call[2])]
            for at, name in pairs:
                yield os.path.normpath(os.path.join(at, name))
        elif call[1] in NAME_CALLS:
            names = re.findall(QUOTED, call[2])
            for name in {"symlink": names[1:], "rename": names, "link": names}.get(
                    call[1], names[:1]):
                yield os.path.normpath(name)


def changed(before, now):
    """The paths that differ, in short."""
    return sorted(path for path in {*before, *now} if before.get(path) != now.get(path))


class Escapes(ImageTest):
    def setUp(self):
        super().setUp()
        self.out, self.tmp, self.victim, self.images, self.home = (
            self.folder / name for name in ("out", "tmp", "victim", "images", "home"))
        for place in (self.out, self.tmp, self.victim, self.images, self.home):
            place.mkdir()
        (self.victim / "secret").write_bytes(b"secret")
        (self.victim / "sub").mkdir()
        (self.victim / "sub/deep").write_bytes(b"deep")
        os.chmod(self.victim / "secret", 0o600)
        # From a target's folder, which is two below; "docker" has names of its own below that.
        self.up = "../../victim"
        keep = ["--keep", "packages", "--include", "/**", "--allow-missing", "*"]
        docker, oci, layout, self.unpack = (
            ["rebuild", "-o", self.out / "slim", "--output-format", form, *keep]
            for form in ("docker", "oci", "oci-dir", "dir"))
        self.others = [["analyze"], ["check", "--fail-on", "never"], ["why", "/secret"], oci, layout,
                       [*docker, "--layers", "split", "--nonroot"],
                       [*docker, "--sbom", "--report", self.out / "r.html"]]

    def run_one(self, command, image, *options):
        """One of the outcomes that are documented."""
        arguments = [command[0], image, *command[1:], *options]
        result = slimimg(*arguments, cwd=self.home,
                         env={"HOME": str(self.home), "TMPDIR": str(self.tmp)})
        self.assertIn(result.code, (0, 2, 3, 4), f"{arguments}: {result.err}")
        return result

    def all_images(self):
        found = archives(str(self.victim), self.up, self.images)
        program = Layer().copy("app", compile_c(
            self.folder, "app", "void _start(void) { for (;;); }", "-static", "-nostdlib")).bytes()
        for number, (name, layers) in enumerate(escapes(str(self.victim), self.up).items()):
            found[name] = docker_archive(self.images / f"e{number}.tar", [program, *layers],
                                         Entrypoint=["/app"])
        return found

    def empty(self, folder):
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()

    def test_nothing_changes_around_the_targets(self):
        images = self.all_images()
        self.assertGreater(len(images), 100)
        left_out = {str(self.out), str(self.tmp)}
        time.sleep(0.05)  # a clock's tick: what changes from here on has another ctime
        before = state(self.folder, left_out)
        unpacked = 0
        for number, (name, image) in enumerate(images.items()):
            for command, choice in ((self.unpack, "none"), (self.unpack, "auto"),
                                    (self.others[number % len(self.others)], "none")):
                with self.subTest(image=name, command=command, sandbox=choice):
                    result = self.run_one(command, image, "--sandbox", choice)
                    if result.code == 0:
                        unpacked += command == self.unpack
                    else:
                        self.assertEqual(os.listdir(self.out), [])
                    self.empty(self.out)
                    self.assertEqual(os.listdir(self.tmp), [])
                    self.assertEqual(changed(before, state(self.folder, left_out)), [])
        self.assertGreater(unpacked, len(images))  # twice those that engines take too

    def test_no_call_changes_anything_elsewhere(self):
        log = self.folder / "log"
        tracer = ["strace", "-f", "-y", "-qq", "-o", log, "-e",
                  "trace=" + ",".join("?" + call for call in AT_CALLS + NAME_CALLS)]
        probe = self.out / "probe"
        try:
            subprocess.run([*tracer, "touch", probe], check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            self.skipTest("no strace, or no process may be traced here")
        self.assertIn(str(probe), list(changed_paths(log.read_text())))
        probe.unlink()
        env = {**os.environ, "HOME": str(self.home), "TMPDIR": str(self.tmp),
               "ASAN_OPTIONS": "detect_leaks=0"}  # leaks are looked for by tracing
        commands = [self.unpack, *self.others]
        for number, (name, image) in enumerate(self.all_images().items()):
            command = commands[number % len(commands)]
            with self.subTest(image=name, command=command):
                subprocess.run([*tracer, SLIMIMG, command[0], image, *command[1:], "--sandbox",
                                "none"], env=env, cwd=self.home, check=False,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for path in changed_paths(log.read_text()):
                    self.assertTrue(
                        path.startswith((f"{self.out}/", f"{self.tmp}/", "/proc/self/fd/"))
                        or path in (str(self.tmp), "/dev/null"), path)
                self.empty(self.out)

    def test_the_watch_sees_what_it_should(self):
        """A change that is undone, with its time set back."""
        secret = self.victim / "secret"
        before = state(self.folder, {str(self.out)})
        (self.out / "x").touch()
        self.assertEqual(changed(before, state(self.folder, {str(self.out)})), [])
        status = os.lstat(secret)
        time.sleep(0.05)
        secret.write_bytes(b"secret")
        os.utime(secret, ns=(status.st_atime_ns, status.st_mtime_ns))
        (self.home / "x").touch()
        (self.home / "x").unlink()
        self.assertEqual(changed(before, state(self.folder, {str(self.out)})),
                         [str(self.home), str(secret)])


if __name__ == "__main__":
    main()
