"""ProFTPD: modules, PAM, a user with a password and a shell."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["proftpd-core"],
    setup="""
        useradd --create-home --shell /bin/sh ann
        echo ann:secret | chpasswd
        echo hello > /home/ann/greeting
    """,
    cmd=["proftpd", "--nodaemon"],
)


def probe(app):
    import ftplib
    with app.start() as service:
        def attempt():
            with ftplib.FTP() as client:
                client.connect("127.0.0.1", 21, timeout=20)
                client.login("ann", "secret")
                lines = []
                client.retrlines("RETR greeting", lines.append)
                return lines[0]

        want(service.eventually("no login", attempt), "hello")
