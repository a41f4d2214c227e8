"""OpenLDAP: its backends are modules that libtool's loader opens."""
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["slapd"],
    files={"/etc/ldap/slapd.conf": """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
database mdb
suffix "dc=example,dc=test"
rootdn "cn=admin,dc=example,dc=test"
rootpw secret
directory /var/lib/ldap
overlay ppolicy
"""},
    setup="rm -rf /var/lib/ldap/* /etc/ldap/slapd.d",
    cmd=["slapd", "-d", "0", "-f", "/etc/ldap/slapd.conf", "-h", "ldap:///"],
)


def bind_request(name, password):
    def field(tag, content):
        return bytes([tag, len(content)]) + content

    operation = field(2, b"\x03") + field(4, name) + field(0x80, password)
    return field(0x30, field(2, b"\x01") + field(0x60, operation))


def probe(app):
    with app.start() as service:
        request = bind_request(b"cn=admin,dc=example,dc=test", b"secret")
        service.ask(389, request, b"\x0a\x01\x00")
