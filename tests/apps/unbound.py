"""Unbound with local data, checked configuration and its own user."""
from bind import question
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["unbound", "dns-root-data"],
    files={"/etc/unbound/unbound.conf.d/local.conf": """server:
    interface: 127.0.0.1
    local-zone: "example.test." static
    local-data: "www.example.test. A 192.0.2.77"
"""},
    setup="install -o unbound /usr/share/dns/root.key /var/lib/unbound/",
    cmd=["unbound", "-d", "-c", "/etc/unbound/unbound.conf"],
)


def probe(app):
    with app.start() as service:
        service.ask(53, question("www.example.test"), bytes([192, 0, 2, 77]), udp=True)
