#!/usr/bin/env python3
"""demo_image.py ROOT.tar OUT.tar: a docker-archive of a root file system with nginx and a page."""
import hashlib
import io
import json
import os
import sys
import tarfile

CONFIG = b"""server {
    listen 80;
    root /srv/www;
}
"""
PAGE = b"<!doctype html><title>slimimg</title><p>Served by what is left.</p>\n"
CREATED = "2024-01-01T00:00:00Z"


def page_layer():
    """What a Dockerfile's COPY and RUN would add to the packages."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name, content=b"", **fields):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(content), 1704067200, 0o644
            for key, value in fields.items():
                setattr(info, key, value)
            tar.addfile(info, io.BytesIO(content))

        add("srv/www", type=tarfile.DIRTYPE, mode=0o755)
        add("srv/www/index.html", PAGE)
        add("etc/nginx/conf.d/demo.conf", CONFIG)
        add("etc/nginx/sites-enabled/.wh.default")
        for log, target in (("access.log", "/dev/stdout"), ("error.log", "/dev/stderr")):
            add("var/log/nginx/" + log, type=tarfile.SYMTYPE, mode=0o777, linkname=target)
    return buffer.getvalue()


def sha256_of_file(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def main(root, out):
    page = page_layer()
    base_id, page_id = sha256_of_file(root), hashlib.sha256(page).hexdigest()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = json.dumps(
        {
            "architecture": machine,
            "os": "linux",
            "created": CREATED,
            "config": {
                "Cmd": ["nginx", "-g", "daemon off;"],
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "ExposedPorts": {"80/tcp": {}},
                "StopSignal": "SIGQUIT",
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{base_id}", f"sha256:{page_id}"]},
            "history": [
                {"created": CREATED, "created_by": "RUN mmdebstrap --include=nginx-light bookworm"},
                {"created": CREATED, "created_by": "COPY page and configuration /"},
            ],
        }
    ).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    layers = [f"{base_id}/layer.tar", f"{page_id}/layer.tar"]
    manifest = [{"Config": config_name, "RepoTags": ["localhost/nginx-demo:full"], "Layers": layers}]
    with tarfile.open(out + ".part", "w") as tar:

        def add(name, content):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))

        tar.add(root, layers[0])
        add(layers[1], page)
        add(config_name, config)
        add("manifest.json", json.dumps(manifest).encode())
    os.rename(out + ".part", out)


if __name__ == "__main__":
    main(*sys.argv[1:])
