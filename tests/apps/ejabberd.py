"""ejabberd: Erlang's applications by ERL_LIBS, started by a shell script; a stream is opened."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ejabberd"],
    files={"/entry.sh": "#!/bin/sh\nset -e\nexec ejabberdctl foreground\n"},
    setup="install -d -o ejabberd /run/ejabberd", entrypoint=["/entry.sh"])
STREAM = (b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
          b"to='localhost' version='1.0'>")


def probe(app):
    with app.start() as server:
        server.eventually("start", lambda: "started in the node" in server.log() or None, 60)
        want(server.ask(5222, STREAM, b"</stream:features>").decode(), "starttls")
