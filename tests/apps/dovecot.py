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
mail_location = maildir:/var/mail/%u
mail_plugins = quota
passdb {
  driver = passwd-file
  args = /etc/dovecot/users
}
userdb {
  driver = static
  args = uid=8 gid=8 home=/var/mail/%u
}
""",
        "/etc/dovecot/users": "ann:{PLAIN}secret\n",
    },
    cmd=["dovecot", "-F"],
)


def probe(app):
    with app.start() as service:
        script = b"a login ann secret\r\nb create work\r\nc select INBOX\r\nd logout\r\n"
        answer = service.ask(143, script, b"d OK").decode()
        want(answer, "c OK [READ-WRITE]")
