"""stunnel with a certificate made as it starts, openssl's configuration and providers."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["stunnel4", "openssl", "busybox"],
    files={
        "/start.sh": """#!/bin/sh
set -e
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -keyout /tmp/key \\
    -out /tmp/cert 2>/dev/null
busybox httpd -p 127.0.0.1:8080 -h /srv
exec stunnel4 /etc/stunnel/web.conf
""",
        "/etc/stunnel/web.conf": "foreground = yes\n[web]\naccept = 8443\nconnect = 127.0.0.1:8080\n"
                                 "key = /tmp/key\ncert = /tmp/cert\n",
        "/srv/index.html": "behind TLS\n",
    },
    cmd=["/start.sh"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8443, tls=True), "behind TLS")
