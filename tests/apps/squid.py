"""Squid: helpers, error pages, MIME tables."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["squid"], cmd=["squid", "-N", "-d1"])


def probe(app):
    with app.start() as service:
        service.wait_log("Accepting HTTP Socket")
        want(service.ask(3128, b"GET http://127.0.0.1:9/ HTTP/1.0\r\n\r\n", b"</html>").decode(),
             "Connection")
