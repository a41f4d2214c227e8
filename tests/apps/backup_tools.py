"""A backup container: programs that start others by name, behind gosu."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["gosu", "gnupg", "bzip2", "xz-utils", "zstd", "rsync", "git", "openssh-client",
              "postgresql-client"],
    files={"/backup.sh": """#!/bin/sh
export HOME=/tmp
cd /tmp
echo data > file
for how in -z -j -J --zstd; do tar -c $how -f archive file && tar -xOf archive; done
gpg --batch --yes --passphrase x --pinentry-mode loopback -c -o file.gpg file
gpg --batch --passphrase x --pinentry-mode loopback -d file.gpg
rsync -a nobody@127.0.0.1:/file /tmp/ 2>&1
git clone nobody@127.0.0.1:repository 2>&1
pg_isready -h 127.0.0.1
pg_dump --version
"""},
    entrypoint=["gosu", "nobody", "/backup.sh"],
)


def probe(app):
    output = app.run()
    want(str(output.count("data\n")), "5")
    want(str(output.count("Connection refused")), "2")
    want(output, "127.0.0.1:5432 - no response")
    want(output, "pg_dump (PostgreSQL) 15")
