"""OpenSSH's server with PAM: a user logs in with a key and gets a shell."""
import os
import subprocess
import tempfile

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["openssh-server"],
    files={"/entrypoint.sh": "#!/bin/sh\nset -e\nssh-keygen -A\nexec /usr/sbin/sshd -D -e\n"},
    setup="""
        useradd --create-home --shell /bin/bash ann
        install -d -o ann -m 700 /home/ann/.ssh
        rm -f /etc/ssh/ssh_host_*
        install -d /run/sshd
    """,
    entrypoint=["/entrypoint.sh"],
)


def probe(app):
    with tempfile.TemporaryDirectory() as folder:
        key = os.path.join(folder, "key")
        subprocess.run(["ssh-keygen", "-q", "-N", "", "-t", "ed25519", "-f", key], check=True)
        os.chmod(folder, 0o755)
        mount = f"{key}.pub:/home/ann/.ssh/authorized_keys:ro"
        with app.start(options=["-v", mount]) as service:
            service.ask(22, b"", b"SSH-2.0-OpenSSH")
            options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "BatchMode=yes"]
            ssh = ["ssh", "-F", "none", "-i", key, *(f"-o{option}" for option in options)]
            answer = service.client(*ssh, "ann@127.0.0.1", 'echo "I am $USER in $PWD: ${BASH:-none}"')
            want(answer, "I am ann in /home/ann: /usr/bin/bash")
