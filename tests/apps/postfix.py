"""Mail to an alias and to a pattern, delivered; started by scripts and programs of its own."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["postfix", "postfix-pcre"],
    files={
        "/entrypoint.sh": """#!/bin/sh
set -e
postconf -e "myhostname=${MAILNAME:-mx.example}" "maillog_file=/dev/stdout" \\
    "mydestination=mx.example" "alias_maps=hash:/etc/aliases" "inet_protocols=ipv4" \\
    "virtual_alias_maps=pcre:/etc/postfix/virtual.pcre" "home_mailbox=Maildir/"
newaliases
postfix check
exec "$@"
""",
        "/etc/postfix/virtual.pcre": "/^sales-(.*)@mx.example$/ ann@mx.example\n",
    },
    setup="useradd -m ann; echo 'boss: ann' >> /etc/aliases",
    entrypoint=["/entrypoint.sh"],
    cmd=["postfix", "start-fg"],
)


def probe(app):
    with app.start() as service:
        service.wait_log("starting the Postfix mail system")
        for to in ("boss", "sales-7"):
            mail = ("HELO x", "MAIL FROM:<bob@mx.example>", f"RCPT TO:<{to}@mx.example>", "DATA",
                    "Subject: hi\r\n\r\ntext\r\n.", "QUIT", "")
            want(service.ask(25, "\r\n".join(mail).encode(), b"221 ").decode(), "queued as")
        service.eventually("delivered", lambda: service.log().count(
            "status=sent (delivered to maildir)") == 2 or None)
