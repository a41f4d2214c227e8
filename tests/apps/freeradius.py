"""FreeRADIUS: modules by name, enabled by links, dictionaries."""
import hashlib
import struct

from support.recipe import Recipe

RECIPE = Recipe(
    packages=["freeradius"],
    files={"/etc/freeradius/3.0/mods-config/files/authorize":
           'ann Cleartext-Password := "secret"\n'},
    cmd=["freeradius", "-f", "-l", "stdout"],
)


def probe(app):
    authenticator, key = bytes(16), b"testing123"
    mask = hashlib.md5(key + authenticator).digest()
    password = bytes(a ^ b for a, b in zip(b"secret".ljust(16, b"\0"), mask))
    body = b"\x01\x05ann" + b"\x02\x12" + password
    request = struct.pack(">BBH", 1, 7, 20 + len(body)) + authenticator + body
    with app.start() as service:
        service.wait_log("Ready to process requests")
        service.ask(1812, request, b"\x02\x07", udp=True)
