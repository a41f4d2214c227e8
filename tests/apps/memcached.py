"""memcached as its own user."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["memcached"], cmd=["memcached", "-m", "32"], user="memcache")


def probe(app):
    with app.start() as service:
        got = service.ask(11211, b"set a 0 0 2\r\nhi\r\nget a\r\nquit\r\n", b"END\r\n")
        want(got.decode(), "hi")
        service.stop()
