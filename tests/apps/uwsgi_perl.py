"""Perl in a server that embeds it: no program of that name is started."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["uwsgi-core", "uwsgi-plugin-psgi"],
    files={"/app/main.psgi": """use strict; use POSIX;
sub { return [200, ['Content-Type' => 'text/plain'], ['floor ' . floor(42.5)]]; };
"""},
    cmd=["uwsgi", "--plugin", "psgi", "--http-socket", ":8000", "--psgi", "/app/main.psgi",
         "--die-on-term"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8000, "/"), "floor 42")
