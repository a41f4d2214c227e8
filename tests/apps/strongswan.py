"""strongSwan's pki tool: its algorithms are plugins listed in configuration snippets."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["strongswan-pki"], entrypoint=["pki"])


def probe(app):
    want(app.run("--gen", "--type", "rsa", "--size", "2048", "--outform", "pem"), "PRIVATE KEY")
