"""Varnish compiles its configuration with a C compiler as it starts."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["varnish"],
    files={"/etc/varnish/default.vcl": """vcl 4.1;
import std;
backend default none;
sub vcl_recv { return (synth(200, std.toupper("made by vcl"))); }
"""},
    cmd=["varnishd", "-F", "-a", ":8080", "-f", "/etc/varnish/default.vcl", "-s", "malloc,16m"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8080), "MADE BY VCL")
