"""Tesseract reads a picture that ImageMagick draws, in a script with a pipe."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["tesseract-ocr", "imagemagick", "fonts-dejavu-core"],
    files={"/read.sh": """#!/bin/bash
set -o pipefail
convert -font DejaVu-Sans -pointsize 48 -bordercolor white -border 40 "label:$1" png:- |
    tesseract - - -l eng 2>/dev/null
"""},
    entrypoint=["/read.sh"],
    cmd=["Hello"],
)


def probe(app):
    want(app.run("Minimal images"), "Minimal images")
