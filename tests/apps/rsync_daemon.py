"""rsync as a daemon."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["rsync"],
    files={
        "/etc/rsyncd.conf": "[data]\ncomment = greetings\npath = /data\n",
        "/data/greeting": "hello\n",
    },
    cmd=["rsync", "--daemon", "--no-detach", "--log-file=/dev/stdout"],
)


def probe(app):
    with app.start() as service:
        answer = service.ask(873, b"@RSYNCD: 31.0 md5\n#list\n", b"@RSYNCD: EXIT")
        want(answer.decode(), "greetings")
