"""A mail server that makes its queue in a folder that holds nothing."""
import socket

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["opensmtpd"],
    files={"/etc/smtpd.conf": """table aliases file:/etc/aliases
listen on 0.0.0.0
action "local" maildir alias <aliases>
match from any for domain "mx.example" action "local"
"""},
    setup="useradd -m ann; echo 'boss: ann' > /etc/aliases; echo mx.example > /etc/mailname",
    entrypoint=["smtpd"],
    cmd=["-d"],
)
MAIL = ("HELO x", "MAIL FROM:<bob@mx.example>", "RCPT TO:<boss@mx.example>", "DATA",
        "Subject: hi\r\n\r\ntext\r\n.", "QUIT")


def answers():
    with socket.create_connection(("127.0.0.1", 25), 5) as connection:
        stream = connection.makefile("rwb")
        lines = [stream.readline()]
        for line in MAIL:
            stream.write(line.encode() + b"\r\n")
            stream.flush()
            lines.append(stream.readline())
    return b"".join(lines).decode()


def probe(app):
    with app.start() as service:
        service.ask(25, b"HELO x\r\n", b"250")
        want(service.eventually("a mail is taken", answers), "Message accepted")
        service.wait_log("result=Ok")
