"""A user that the start script adds with Debian's adduser, logging in through PAM."""
import ftplib
import io

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["vsftpd"],
    files={
        "/etc/vsftpd.conf": """listen=YES
local_enable=YES
write_enable=YES
anonymous_enable=NO
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir=/var/run/vsftpd/empty
pam_service_name=vsftpd
seccomp_sandbox=NO
background=NO
""",
        "/run.sh": """#!/bin/sh
set -e
adduser --quiet --disabled-password --gecos '' "${FTP_USER:-ann}"
echo "${FTP_USER:-ann}:secret" | chpasswd
mkdir -p /var/run/vsftpd/empty
exec /usr/sbin/vsftpd /etc/vsftpd.conf
""",
    },
    cmd=["/run.sh"],
)


def listing():
    try:
        session = ftplib.FTP("127.0.0.1", "ann", "secret", timeout=5)
    except EOFError:
        return None
    session.storbinary("STOR upload", io.BytesIO(b"hello"))
    return " ".join(session.nlst())


def probe(app):
    with app.start() as service:
        want(service.eventually("a listing", listing), "upload")
