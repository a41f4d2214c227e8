"""git daemon that serves and takes commits."""
import os
import subprocess
import tempfile

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["git"],
    setup="git init -q --bare /srv/git/demo.git",
    cmd=["git", "daemon", "--verbose", "--reuseaddr", "--export-all", "--enable=receive-pack",
         "--base-path=/srv/git", "/srv/git"],
)


def probe(app):
    with app.start() as service, tempfile.TemporaryDirectory() as folder:
        service.wait_log("Ready to rumble")
        own = ["git", "-C", folder, "-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run([*own, "init", "-q"], check=True)
        subprocess.run([*own, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
        url = "git://127.0.0.1/demo.git"
        service.client(*own, "push", "-q", url, "HEAD:refs/heads/main")
        copy = os.path.join(folder, "copy")
        service.client("git", "clone", "-q", "-b", "main", url, copy)
        log = subprocess.run(["git", "-C", copy, "log", "--format=%s"], capture_output=True,
                             text=True, check=True).stdout
        want(log, "first")
