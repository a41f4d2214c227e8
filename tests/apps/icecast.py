"""Icecast: XML configuration, XSLT pages."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["icecast2"],
    user="icecast2",
    cmd=["icecast2", "-c", "/etc/icecast2/icecast.xml"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8000, "/status.xsl"), "Icecast2 Status")
        want(service.get(8000, "/status-json.xsl"), "icestats")
