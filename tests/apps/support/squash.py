"""An image with all of its layers made one, of which the history says nothing."""
import hashlib
import io
import json
import posixpath
import tarfile

OPAQUE = ".wh..wh..opq"
WHITEOUT = ".wh."


def remove(tree, path, itself=True):
    for name in [name for name in tree
                 if name.startswith(path + "/") or (itself and name == path)]:
        del tree[name]


def merge(layers):
    """Path to (layer, member), as the OCI layer specification has it."""
    tree = {}
    for layer in layers:
        for member in layer:
            path = posixpath.normpath(member.name).lstrip("/")
            folder, name = posixpath.split(path)
            if path == ".":
                continue
            if name == OPAQUE:
                remove(tree, folder, itself=False)
            elif name.startswith(WHITEOUT):
                remove(tree, posixpath.join(folder, name[len(WHITEOUT):]))
            else:
                if path in tree and not member.isdir():
                    remove(tree, path)
                tree[path] = (layer, member)
    return tree


def write_layer(tree, path):
    """Hard links last, so that what they lead to is there."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as out:
        for name, (layer, member) in sorted(tree.items(), key=lambda item: item[1][1].islnk()):
            member.name = name
            if member.islnk():
                member.linkname = posixpath.normpath(member.linkname).lstrip("/")
            out.addfile(member, layer.extractfile(member) if member.isreg() else None)


def squash(archive, out):
    with tarfile.open(archive) as image:
        manifest = json.load(image.extractfile("manifest.json"))[0]
        config = json.load(image.extractfile(manifest["Config"]))
        layers = [tarfile.open(fileobj=image.extractfile(name)) for name in manifest["Layers"]]
        write_layer(merge(layers), out + ".layer")
    with open(out + ".layer", "rb") as layer:
        digest = hashlib.file_digest(layer, "sha256").hexdigest()
        config["rootfs"]["diff_ids"] = ["sha256:" + digest]
        config["history"] = [{"created": config["created"], "created_by": "squashed"}]
        manifest.update(Config="config.json", Layers=["layer.tar"])
        with tarfile.open(out, "w") as image:
            image.add(out + ".layer", "layer.tar")
            for name, content in (("config.json", config), ("manifest.json", [manifest])):
                data = json.dumps(content).encode()
                member = tarfile.TarInfo(name)
                member.size = len(data)
                image.addfile(member, io.BytesIO(data))
