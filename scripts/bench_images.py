#!/usr/bin/env python3
"""Makes the images that scripts/bench measures with: the same arguments give the same bytes.

    scripts/bench_images.py [--megabytes N] [--files N] [--layers N] [--elf N] [--closure N]
                            [--seed N] [--codec none|gzip|zstd] OUT.tar

The data model, after images of services on Debian (docs/results.md's nginx is one):

    kinds     `elf` ELF files; of the others two in three are text and one in three is data
    sizes     lognormal: text around 1.2 KB (sigma 1.6), data 0.4 KB (1.6), ELF 35 KB (1.5), no file
              over 64 times its kind's share; all scaled so that they add up to `megabytes`
    entropy   text of 6,000 words and code of 4,000 instructions, each less frequent with its rank
              to the power of 1.6; data is half random, half zeros
    ELF       x86-64, with symbols (one in 400 bytes, SONAMEs, no versions), a fifth read-only data (half of
              it texts), the rest code; sections and a hash table, so that it is read like any other
    closure   /usr/bin/app and `closure` libraries, each needed by one before it and needing up to two
              after it, found through /usr/lib/x86_64-linux-gnu and a symlink; they are every second of the
              largest ELF files. Each has two paths of the image in its data, the program has ten, and
              names of tools and libraries
    packages  dpkg's status, and list and md5sums of each: 40 files are one, the first 20,000
              files have owners, those beyond stand in folders of 40 below /srv/app
    layers    half of the files in the first, the others dealt evenly; the program is in the last
    forms     docker-archive with plain layers; with a codec an oci-archive (gzip -6, zstd -3)

Not in the model: scripts, interpreters, hard links, symbol versions, extended attributes.
"""
import argparse
import dataclasses
import errno
import hashlib
import io
import itertools
import json
import os
import random
import string
import struct
import subprocess
import sys
import tempfile

EPOCH = 1700000000
CHUNK = 1 << 20
ZEROS = bytes(CHUNK)
LIBRARIES = "usr/lib/x86_64-linux-gnu"
LOADER = "lib64/ld-linux-x86-64.so.2"
LIBC_NAMES = ("open", "fopen", "dlopen", "dlsym", "execvp", "system", "getenv", "memcpy", "strlen",
              "malloc", "free", "printf", "socket", "connect", "getpwnam", "setlocale")
CODECS = {"gzip": ["gzip", "-n", "-6", "-c"], "zstd": ["zstd", "-q", "-3", "-c"]}
PACKAGE_FILES, OWNED_FILES = 40, 20000


@dataclasses.dataclass(frozen=True)
class Model:
    megabytes: float = 130
    files: int = 4000
    layers: int = 6
    elf: int = 800
    closure: int = 60
    seed: int = 1


class Pools:
    """What contents are cut from: longer than any codec's window here, so that a repeat is none."""

    def __init__(self, rng):
        letters = string.ascii_lowercase
        words = ["".join(rng.choices(letters, k=rng.randint(2, 11))) for _ in range(6000)]
        ends = [" ", " ", " ", " ", " ", " ", ", ", ".\n", "_", "=", "\n    "]
        self.words = words
        size = 8 * CHUNK
        picked = self._ranked(rng, words, 1.6, size // 7)
        self.text = "".join(itertools.chain.from_iterable(
            zip(picked, rng.choices(ends, k=len(picked))))).encode()
        code = [rng.randbytes(rng.randint(1, 7)) for _ in range(4000)]
        self.code = b"".join(itertools.chain.from_iterable(
            zip(self._ranked(rng, code, 1.55, size // 5), rng.choices(
                [b"", b"", b"", b"\0\0"] + [bytes([i]) for i in range(1, 250, 62)], k=size // 5))))
        self.data = b"".join(rng.randbytes(40) + bytes(8) * rng.randint(0, 12)
                             for _ in range(size // 90))
        texts = self._ranked(rng, words, 1.3, size // 10)
        self.texts = "".join(itertools.chain.from_iterable(
            zip(texts, rng.choices(["\0", " ", " ", " %s ", "_"], k=len(texts))))).encode()

    @staticmethod
    def _ranked(rng, values, power, count):
        weights = itertools.accumulate((rank + 3) ** -power for rank in range(len(values)))
        return rng.choices(values, cum_weights=list(weights), k=count)

    @staticmethod
    def cut(rng, pool, size):
        """`size` bytes of a pool, from another place each MiB."""
        view = memoryview(pool)
        while size > 0:
            part = min(size, CHUNK)
            start = rng.randrange(len(pool) - part)
            yield view[start:start + part]
            size -= part


@dataclasses.dataclass
class Elf:
    soname: str = ""
    needed: tuple = ()
    imports: tuple = ()   # names that the needed ones export
    exports: tuple = ()
    texts: tuple = ()     # that must stand in its data
    program: bool = False


def exports_of(soname, size):
    stem = soname.partition(".")[0]
    return tuple(f"{stem}_call_{i}" for i in range(min(3000, size // 400)))


def elf_file(elf, size, pools, rng):
    """The chunks of an ELF file of this size, or larger where its tables need more."""
    strings = bytearray(1)

    def name(text):
        at = len(strings)
        strings.extend(text.encode() + b"\0")
        return at

    base = 0x200
    dynamic = [(1, name(text)) for text in elf.needed]
    if elf.soname:
        dynamic.append((14, name(elf.soname)))
    symbols = [bytes(24)]
    symbols += [struct.pack("<IBBHQQ", name(text), 0x12, 0, 0, 0, 0) for text in elf.imports]
    symbols += [struct.pack("<IBBHQQ", name(text), 0x12, 0, 7, 0x1000, 16) for text in elf.exports]
    count = len(symbols)
    interpreter = ("/" + LOADER + "\0").encode() if elf.program else b""
    table, names = b"".join(symbols), bytes(strings)
    # DT_HASH with one bucket: right in its counts, which is what a reader takes from it.
    hashes = struct.pack("<III", 1, count, 0) + bytes(4 * count)
    at, places, parts = base, {}, []
    for key, content in (("interp", interpreter), ("dynsym", table), ("dynstr", names),
                         ("hash", hashes)):
        content += bytes(-len(content) % 8)
        places[key] = (at, len(content))
        parts.append(content)
        at += len(content)
    dynamic += [(5, places["dynstr"][0]), (10, len(names)), (6, places["dynsym"][0]), (11, 24),
                (4, places["hash"][0]), (0, 0)]
    if elf.program:
        dynamic.insert(0, (0x6FFFFFFB, 0x08000000))
    packed = b"".join(struct.pack("<QQ", *entry) for entry in dynamic)
    places["dynamic"] = (at, len(packed))
    parts.append(packed)
    at += len(packed)
    section_names = b"\0.interp\0.dynsym\0.dynstr\0.hash\0.dynamic\0.rodata\0.text\0.shstrtab\0"
    tail = 64 * 9 + len(section_names)
    left = max(0, size - at - tail)
    named = b"".join(text.encode() + b"\0" for text in elf.texts)
    constant = max(left // 5, len(named) + 1) // 8 * 8 + 8
    code = max(0, left - constant) // 8 * 8
    places["rodata"], places["text"] = (at, constant), (at + constant, code)
    end = at + constant + code

    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, places["text"][0] if elf.program else 0, 64,
        end + len(section_names) + -len(section_names) % 8, 0, 64, 56, 4, 64, 9, 8)
    loads = [(1, 4, 0, at + constant), (1, 5, at + constant, code), (2, 4, *places["dynamic"]),
             (3, 4, *places["interp"]) if elf.program else (0x6474E551, 6, 0, 0)]
    header += b"".join(struct.pack("<IIQQQQQQ", kind, flags, start, start, start, length, length, 8)
                       for kind, flags, start, length in loads)
    yield header + bytes(base - len(header)) + b"".join(parts)
    # Named texts stand between others, a zero byte before each.
    texts = (constant - len(named) - 1) // 2
    yield from pools.cut(rng, pools.texts, texts)
    yield b"\0" + named
    yield from pools.cut(rng, pools.data, constant - len(named) - 1 - texts)
    yield from pools.cut(rng, pools.code, code)
    sections = [bytes(64)]
    for key, kind, flags, link, entry in (("interp", 1, 2, 0, 0), ("dynsym", 11, 2, 3, 24),
                                          ("dynstr", 3, 2, 0, 0), ("hash", 5, 2, 2, 4),
                                          ("dynamic", 6, 3, 3, 16), ("rodata", 1, 2, 0, 0),
                                          ("text", 1, 6, 0, 0)):
        start, length = places[key]
        sections.append(struct.pack("<IIQQQQIIQQ", section_names.index(b"." + key.encode()), kind,
                                    flags, start, start, length, link, int(key == "dynsym"), 8, entry))
    sections.append(struct.pack("<IIQQQQIIQQ", section_names.index(b".shstrtab"), 3, 0, 0, end,
                                len(section_names), 0, 0, 1, 0))
    yield section_names + bytes(-len(section_names) % 8) + b"".join(sections)


def header(name, size, mode=0o644, kind=b"0", link=b""):
    """A ustar header; sizes from 8 GiB on as GNU tar writes them."""
    if len(name) > 100:
        raise ValueError(f"{name}: longer than a header's field")
    length = b"%011o\0" % size if size < 8 << 30 else b"\x80" + size.to_bytes(11, "big")
    start = b"%b%07o\0%b%b%011o\0" % (name.encode().ljust(100, b"\0"), mode, b"0000000\0" * 2, length,
                                      EPOCH)
    end = kind + link.ljust(100, b"\0") + b"ustar\00000"
    total = sum(start) + 8 * 32 + sum(end)
    return (start + b"%06o\0 " % total + end).ljust(512, b"\0")


class Tar:
    """A tar that is written front to back. A chunk that is a number is a hole of so many bytes."""

    def __init__(self, path):
        self.file = open(path, "wb", buffering=CHUNK)
        self.folders = set()

    def folder(self, path):
        if path and path not in self.folders:
            self.folder(path.rpartition("/")[0])
            self.folders.add(path)
            self.file.write(header(path + "/", 0, 0o755, b"5"))

    def add(self, path, size, chunks, mode=0o644):
        self.folder(path.rpartition("/")[0])
        self.file.write(header(path, size, mode))
        for chunk in chunks:
            if isinstance(chunk, int):
                self.file.seek(chunk, os.SEEK_CUR)
            else:
                self.file.write(chunk)
        self.file.write(bytes(-size % 512))

    def link(self, path, target):
        self.folder(path.rpartition("/")[0])
        self.file.write(header(path, 0, 0o777, b"2", target.encode()))

    def close(self):
        self.file.write(bytes(1024))
        self.file.close()


def chunks_of(path):
    """A file's content, with holes as the numbers of their bytes."""
    with open(path, "rb") as file:
        at, end = 0, os.path.getsize(path)
        while at < end:
            data = os.lseek(file.fileno(), at, os.SEEK_DATA) if has_data(file, at) else end
            if data > at:
                yield data - at
                at = data
                continue
            part = min(CHUNK, os.lseek(file.fileno(), at, os.SEEK_HOLE) - at)
            yield os.pread(file.fileno(), part, at)
            at += part


def has_data(file, at):
    try:
        os.lseek(file.fileno(), at, os.SEEK_DATA)
        return True
    except OSError as error:
        if error.errno == errno.ENXIO:
            return False
        raise


def sha256(path):
    digest = hashlib.sha256()
    for chunk in chunks_of(path):
        if isinstance(chunk, int):
            for at in range(0, chunk, CHUNK):
                digest.update(ZEROS[:min(CHUNK, chunk - at)])
        else:
            digest.update(chunk)
    return digest.hexdigest()


@dataclasses.dataclass
class File:
    path: str
    kind: str             # text, data, elf; or "as is" with its content
    size: int = 0
    content: object = None  # an Elf, or bytes
    mode: int = 0o644
    link: str = ""        # a symlink that stands beside it


def sizes(rng, model):
    """Sizes by kind, all together as large as asked."""
    plain = max(0, model.files - model.elf)
    drawn = {kind: [rng.lognormvariate(0, sigma) * median for _ in range(count)]
             for kind, count, median, sigma in (("elf", model.elf, 35000, 1.5),
                                                ("text", plain - plain // 3, 1200, 1.6),
                                                ("data", plain // 3, 400, 1.6))}
    for values in drawn.values():
        largest = 64 * sum(values) / max(64, len(values))
        values[:] = [min(value, largest) for value in values]
    scale = model.megabytes * 1e6 / sum(map(sum, drawn.values()))
    return {kind: [int(value * scale) for value in values] for kind, values in drawn.items()}


def place(number, kind):
    """Where a file that nothing asks for stands."""
    folder = number // PACKAGE_FILES
    if number >= OWNED_FILES:
        return f"srv/app/modules/m{folder}/{kind}{number}"
    where = {"elf": f"{LIBRARIES}/pkg{folder}", "text": f"usr/share/pkg{folder}",
             "data": f"usr/share/pkg{folder}/data"}[kind]
    return f"{where}/{kind}{number}" + (".so" if kind == "elf" else "")


def program_files(rng, model, drawn, others):
    """The program and its libraries, largest first; the rest of the ELF files is left in `drawn`."""
    by_size = sorted(drawn["elf"], reverse=True)
    count = min(model.closure + 1, len(by_size))
    taken = [min(2 * i, len(by_size) - count + i) for i in range(count)]
    chosen = [by_size[i] for i in taken]
    left = set(taken)
    drawn["elf"] = [size for i, size in enumerate(by_size) if i not in left]
    rng.shuffle(drawn["elf"])
    app_size, *library_sizes = chosen if chosen else [0]
    names = [f"libbench{i}.so.1" for i in range(len(library_sizes))]
    exports = [exports_of(name, size) for name, size in zip(names, library_sizes)]
    texts = [file.path for file in others if file.kind == "text"]

    def paths(count):
        return tuple("/" + path for path in rng.sample(texts, min(count, len(texts))))

    def imports(indices):
        return sum((exports[i][:20] for i in indices), ()) + LIBC_NAMES[:8]

    needs = {i: set() for i in range(-1, len(names))}
    for i in range(len(names)):
        needs[rng.randint(max(-1, i // 2 - 2), i - 1)].add(i)
        if i + 1 < len(names):
            needs[i].add(rng.randint(i + 1, len(names) - 1))
    for i, (name, size) in enumerate(zip(names, library_sizes)):
        needed = sorted(needs[i])
        yield File(f"{LIBRARIES}/{name}.0", "elf", size, Elf(
            name, (*[names[j] for j in needed], "libc.so.6"), imports(needed), exports[i], paths(2)),
            link=f"{LIBRARIES}/{name}")
    needed = sorted(needs[-1])
    yield File("usr/bin/app", "elf", app_size, Elf(
        "", (*[names[j] for j in needed], "libc.so.6"), imports(needed) + LIBC_NAMES[8:], (),
        paths(10) + ("tool-0", "tool-1", "libplugin.so", "/etc/app.conf"), True), 0o755)


def records(owned):
    """dpkg's, of the files as they are dealt to packages."""
    status = []
    for number in range(0, len(owned), PACKAGE_FILES):
        package = f"pkg{number // PACKAGE_FILES}"
        paths = [file.path for file in owned[number:number + PACKAGE_FILES]]
        folders = sorted({"/" + path.rpartition("/")[0] for path in paths})
        status.append(f"Package: {package}\nStatus: install ok installed\nPriority: optional\n"
                      f"Section: libs\nInstalled-Size: 100\nMaintainer: Nobody <nobody@example.org>\n"
                      f"Architecture: amd64\nVersion: 1.{number}-1\nDepends: libc6\n"
                      f"Description: package {package}\n")
        info = f"var/lib/dpkg/info/{package}"
        listed = "/.\n" + "".join(f"{path}\n" for path in folders) + "".join(
            f"/{path}\n" for path in paths)
        sums = "".join(f"{hashlib.md5(path.encode()).hexdigest()}  {path}\n" for path in paths)
        yield File(info + ".list", "as is", content=listed.encode())
        yield File(info + ".md5sums", "as is", content=sums.encode())
    yield File("var/lib/dpkg/status", "as is", content="\n".join(status).encode())


def files_of(model, rng):
    """All files of an image, those of the first layer first."""
    drawn = sizes(rng, model)
    tools = [File(f"usr/bin/tool-{i}", "elf", 20000,
                  Elf(needed=("libc.so.6",), imports=LIBC_NAMES[:4], program=True), 0o755)
             for i in range(20)]
    others = [File("", kind, size) for kind in ("text", "data") for size in drawn[kind]]
    rng.shuffle(others)
    for number, file in enumerate(others):
        file.path = place(number, file.kind)
    linked = list(program_files(rng, model, drawn, others))
    modules = [File(place(number, "elf"), "elf", size,
                    Elf(f"elf{number}.so", ("libc.so.6",), LIBC_NAMES[:8],
                        exports_of(f"elf{number}.so", size)))
               for number, size in enumerate(drawn["elf"])]
    *libraries, app = linked
    mixed = others + modules + libraries
    rng.shuffle(mixed)
    loader = File(LOADER.replace("lib64", LIBRARIES), "elf", 200000,
                  Elf("ld-linux-x86-64.so.2", exports=("_dl_start",)), 0o755,
                  link="usr/" + LOADER)
    libc = File(f"{LIBRARIES}/libc.so.6", "elf", 1900000, Elf(
        "libc.so.6", ("ld-linux-x86-64.so.2",), exports=LIBC_NAMES + exports_of("libc", 1 << 20)))
    owned = [loader, libc, *tools, *[file for file in mixed if not file.path.startswith("srv/")]]
    fixed = [File("etc/passwd", "as is", content=b"root:x:0:0:root:/root:/bin/sh\n"),
             File("etc/group", "as is", content=b"root:x:0:\n"),
             File("etc/os-release", "as is", content=b"ID=debian\nVERSION_ID=12\n")]
    conf = File("etc/app.conf", "as is", content=b"mode = bench\n")
    first = [*fixed, loader, libc, *tools, *records(owned)]
    return first, [*mixed, conf, app]


def write(tar, file, pools, rng):
    if file.kind == "as is":
        tar.add(file.path, len(file.content), [file.content])
    elif file.kind == "elf":
        chunks = list(elf_file(file.content, file.size, pools, rng))
        tar.add(file.path, sum(map(len, chunks)), chunks, file.mode)
    else:
        tar.add(file.path, file.size, pools.cut(rng, getattr(pools, file.kind), file.size))
    if file.link:
        target = os.path.relpath(file.path, os.path.dirname(file.link))
        tar.link(file.link, target)


def write_layers(model, folder):
    """Writes the plain layers; gives their paths."""
    rng = random.Random(model.seed)
    pools = Pools(random.Random(model.seed))
    first, others = files_of(model, rng)
    base = len(others) if model.layers == 1 else len(others) // 2
    upper = model.layers - 1
    cuts = [0, base] + [base + (len(others) - base) * (i + 1) // upper for i in range(upper)]
    layers = []
    for number in range(model.layers):
        layers.append(os.path.join(folder, f"layer{number}.tar"))
        tar = Tar(layers[-1])
        if number == 0:
            for name in ("bin", "lib", "lib64", "sbin"):
                tar.link(name, "usr/" + name)
            for file in first:
                write(tar, file, pools, rng)
        for file in others[cuts[number]:cuts[number + 1]]:
            write(tar, file, pools, rng)
        tar.close()
    return layers


def write_small_layer(path, text=b"a new layer\n"):
    """A layer of one small file."""
    tar = Tar(path)
    tar.add("etc/new-layer", len(text), [text])
    tar.close()
    return path


# Of the layers that write_large_layer makes, by the file's size: to hash them takes longer than all
# else, and slimimg holds them against the bytes.
LARGE_LAYERS = {
    100_000_000: "45c10fe6be5a6c47be99155431f9d5e3e9cdef7b54d84d6378aa2f2abb90e78e",
    500_000_000: "1a04e340b341cab71032f60f4cf70ab0f5df29a79b28904b8efd9423750dc5c9",
    1_000_000_000: "381817b1f0e89a6fdae368a73368f0c6cc83906df0b9e906073798db21a53251",
    3_000_000_000: "583905e21c9e3f338de7f2357bbe207b8723739052ef22532436023d7e48ac52",
    10_000_000_000: "0f3eb43ef66004861a663824c7dbed504f33ebda074e9014508eabd4261abe7c",
}


def write_large_layer(path, size):
    """A layer of one file that is a hole: large without taking room. Gives the digest too."""
    tar = Tar(path)
    tar.add("srv/large", size, [size])
    tar.close()
    return path, LARGE_LAYERS.get(size) or sha256(path)


def compressed(layers, codec):
    """The layers with this codec, beside them, two at a time."""
    blobs = [f"{layer}.{codec}" for layer in layers]
    running = []
    for layer, blob in zip(layers, blobs):
        with open(blob, "wb") as file:
            running.append(subprocess.Popen([*CODECS[codec], layer], stdout=file))
        while len(running) >= (os.cpu_count() or 1):
            wait(running.pop(0))
    for process in running:
        wait(process)
    return blobs


def wait(process):
    if process.wait() != 0:
        raise subprocess.CalledProcessError(process.returncode, process.args)


def config_of(layers, command, digests=None):
    """The config; the digests are computed where none are given."""
    digests = digests or [sha256(layer) for layer in layers]
    return json.dumps({
        "architecture": "amd64", "os": "linux", "created": "2023-11-14T22:13:20Z",
        "config": {"Entrypoint": command},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest for digest in digests]},
        "history": [{"created": "2023-11-14T22:13:20Z", "created_by": f"COPY layer{i} /"}
                    for i in range(len(layers))]}).encode()


def docker_archive(layers, out, command=("/usr/bin/app",), config=None):
    """Plain layers as docker save wrote them."""
    config = config or config_of(layers, command)
    digests = [diff_id.partition(":")[2] for diff_id in json.loads(config)["rootfs"]["diff_ids"]]
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    names = [digest + "/layer.tar" for digest in digests]
    manifest = json.dumps([{"Config": config_name, "RepoTags": ["bench:1"], "Layers": names}]).encode()
    tar = Tar(out)
    for name, layer in dict(zip(names, layers)).items():
        tar.add(name, os.path.getsize(layer), chunks_of(layer))
    tar.add(config_name, len(config), [config])
    tar.add("manifest.json", len(manifest), [manifest])
    tar.close()


def oci_archive(blobs, codec, config, out):
    """An OCI layout with these blobs as layers."""
    tar = Tar(out)
    added = set()

    def add(media_type, digest, size, chunks):
        if digest not in added:
            tar.add("blobs/sha256/" + digest, size, chunks)
            added.add(digest)
        return {"mediaType": "application/vnd.oci.image." + media_type,
                "digest": "sha256:" + digest, "size": size}

    def add_bytes(media_type, content):
        return add(media_type, hashlib.sha256(content).hexdigest(), len(content), [content])

    manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                "config": add_bytes("config.v1+json", config),
                "layers": [add(f"layer.v1.tar+{codec}", sha256(blob), os.path.getsize(blob),
                               chunks_of(blob)) for blob in blobs]}
    entry = add_bytes("manifest.v1+json", json.dumps(manifest).encode())
    index = json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode()
    layout = b'{"imageLayoutVersion": "1.0.0"}'
    tar.add("index.json", len(index), [index])
    tar.add("oci-layout", len(layout), [layout])
    tar.close()


def main():
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for field in dataclasses.fields(Model):
        options.add_argument("--" + field.name, type=field.type, default=field.default, metavar="N")
    options.add_argument("--codec", choices=["none", *CODECS], default="none")
    options.add_argument("out", metavar="OUT.tar")
    given = vars(options.parse_args())
    codec, out = given.pop("codec"), given.pop("out")
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(out))) as folder:
        layers = write_layers(Model(**given), folder)
        if codec == "none":
            docker_archive(layers, out)
        else:
            oci_archive(compressed(layers, codec), codec, config_of(layers, ["/usr/bin/app"]), out)


if __name__ == "__main__":
    sys.exit(main())
