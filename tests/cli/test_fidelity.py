#!/usr/bin/env python3
"""Every kind of file through every form of output: headers stay, runs repeat, unpackers agree."""
import base64
import io
import itertools
import json
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import unittest

from support import SLIMIMG, ImageTest, Layer, main, slimimg

FORMATS = ("docker", "oci", "oci-dir")
CODECS = ("none", "gzip", "gzip:9", "zstd", "zstd:19")
CAPABILITY = base64.b64decode("AQAAAgAEAAAAAAAAAAAAAAAAAAA=")  # cap_net_bind_service=ep
# user::rw-, user:256:r--, group::r--, mask::r--, other::---
ACL = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHi", *entry)
    for entry in [(1, 6, -1), (2, 4, 256), (4, 4, -1), (16, 4, -1), (32, 0, -1)])
TIME = 1700000000
REAL_SIZE = 3 << 20


def text(data):
    return data.decode("utf-8", "surrogateescape")


def sparse(layer, name, pieces, size, **fields):
    """A file with holes as GNU tar's pax format 1.0 has it."""
    listed = [*[(at, len(data)) for at, data in pieces], (size, 0)]
    table = "\n".join(map(str, [len(listed), *itertools.chain(*listed)])) + "\n"
    stored = table.encode().ljust(-(-len(table) // 512) * 512, b"\0")
    stored += b"".join(data for _, data in pieces)
    records = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": name,
               "GNU.sparse.realsize": str(size)}
    layer.file("GNUSparseFile.0/" + os.path.basename(name), stored,
               pax_headers=records | fields.pop("pax_headers", {}), **fields)


def add_device(layer, name, kind, major, minor, **fields):
    layer._add(name, kind, 0o620, devmajor=major, devminor=minor, gid=5, **fields)


def kinds():
    """A layer below /kinds with every kind of entry and header there is."""
    layer = Layer()
    layer.folder("kinds", 0o2750, uid=7, gid=8)
    layer.file("kinds/plain", b"p" * 700, 0o640, uid=1000, gid=1001, uname="alice", gname="team")
    layer.file("kinds/set-id", b"s", 0o6755)
    layer.file("kinds/nothing", b"", 0o0)
    layer.file("kinds/attributes", b"x", pax_headers={
        "SCHILY.xattr.user.note": "a = b\nc", "SCHILY.xattr.user.bytes": text(b"\xff\xfe1"),
        "SCHILY.xattr.user.empty": ""})
    layer.file("kinds/capable", b"c", 0o755, uid=5, pax_headers={
        "SCHILY.xattr.security.capability": text(CAPABILITY)})
    layer.file("kinds/listed", b"l", 0o640, pax_headers={
        "SCHILY.xattr.system.posix_acl_access": text(ACL), "SCHILY.acl.access": "user::rw-"})
    layer.file("kinds/times", b"t", pax_headers={
        "mtime": "1600000000.123456789", "atime": "1600000001.5", "ctime": "1600000002.25"})
    layer.file("kinds/before-the-epoch", b"t", mtime=0, pax_headers={"mtime": "-1.5"})
    layer.file("kinds/ids", b"i", uid=3_000_000, gid=4_000_000_000)
    layer.file("kinds/" + "long" * 60, b"long")
    deep = ["deep" * 50] * 3
    layer.folder("kinds/" + deep[0]).folder("kinds/" + "/".join(deep[:2]))
    layer.file("kinds/" + "/".join(deep), b"deep")
    layer.file("kinds/" + text(b"\xe9t\xe9 \x01\n\xff"), b"latin", uid=9)
    layer.file("kinds/名前", b"name")
    layer.link("kinds/link", text(b"n\xffowhere/" + b"x" * 150))
    layer.folder("kinds/sticky", 0o1777, uid=3_000_000)
    add_device(layer, "kinds/char", tarfile.CHRTYPE, 5, 1)
    add_device(layer, "kinds/block", tarfile.BLKTYPE, 259, 70000)
    layer._add("kinds/fifo", tarfile.FIFOTYPE, 0o600, uid=3)
    sparse(layer, "kinds/sparse", [(4096, b"a" * 4096), (1 << 20, b"b" * 512)], REAL_SIZE,
           uid=11, pax_headers={"SCHILY.xattr.user.s": "1"})
    layer.file("kinds/first", b"one file", 0o600, uid=12, uname="bob",
               pax_headers={"SCHILY.xattr.user.h": "1", "comment": "kept"})
    for name in ("second", "third"):
        layer._add("kinds/" + name, tarfile.LNKTYPE, 0o600, linkname="kinds/first", uid=12,
                   uname="bob", pax_headers={"SCHILY.xattr.user.h": "1"})
    return layer.bytes()


def blobs(output):
    """The layers of a written image, plain."""
    if output.is_dir():
        read = lambda name: (output / name).read_bytes()
    else:
        with tarfile.open(output) as tar:
            members = {m.name: tar.extractfile(m).read() for m in tar if m.isfile()}
        read = members.__getitem__
    index = json.loads(read("index.json"))
    path = lambda entry: "blobs/" + entry["digest"].replace(":", "/")
    manifest = json.loads(read(path(index["manifests"][0])))
    for layer in manifest["layers"]:
        data = read(path(layer))
        if layer["mediaType"].endswith("zstd"):
            data = subprocess.run(["zstd", "-dc"], input=data, stdout=subprocess.PIPE,
                                  check=True).stdout
        yield data


def entries(data):
    """All that a tar says of its entries below /kinds, by path."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for m in tar:
            records = {k: v for k, v in m.pax_headers.items()
                       if k not in ("path", "linkpath", "size") and not k.startswith("GNU.sparse.")}
            size = m.size
            content = tar.extractfile(m).read() if m.isreg() else None
            path = "/" + m.name.strip("/")
            if path.startswith("/kinds"):
                found[path] = {"type": m.type, "mode": m.mode, "uid": m.uid, "gid": m.gid,
                               "mtime": m.mtime, "names": (m.uname, m.gname), "link": m.linkname,
                               "device": (m.devmajor, m.devminor), "sparse": m.issparse(),
                               "records": records, "size": size, "content": content}
    return found


def raw_content(path):
    with open(path, "rb") as file:
        return file.read()


def tree(root):
    """What a file system has below a folder, by path: as much as a tar can say."""
    found = {}
    root = os.fsencode(root)
    names = {}
    for folder, folders, files in os.walk(root):
        for name in [b"", *folders, *files] if folder == root else [*folders, *files]:
            path = os.path.join(folder, name) if name else folder
            state = os.lstat(path)
            link = stat.S_ISLNK(state.st_mode)
            found[path[len(root):]] = {
                "mode": state.st_mode, "owner": (state.st_uid, state.st_gid),
                "time": state.st_mtime_ns, "device": state.st_rdev,
                "xattrs": {} if link else {
                    name: os.getxattr(path, name) for name in sorted(os.listxattr(path))},
                "content": raw_content(path) if stat.S_ISREG(state.st_mode) else
                os.readlink(path) if link else None,
                "same": names.setdefault(state.st_ino, path[len(root):])
                if state.st_nlink > 1 and not stat.S_ISDIR(state.st_mode) else None}
    return found


class KindsTest(ImageTest):
    maxDiff = 4000

    def setUp(self):
        super().setUp()
        self.kinds = kinds()

    def image(self):
        return self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, self.kinds])

    def rebuild(self, *options, name="out", include=("/kinds",)):
        wanted = itertools.chain(*(("--include", path) for path in include))
        out = self.folder / name
        self.assert_fine(slimimg("rebuild", self.image(), "-o", out, *wanted, *options))
        return out

    def kept(self, out):
        return {k: v for data in blobs(out) for k, v in entries(data).items()}

    def assert_equal_entries(self, found, wanted):
        self.assertEqual(sorted(found), sorted(wanted))
        for path, entry in wanted.items():
            self.assertEqual(found[path] | {"content": None}, entry | {"content": None}, path)
            self.assertTrue(found[path]["content"] == entry["content"], path)


class Fidelity(KindsTest):
    def test_headers_are_equal_in_every_format_and_compression(self):
        before = entries(self.kinds)
        self.assertEqual(len(before), 25)
        for form, codec in itertools.product(FORMATS, CODECS):
            if codec.startswith("zstd") and not shutil.which("zstd"):
                continue
            with self.subTest(format=form, codec=codec):
                out = self.rebuild("--output-format", form, "--compress", codec,
                                   name=f"{form}-{codec}")
                self.assert_equal_entries(self.kept(out), before)

    def test_only_what_an_option_changes_changes(self):
        before = entries(self.kinds)
        # User 1000 runs the program; what that user owns becomes nonroot's.
        after = self.kept(self.rebuild("--nonroot", "--output-format", "oci"))
        before["/kinds/plain"].update(uid=65532, gid=65532)
        self.assert_equal_entries(after, before)

    def test_a_new_owner_keeps_the_holes(self):
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, self.kinds],
                                    User="11")
        out = self.folder / "out"
        self.assert_fine(slimimg("rebuild", image, "-o", out, "--include", "/kinds", "--nonroot",
                                 "--output-format", "oci"))
        wanted = entries(self.kinds)["/kinds/sparse"] | {"uid": 65532}
        found = self.kept(out)["/kinds/sparse"]
        self.assertEqual(found | {"gid": wanted["gid"]}, wanted)
        self.assertLess(sum(map(len, blobs(out))), 8 << 20)

    def test_another_name_of_a_hard_link_has_its_header(self):
        before = entries(self.kinds)
        after = self.kept(self.rebuild("--output-format", "oci", "--keep", "strict",
                                       include=("/kinds/second", "/kinds/third")))
        self.assertEqual(after["/kinds/second"], before["/kinds/first"])
        wanted = before["/kinds/third"] | {"link": "kinds/second"}
        self.assertEqual(after["/kinds/third"], wanted)

    def test_equal_bytes_on_one_thread_and_on_several(self):
        forms = [("dir", "none"), *itertools.product(FORMATS, CODECS)]
        for form, codec in forms:
            written = []
            for run, threads in enumerate(("1", "1", "2", "5")):
                compress = () if form == "dir" else ("--compress", codec)
                out = self.rebuild("--output-format", form, *compress, "--threads", threads,
                                   name=f"{form}-{codec}-{run}")
                written.append(tree(out) if out.is_dir() else out.read_bytes())
                if out.is_dir():
                    for entry in written[-1].values():
                        entry["time"] = 0 if form == "oci-dir" else entry["time"]
            with self.subTest(format=form, codec=codec):
                self.assertTrue(all(other == written[0] for other in written))


@unittest.skipIf(os.geteuid(), "owners and devices need root")
class Unpacked(KindsTest):
    """The same tree, as file systems have it."""

    def setUp(self):
        super().setUp()
        self.root = self.rebuild("--output-format", "dir", name="root")
        self.tree = tree(self.root)

    def test_it_is_what_the_layer_says(self):
        for path, entry in entries(self.kinds).items():
            found = self.tree[os.fsencode(path)]
            with self.subTest(path):
                if entry["type"] == tarfile.LNKTYPE:
                    self.assertEqual(found["same"], b"/kinds/first")
                    continue
                self.assertEqual(found["owner"], (entry["uid"], entry["gid"]))
                if entry["type"] != tarfile.SYMTYPE:
                    self.assertEqual(stat.S_IMODE(found["mode"]), entry["mode"])
                if entry["content"] is not None:
                    self.assertEqual(found["content"], entry["content"])
                wanted = {k.removeprefix("SCHILY.xattr."): v.encode("utf-8", "surrogateescape")
                          for k, v in entry["records"].items() if k.startswith("SCHILY.xattr.")}
                wanted.pop("user.empty", None)  # pax: an empty value stands for none
                self.assertEqual(found["xattrs"], wanted)
        self.assertEqual(self.tree[b"/kinds/times"]["time"], 1600000000123456789)
        self.assertEqual(self.tree[b"/kinds/before-the-epoch"]["time"], -1500000000)
        self.assertEqual(self.tree[b"/kinds/block"]["device"], os.makedev(259, 70000))
        self.assertLess(os.stat(self.root / "kinds/sparse").st_blocks * 512, REAL_SIZE // 2)

    @unittest.skipUnless(shutil.which("umoci"), "umoci is not installed")
    def test_umoci_unpacks_the_same_tree(self):
        layout = self.rebuild("--output-format", "oci-dir", "-t", "slim", name="layout")
        bundle = self.folder / "bundle"
        subprocess.run(["umoci", "unpack", "--image", f"{layout}:slim", bundle], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        theirs = tree(bundle / "rootfs")
        self.assertEqual(sorted(theirs), sorted(self.tree))
        for path, entry in self.tree.items():
            with self.subTest(path):
                self.assertEqual(theirs[path], entry)


class Folder(ImageTest):
    """--output-format dir as a command."""

    def rebuild(self, out, *options):
        return slimimg("rebuild", self.image(), "-o", out, "--output-format", "dir", *options)

    def test_a_folder_with_things_in_it_is_left_alone(self):
        out = self.folder / "out"
        out.mkdir()
        (out / "mine").write_text("precious")
        self.assert_one_line(self.rebuild(out), 2)
        self.assertEqual(os.listdir(out), ["mine"])

    def test_an_empty_folder_is_taken(self):
        (self.folder / "out").mkdir()
        self.assert_fine(self.rebuild(self.folder / "out"))
        self.assertTrue((self.folder / "out/app/bin/hello").exists())

    def test_it_goes_to_no_pipe_and_is_not_compressed(self):
        self.assert_one_line(self.rebuild("-"), 2)
        self.assert_one_line(self.rebuild(self.folder / "out", "--compress", "gzip"), 2)
        self.assertFalse((self.folder / "out").exists())

    def test_a_failure_leaves_nothing(self):
        image = self.fixture.without_library(self.folder / "broken.tar")
        result = slimimg("rebuild", image, "-o", self.folder / "out", "--output-format", "dir")
        self.assert_one_line(result, 4)
        self.assertEqual(os.listdir(self.folder), ["broken.tar"])

    def test_links_of_the_image_lead_nowhere(self):
        outside = self.folder / "outside"
        outside.mkdir()
        layer = Layer().link("app/out", str(outside)).link("app/up", "../../../../.." + str(outside))
        layer.file("app/out/x", "planted").file("app/up/y", "planted")
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer.bytes()])
        self.assert_fine(slimimg("rebuild", image, "-o", self.folder / "root", "--output-format",
                                 "dir", "--include", "/app/**", "--include", str(outside)))
        self.assertEqual(os.listdir(outside), [])
        inside = self.folder / ("root" + str(outside))
        self.assertEqual(sorted(os.listdir(inside)), ["x", "y"])

    def test_a_deep_tree(self):
        """With no call for each name of each path, which would be millions."""
        depth = 800
        layer = Layer()
        for names in range(1, depth + 1):
            layer.folder("d/" * names)
        image = self.fixture.docker(self.folder / "app.tar", [
            *self.fixture.layers, layer.file("d/" * depth + "file", "deep").bytes()])
        command = [os.environ.get("SLIMIMG", "slimimg"), "rebuild", image, "-o", self.folder / "out",
                   "--output-format", "dir", "--include", "/d"]
        self.assert_fine(slimimg(*command[1:]))
        self.assertEqual((self.folder / "out" / ("d/" * depth) / "file").read_text(), "deep")
        log = self.folder / "log"
        traced = subprocess.run(["strace", "-f", "-o", log, *command[:4],
                                 self.folder / "again", *command[5:], "--sandbox", "none"],
                                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
        if b"ptrace" in traced.stderr:
            self.skipTest("no process may be traced here")
        self.assertLess(len(log.read_text().splitlines()), 50 * depth)

    @unittest.skipIf(os.geteuid() or not shutil.which("setpriv"), "needs to change the user")
    def test_what_a_user_may_not_set_is_told(self):
        layer = Layer().file("app/set-id", b"s", 0o6755, uid=5)
        layer._add("app/null", tarfile.CHRTYPE, 0o666, devmajor=1, devminor=3)
        image = self.fixture.docker(self.folder / "app.tar", [*self.fixture.layers, layer.bytes()])
        os.chmod(self.folder, 0o777)
        done = subprocess.run(
            ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
             shutil.copy(SLIMIMG, self.folder), "rebuild", image, "-o", self.folder / "out",
             "--output-format", "dir", "--include", "/app", "--format", "json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        told = {d["code"]: d["path"] for d in json.loads(done.stdout)["diagnostics"]}
        self.assertEqual(told["unpack-device"], "/app/null")
        self.assertIn("unpack-owner", told)
        self.assertEqual(stat.S_IMODE(os.stat(self.folder / "out/app/set-id").st_mode), 0o755)


if __name__ == "__main__":
    main()
