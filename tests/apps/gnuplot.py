"""gnuplot draws with cairo and fonts, in a locale."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["gnuplot-nox", "fonts-dejavu-core"], entrypoint=["gnuplot"])


def probe(app):
    want(app.run(text="set terminal svg\nset title 'Größe'\nplot sin(x)\n"), "Größe")
    want(app.run(text="set terminal pngcairo\nplot sin(x)\n"), "PNG")
