"""Pandoc: one big program with data files."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["pandoc"], entrypoint=["pandoc"])


def probe(app):
    want(app.run("-f", "markdown", "-t", "html", "-s", text="# Title\n\n*text*\n"), "<em>text</em>")
    want(app.run("-f", "markdown", "-t", "docx", "-o", "-", text="# Title\n"), "PK")
