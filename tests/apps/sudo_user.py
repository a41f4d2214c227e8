"""A user that may run one command as another, by sudo with PAM, and su to drop privileges."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["sudo"],
    files={
        "/etc/sudoers.d/app": "ann ALL=(root) NOPASSWD: /usr/bin/id\n",
        "/start.sh": "#!/bin/sh\nset -e\nsu -s /bin/sh ann -c 'sudo -n id -u; id -un'\n"
                     "setpriv --reuid=ann --regid=ann --clear-groups id -un\n",
    },
    setup="useradd --create-home ann; chmod 440 /etc/sudoers.d/app",
    cmd=["/start.sh"],
)


def probe(app):
    want(app.run(), "0\nann\nann\n")
