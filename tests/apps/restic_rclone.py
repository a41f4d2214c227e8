"""A backup program of Go that starts another, which was installed for it and no package asks for."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["restic", "rclone", "ca-certificates"],
    files={"/root/.config/rclone/rclone.conf": "[loc]\ntype = alias\nremote = /tmp/x\n"},
    env=["RESTIC_REPOSITORY=rclone:loc:repo", "RESTIC_PASSWORD=x", "HOME=/root"],
    entrypoint=["restic"], cmd=["init"])


def probe(app):
    want(app.run(), "created restic repository")
