"""Exim takes mail for a local user and delivers it."""
from support.containers import podman, want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["exim4-daemon-light"],
    setup="useradd --create-home ann",
    cmd=["exim4", "-bd", "-v"],
)


def probe(app):
    import smtplib
    with app.start(options=["--hostname=mail.test"]) as service:
        def attempt():
            with smtplib.SMTP("127.0.0.1", 25, timeout=20) as client:
                client.sendmail("root@localhost", ["ann@localhost"], "Subject: hello\n\nText\n")
            return True

        service.eventually("no mail taken", attempt)

        def delivered():
            copy = podman("cp", service.container + ":/var/mail/ann", "-", check=False)
            return copy.stdout if "hello" in copy.stdout else None

        want(service.eventually("not delivered", delivered), "Text")
