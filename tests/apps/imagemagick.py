"""ImageMagick's convert: its coders are modules, its fonts and profiles data."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["imagemagick", "fonts-dejavu-core", "libmagickcore-6.q16-6-extra"],
    entrypoint=["convert"],
)


def probe(app):
    for form, mark in (("png", "PNG"), ("jpeg", "JFIF"), ("webp", "WEBP"), ("tiff", "II*")):
        want(app.run("-size", "60x20", "gradient:red-blue", "-resize", "50%", form + ":-"), mark)
    text = app.run("-font", "DejaVu-Sans", "-pointsize", "20", "label:Hello", "pgm:-")
    want(text, "P5")
    want(app.run("rose:", "-format", "%w x %h %[mean]", "info:-"), "70 x 46")
    want(app.run("svg:-", "pgm:-", text='<svg xmlns="http://www.w3.org/2000/svg" width="9" '
                 'height="9"><rect width="9" height="9" fill="red"/></svg>'), "P5")
