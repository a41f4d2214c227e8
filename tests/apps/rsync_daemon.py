"""rsync as a daemon."""
import os
import tempfile

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["rsync"],
    files={
        "/etc/rsyncd.conf": "[data]\npath = /data\nread only = no\nuid = root\ngid = root\n",
        "/data/greeting": "hello\n",
    },
    cmd=["rsync", "--daemon", "--no-detach", "--log-file=/dev/stdout"],
)


def probe(app):
    with app.start() as service, tempfile.TemporaryDirectory() as folder:
        want(service.ask(873).decode(), "@RSYNCD: 3")
        service.client("rsync", "-z", "rsync://127.0.0.1/data/greeting", folder)
        with open(os.path.join(folder, "greeting"), encoding="ascii") as file:
            want(file.read(), "hello")
