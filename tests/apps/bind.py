"""BIND with a zone of its own."""
import struct

from support.containers import want
from support.recipe import Recipe

ZONE = """$TTL 60
@ IN SOA ns.example.test. admin.example.test. (1 60 60 60 60)
@ IN NS ns.example.test.
ns IN A 127.0.0.1
www IN A 192.0.2.77
"""
RECIPE = Recipe(
    packages=["bind9"],
    files={
        "/etc/bind/named.conf.local":
            'zone "example.test" { type master; file "/etc/bind/example.test"; };\n',
        "/etc/bind/example.test": ZONE,
    },
    setup="install -d -o bind /run/named",
    cmd=["named", "-g", "-u", "bind", "-c", "/etc/bind/named.conf"],
)


def question(name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack(">6H", 1, 0x100, 1, 0, 0, 0) + labels + b"\0" + struct.pack(">2H", 1, 1)


def probe(app):
    with app.start() as service:
        service.wait_log("running")
        service.ask(53, question("www.example.test"), bytes([192, 0, 2, 77]), udp=True)
        want(service.log(), "zone example.test/IN: loaded serial 1")
        service.stop()
