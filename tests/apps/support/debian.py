"""Root file systems of Debian packages, and the layers that a Dockerfile would make of them."""
import os
import shutil
import subprocess
import tempfile
import time

SUITE = "bookworm"
NEEDED = ("mmdebstrap", "unshare", "chroot", "tar")
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "DEBIAN_FRONTEND": "noninteractive",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
}
# As debian:slim is made: no manuals and no translations.
SLIM = ["path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*",
        "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright"]
TAR = ["tar", "--numeric-owner", "--xattrs", "--xattrs-include=*"]
LISTS_LIVE = 6 * 3600


class Link(str):
    """What a symlink leads to, where files are given."""


class BuildError(Exception):
    """An image could not be made: the mirror, the packages or this machine's rights."""


def run(command, **options):
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                              check=False, stdin=subprocess.DEVNULL, timeout=900, **options)
    except subprocess.TimeoutExpired as late:
        raise BuildError(f"{' '.join(command)[:200]}: no end in sight") from late
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise BuildError(f"{' '.join(command)[:200]}: exit code {done.returncode}\n{tail}")
    return done.stdout


def in_own_mounts(mounts, command, proc):
    """A command line that runs a shell command where (folder, inside) are mounted, nowhere else.

    In a chroot, whose root is no mount, mounts can't be made private: there they are taken away at
    the end.
    """
    lines = [f"mount --bind '{folder}' '{inside}'" for folder, inside in mounts]
    unshare = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={proc}"]
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL,
                      check=False).returncode == 0:
        lines.append(f"exec {command}")
    else:
        unshare.append("--propagation=unchanged")
        inside = " ".join(f"'{place}'" for place in [proc, *(inside for _, inside in mounts)])
        lines.insert(0, f"trap \"umount -l {inside}\" EXIT")
        lines.append(command)
    return [*unshare, "sh", "-ec", "\n".join(lines)]


def base_layer(work):
    """The tar of a minimal Debian, made once."""
    base = os.path.join(work, "debian.tar")
    if not os.path.exists(base):
        part = os.path.join(work, "debian.part.tar")
        run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=usr-is-merged",
             "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
             *(f"--dpkgopt={option}" for option in SLIM),
             '--customize-hook=rm -f "$1"/etc/resolv.conf "$1"/etc/hostname',
             "--customize-hook=rm -f \"$1\"/var/cache/apt/*.bin", SUITE, part])
        os.rename(part, base)
    return base


def snapshot(root):
    """What tells whether an entry changed, by path below the root."""
    entries = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            state = os.lstat(path)
            entries[os.path.relpath(path, root)] = (state.st_ino, state.st_ctime_ns)
    return entries


class Tree:
    """A root file system on disk that layers are taken from as it changes."""

    def __init__(self, work, base):
        self.work = work
        self.root = tempfile.mkdtemp(prefix="root-", dir=work)
        os.chmod(self.root, 0o755)
        run([*TAR, "-xpf", base, "-C", self.root])
        self.before = snapshot(self.root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.root, ignore_errors=True)

    def chroot(self, script):
        """Runs a shell script inside, as RUN does; apt's lists and packages stay outside."""
        mounts = []
        for name, inside in (("lists", "var/lib/apt/lists"), ("archives", "var/cache/apt/archives")):
            cache = os.path.join(self.work, "apt", name)
            os.makedirs(os.path.join(cache, "partial"), exist_ok=True)
            mounts.append((cache, f"{self.root}/{inside}"))
        command = in_own_mounts(mounts, f"chroot '{self.root}' /bin/sh -euc \"$SCRIPT\"",
                                f"{self.root}/proc")
        resolver, policy = (os.path.join(self.root, name)
                            for name in ("etc/resolv.conf", "usr/sbin/policy-rc.d"))
        shutil.copyfile("/etc/resolv.conf", resolver)
        with open(policy, "w", encoding="ascii") as file:
            file.write("#!/bin/sh\nexit 101\n")  # no package starts its service here
        os.chmod(policy, 0o755)
        try:
            run(command, env={**ENVIRONMENT, "SCRIPT": script})
        finally:
            os.unlink(resolver)
            os.unlink(policy)

    def install(self, packages):
        stamp = os.path.join(self.work, "apt", "updated")
        if not os.path.exists(stamp) or time.time() - os.path.getmtime(stamp) > LISTS_LIVE:
            self.chroot("apt-get -q -o Acquire::Retries=3 update")
            with open(stamp, "w", encoding="ascii"):
                pass
        # Packages with alternatives want the folders that the exclusion of manuals took away.
        self.chroot("mkdir -p $(seq -f /usr/share/man/man%g 1 8)\n"
                    "apt-get -q -y -o Acquire::Retries=3 -o APT::Keep-Downloaded-Packages=1 "
                    f"install --no-install-recommends {' '.join(packages)}\n"
                    "rm -f /var/cache/apt/*.bin")

    def write(self, files):
        """Puts text or bytes at absolute paths, as COPY does; what starts with #! is executable."""
        for name, content in files.items():
            path = self.root + name
            if not os.path.realpath(os.path.dirname(path)).startswith(self.root):
                raise BuildError(f"{name} leads out of the image's root through a link")
            os.makedirs(os.path.dirname(path), exist_ok=True)
            if os.path.lexists(path):
                os.unlink(path)
            if isinstance(content, Link):
                os.symlink(content, path)
                continue
            data = content.encode() if isinstance(content, str) else content
            with open(path, "wb") as file:
                file.write(data)
            os.chmod(path, 0o755 if data.startswith((b"#!", b"\x7fELF")) else 0o644)

    def layer(self, out):
        """Writes what changed since the last layer."""
        now = snapshot(self.root)
        changed = {path for path, state in now.items() if self.before.get(path) != state}
        for path in list(changed):
            while path := os.path.dirname(path):
                changed.add(path)
        gone = [path for path in self.before if path not in now
                and (os.path.dirname(path) in now or os.path.dirname(path) == "")]
        with tempfile.TemporaryDirectory(dir=self.work) as scratch:
            whiteouts = []
            for path in gone:
                folder, name = os.path.split(path)
                os.makedirs(os.path.join(scratch, "w", folder), exist_ok=True)
                mark = os.path.join(folder, ".wh." + name)
                with open(os.path.join(scratch, "w", mark), "w", encoding="ascii"):
                    whiteouts.append(mark)
            os.makedirs(os.path.join(scratch, "w"), exist_ok=True)
            lists = []
            for name, paths in (("changed", changed), ("gone", whiteouts)):
                lists.append(os.path.join(scratch, name))
                with open(lists[-1], "wb") as file:
                    file.write(b"".join(os.fsencode(path) + b"\0" for path in sorted(paths)))
            run([*TAR, "--format=pax", "--no-recursion", "--null", "-cf", out,
                 "-C", self.root, "-T", lists[0], "-C", os.path.join(scratch, "w"), "-T", lists[1]])
        self.before = now
