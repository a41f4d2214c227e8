#!/usr/bin/env python3
"""Has other tools read and run every form in which an image is written.

    tests/engines.py [--slimimg PROGRAM] [--work FOLDER]

One small image is rebuilt as each format with each compression; skopeo inspects it, podman loads
it, and the program in it does its job. Needs what tests/apps/run.py needs, and skopeo; without that
nothing is tested. The last line is "N passed, N failed".
"""
import argparse
import os
import shutil
import subprocess
import sys

APPS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "apps")
sys.path.insert(0, APPS)
sys.dont_write_bytecode = True

import musl_plugin  # noqa: E402
import run  # noqa: E402
from support import containers  # noqa: E402

TRANSPORTS = {"docker": "docker-archive", "oci": "oci-archive", "oci-dir": "oci"}
CODECS = ("none", "gzip", "zstd")


def load(path, form):
    """Into podman's storage; its name there."""
    if form == "oci-dir":
        return containers.podman("pull", "-q", f"oci:{path}").stdout.strip().splitlines()[-1]
    return containers.load(path)


def test(slimimg, full, form, codec, work):
    out = os.path.join(work, f"engines-{form}-{codec}")
    try:
        subprocess.run([slimimg, "rebuild", full, "-o", out, "-q", "--output-format", form,
                        "--compress", codec], check=True)
        subprocess.run(["skopeo", "inspect", f"{TRANSPORTS[form]}:{out}"], check=True,
                       stdout=subprocess.DEVNULL)
        image = load(out, form)
        try:
            musl_plugin.probe(containers.Application(image))
        finally:
            containers.podman("rmi", "-f", image, check=False)
    finally:
        (shutil.rmtree if os.path.isdir(out) else os.unlink)(out)


def test_pipe(slimimg, full):
    """docker save | slimimg | docker load, without a file between."""
    with open(full, "rb") as source:
        rebuild = subprocess.Popen([slimimg, "rebuild", "-", "-o", "-", "-q", "-t", "piped:slim"],
                                   stdin=source, stdout=subprocess.PIPE)
        loaded = subprocess.run(["podman", "load", "-q"], stdin=rebuild.stdout,
                                stdout=subprocess.PIPE, check=True, text=True).stdout
        if rebuild.wait() != 0:
            raise containers.Failure("rebuild ended with an error")
    image = loaded.strip().splitlines()[-1].rpartition(" ")[2]
    try:
        musl_plugin.probe(containers.Application(image))
    finally:
        containers.podman("rmi", "-f", image, check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--slimimg", default=os.environ.get("SLIMIMG", "slimimg"))
    parser.add_argument("--work", default=os.environ.get("SLIMIMG_APPS_WORK", "apps-out"))
    options = parser.parse_args()
    work = os.path.abspath(options.work)
    os.makedirs(work, exist_ok=True)
    reason = run.reason_to_skip(work)
    if reason is None and shutil.which("skopeo") is None:
        reason = "not installed: skopeo"
    if reason:
        print(f"skipped: {reason}\n0 passed, 0 failed")
        return 0
    full = run.image_of("musl_plugin", musl_plugin.RECIPE, work)
    passed = failed = 0
    cases = {f"{form}, {codec}": (test, form, codec, work)
             for form in TRANSPORTS for codec in CODECS}
    cases["a pipe"] = (test_pipe,)
    for name, (check, *how) in cases.items():
        try:
            check(options.slimimg, full, *how)
            print(f"PASS {name}", flush=True)
            passed += 1
        except (containers.Failure, subprocess.CalledProcessError) as failure:
            print(f"FAIL {name}: {failure}", flush=True)
            failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
