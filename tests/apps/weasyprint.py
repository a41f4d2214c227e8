"""WeasyPrint: Python that opens Pango by name, with fontconfig and fonts behind it."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["weasyprint", "fonts-dejavu-core"], cmd=["weasyprint", "-", "-"])


def probe(app):
    want(app.run("weasyprint", "-", "-", text="<h1>Größe</h1><p>Hello <b>you</b>"), "%PDF")
