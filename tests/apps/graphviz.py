"""Graphviz: layout and rendering plugins, fonts through Pango."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["graphviz", "fonts-liberation"], entrypoint=["dot"])
GRAPH = 'digraph { rankdir=LR; a -> b [label="Größe"]; b -> c; }'


def probe(app):
    want(app.run("-Tsvg", text=GRAPH), "Größe")
    want(app.run("-Tpng", text=GRAPH), "PNG")
    want(app.run("-Kneato", "-Tplain", text=GRAPH), "node a")
    want(app.run("-Tpdf", text=GRAPH), "%PDF")
