"""What an application's image is made of, and how the image is written."""
import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass, field
from typing import Callable

from . import debian

CREATED = "2024-01-01T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass
class Layer:
    """An instruction as the image's history tells it, and what it does: files, then a script.

    `make` gets a scratch folder and returns further files.
    """

    created_by: str
    script: str = ""
    files: dict[str, str | bytes] = field(default_factory=dict)
    make: Callable[[str], dict[str, str | bytes]] | None = None


@dataclass
class Recipe:
    """A Dockerfile in Python: FROM debian, RUN apt-get install, COPY files, RUN setup.

    `layers` stand between the packages and the files: those of the image that it is FROM. `make`,
    where there is one, gets a scratch folder and returns further files: what is compiled. Without
    `debian` the image starts FROM scratch.
    """

    packages: list[str] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)
    files: dict[str, str | bytes] = field(default_factory=dict)
    setup: str = ""
    make: Callable[[str], dict[str, str | bytes]] | None = None
    debian: bool = True
    entrypoint: list[str] = field(default_factory=list)
    cmd: list[str] = field(default_factory=list)
    env: list[str] = field(default_factory=list)
    user: str = ""
    workdir: str = ""
    config: dict = field(default_factory=dict)  # further keys of the image's config

    def image_config(self):
        config = {"Env": [PATH, *self.env], **self.config}
        for key, value in (("Entrypoint", self.entrypoint), ("Cmd", self.cmd),
                           ("User", self.user), ("WorkingDir", self.workdir)):
            if value:
                config[key] = value
        return config


def sha256_of_file(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_archive(out, layers, config, tag):
    """A docker-archive; `layers` is a list of (tar file, the instruction that made it)."""
    digests = [sha256_of_file(path) for path, _ in layers]
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    whole = json.dumps({
        "architecture": machine,
        "os": "linux",
        "created": CREATED,
        "config": config,
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest for digest in digests]},
        "history": [{"created": CREATED, "created_by": text} for _, text in layers],
    }).encode()
    config_name = hashlib.sha256(whole).hexdigest() + ".json"
    names = [digest + "/layer.tar" for digest in digests]
    manifest = [{"Config": config_name, "RepoTags": [tag], "Layers": names}]
    with tarfile.open(out + ".part", "w") as tar:
        for name, (path, _) in dict(zip(names, layers)).items():
            tar.add(path, name)
        for name, content in ((config_name, whole), ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    os.rename(out + ".part", out)


def made_files(make, tree, name):
    if make is None:
        return {}
    scratch = os.path.join(tree.work, name + ".make")
    os.makedirs(scratch, exist_ok=True)
    try:
        return make(scratch)
    finally:
        debian.shutil.rmtree(scratch)


def make_image(recipe, name, work, out):
    """Builds an application's image and writes it to `out`."""
    os.makedirs(work, exist_ok=True)
    if recipe.debian:
        base = debian.base_layer(work)
        layers = [(base, f"RUN mmdebstrap {debian.SUITE}")]
    else:
        base = os.path.join(work, "scratch.tar")
        tarfile.open(base, "w").close()
        layers = []
    made = []

    def add(tree, created_by):
        made.append(os.path.join(work, f"{name}.layer{len(made)}.tar"))
        tree.layer(made[-1])
        layers.append((made[-1], created_by))

    try:
        with debian.Tree(work, base) as tree:
            if recipe.packages:
                tree.install(recipe.packages)
                add(tree, "RUN apt-get install " + " ".join(recipe.packages))
            for layer in recipe.layers:
                tree.write(layer.files | made_files(layer.make, tree, name))
                if layer.script:
                    tree.chroot(layer.script)
                add(tree, layer.created_by)
            files = recipe.files | made_files(recipe.make, tree, name)
            if files:
                tree.write(files)
                add(tree, "COPY files /")
            if recipe.setup:
                tree.chroot(recipe.setup)
                add(tree, "RUN " + recipe.setup)
        write_archive(out, layers, recipe.image_config(), f"localhost/slimimg-test-{name}:full")
    finally:
        for layer in made:
            if os.path.exists(layer):
                os.unlink(layer)
