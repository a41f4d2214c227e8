"""Dovecot: a master that starts helpers, plugins, users from a file."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["dovecot-imapd"],
    files={
        "/etc/dovecot/local.conf": """
log_path = /dev/stderr
protocols = imap
ssl = no
disable_plaintext_auth = no
mail_location = maildir:/srv/mail/%u
mail_plugins = quota
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=5000 gid=5000 home=/srv/mail/%u
}
""",
        "/etc/dovecot/users": "ann:{PLAIN}secret\n",
    },
    setup="groupadd -g 5000 vmail && useradd -u 5000 -g vmail vmail && install -d -o vmail /srv/mail",
    cmd=["dovecot", "-F"],
)


def probe(app):
    with app.start() as service:
        script = b"a login ann secret\r\nb create work\r\nc select INBOX\r\nd logout\r\n"
        answer = service.ask(143, script, b"d OK").decode()
        want(answer, "c OK [READ-WRITE]")
