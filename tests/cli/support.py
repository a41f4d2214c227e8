"""What the end-to-end tests share: images made by hand, and the program run on them."""
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SLIMIMG = os.environ.get("SLIMIMG", "slimimg")
EPOCH = 1700000000


class Result:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode("utf-8", "replace")

    @property
    def text(self):
        return self.out.decode("utf-8")

    @property
    def json(self):
        return json.loads(self.out)


def slimimg(*args, stdin=None, env=None, cwd=None):
    """Runs slimimg without the caller's SLIMIMG_ variables and as outside of any CI service."""
    services = ("SLIMIMG_", "GITHUB_", "GITLAB_", "CI_")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(services) and k != "CI"}
    clean.update(env or {})
    return Result(
        subprocess.run(
            [SLIMIMG, *map(str, args)],
            input=stdin if stdin is not None else b"",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=clean,
            cwd=cwd,
            timeout=300,
            check=False,
        )
    )


class Layer:
    """A layer's tar, member by member."""

    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w", format=tarfile.PAX_FORMAT)

    def _add(self, name, kind, mode, content=b"", **fields):
        info = tarfile.TarInfo(name.lstrip("/"))
        info.type, info.mode, info.mtime, info.size = kind, mode, EPOCH, len(content)
        for key, value in fields.items():
            setattr(info, key, value)
        self.tar.addfile(info, io.BytesIO(content))
        return self

    def file(self, name, content=b"", mode=0o644, **fields):
        if isinstance(content, str):
            content = content.encode()
        return self._add(name, tarfile.REGTYPE, mode, content, **fields)

    def copy(self, name, source, mode=0o755):
        return self.file(name, pathlib.Path(source).read_bytes(), mode)

    def folder(self, name, mode=0o755, **fields):
        return self._add(name, tarfile.DIRTYPE, mode, **fields)

    def link(self, name, target):
        return self._add(name, tarfile.SYMTYPE, 0o777, linkname=target)

    def hardlink(self, name, target):
        return self._add(name, tarfile.LNKTYPE, 0o644, linkname=target.lstrip("/"))

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def config_of(layers, **container):
    return {
        "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, "amd64"),
        "os": "linux",
        "created": "2023-11-14T22:13:20Z",
        "config": container,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(data) for data in layers]},
        "history": [
            {"created": "2023-11-14T22:13:20Z", "created_by": f"COPY layer{i} /"}
            for i in range(len(layers))
        ],
    }


def write_tar(path, members):
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(content), EPOCH
            tar.addfile(info, io.BytesIO(content))
    return path


def docker_archive(path, layers, name="app:1.0", config=None, **container):
    """What docker save wrote before version 25."""
    config = json.dumps(config or config_of(layers, **container)).encode()
    members = {sha256(config) + ".json": config}
    manifest = [{"Config": sha256(config) + ".json", "RepoTags": [name], "Layers": []}]
    for data in layers:
        members[sha256(data) + "/layer.tar"] = data
        manifest[0]["Layers"].append(sha256(data) + "/layer.tar")
    members["manifest.json"] = json.dumps(manifest).encode()
    return write_tar(path, members)


def oci_archive(path, layers, name="app:1.0", **container):
    """An OCI layout in a tar, with gzip layers."""
    blobs = {}

    def blob(data, media_type):
        blobs["blobs/sha256/" + sha256(data)] = data
        return {"mediaType": media_type, "digest": "sha256:" + sha256(data), "size": len(data)}

    config = json.dumps(config_of(layers, **container)).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [
            blob(gzip.compress(data, mtime=0), "application/vnd.oci.image.layer.v1.tar+gzip")
            for data in layers
        ],
    }
    entry = blob(json.dumps(manifest).encode(), manifest["mediaType"])
    entry["annotations"] = {"org.opencontainers.image.ref.name": name}
    index = {"schemaVersion": 2, "manifests": [entry]}
    return write_tar(
        path,
        {
            "oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps(index).encode(),
            **blobs,
        },
    )


def compile_c(folder, name, source, *flags):
    """Compiles one C file; `name` is the output below `folder`."""
    output = folder / name
    output.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["gcc", "-x", "c", "-", "-x", "none", "-o", output, *map(str, flags)],
        input=source.encode(),
        check=True,
    )
    return output


def loaded_files(program):
    """The files that the host's loader maps for a program: {path as asked: path on the host}."""
    listing = subprocess.run(["ldd", program], stdout=subprocess.PIPE, check=True).stdout.decode()
    files = {}
    for line in listing.splitlines():
        words = line.split()
        if "=>" in words and words[2].startswith("/"):
            files[words[2]] = os.path.realpath(words[2])
        elif words[0].startswith("/"):
            files[words[0]] = os.path.realpath(words[0])
    return files


GREETER = """
#include <stdio.h>
void greet(const char *name) { printf("hello, %s\\n", name); }
"""
HELLO = """
void greet(const char *name);
int main(int argc, char **argv) { greet(argc > 1 ? argv[1] : "world"); return 0; }
"""
IDLE = "int main(void) { return 0; }"


class Fixture:
    """A small root file system around a compiled program, made once for a test program.

    /app/bin/hello finds /app/lib/libgreet.so.1, a symlink, through its RUNPATH; everything else
    is what images carry along: another program, documentation, a file that a layer deletes.
    """

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slimimg-test-"))
        greet = compile_c(
            self.folder, "libgreet.so.1.0", GREETER, "-shared", "-fPIC", "-Wl,-soname,libgreet.so.1"
        )
        hello = compile_c(
            self.folder, "hello", HELLO, greet, "-Wl,-rpath,$ORIGIN/../lib", "-Wl,--enable-new-dtags"
        )
        idle = compile_c(self.folder, "idle", IDLE)
        self.system_files = loaded_files(idle)
        base = Layer()
        for folder in ("etc", "usr", "usr/bin", "usr/lib", "usr/lib64"):
            base.folder(folder)
        base.link("bin", "usr/bin").link("lib", "usr/lib").link("lib64", "usr/lib64")
        for asked, real in self.system_files.items():
            base.copy("usr" + asked if asked.startswith("/lib") else asked, real)
        base.copy("usr/bin/idle", idle)
        base.file("usr/share/doc/idle/copyright", "text\n" * 1000)
        base.hardlink("usr/share/doc/idle/license", "usr/share/doc/idle/copyright")
        base.file("etc/os-release", "ID=test\n")
        base.file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/:/bin/sh\n")
        base.file("etc/deleted", "gone with the next layer")
        app = Layer()
        app.folder("app").folder("app/bin").folder("app/lib")
        app.file("app/bin/hello", hello.read_bytes(), 0o755, uid=1000, gid=1000)
        app.copy("app/lib/libgreet.so.1.0", greet)
        app.link("app/lib/libgreet.so.1", "libgreet.so.1.0")
        app.file("etc/.wh.deleted")
        self.base, self.app = base.bytes(), app.bytes()
        self.layers = [self.base, self.app]
        self.container = {"Entrypoint": ["/app/bin/hello"], "User": "1000", "WorkingDir": "/app"}

    def docker(self, path, layers=None, **container):
        return docker_archive(path, layers or self.layers, **{**self.container, **container})

    def oci(self, path, layers=None, **container):
        return oci_archive(path, layers or self.layers, **{**self.container, **container})

    def without_library(self, path):
        """An image whose program lacks a library."""
        broken = Layer().folder("app/lib").file("app/lib/.wh.libgreet.so.1.0").bytes()
        return self.docker(path, [*self.layers, broken])

    def close(self):
        shutil.rmtree(self.folder)


class ImageTest(unittest.TestCase):
    """A test with a fixture and a scratch folder."""

    @classmethod
    def setUpClass(cls):
        cls.fixture = Fixture()

    @classmethod
    def tearDownClass(cls):
        cls.fixture.close()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="slimimg-test-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def image(self):
        return self.fixture.docker(self.folder / "app.tar")

    def assert_fine(self, result):
        self.assertEqual((result.code, result.err), (0, ""))
        return result

    def assert_one_line(self, result, code):
        """A failure is told in one line on standard error and nowhere else."""
        self.assertEqual(result.code, code, result.err)
        self.assertRegex(result.err, r"\Aslimimg: [^\n]+\n\Z")
        return result


def paths(entries):
    return {entry["path"] for entry in entries}


def layer_of(archive):
    """The members of the one layer of a written docker-archive: {path: TarInfo}, and the tar."""
    with tarfile.open(archive) as outer:
        manifest = json.load(outer.extractfile("manifest.json"))
        (name,) = manifest[0]["Layers"]
        data = outer.extractfile(name).read()
    tar = tarfile.open(fileobj=io.BytesIO(data))
    return {"/" + m.name.strip("/").removeprefix("."): m for m in tar.getmembers()}, tar


def main():
    """Runs the tests of the calling file; the last line is "N passed, N failed"."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    failed = len(result.failures) + len(result.errors)
    passed = result.testsRun - failed - len(result.skipped)
    sys.stdout.flush()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or result.testsRun == 0 else 0)
