"""Ghostscript makes PDF of PostScript and pictures of PDF, with its own fonts."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(packages=["ghostscript"], entrypoint=["gs", "-q", "-dBATCH", "-dNOPAUSE"])
PAGE = "%!PS\n/Helvetica findfont 24 scalefont setfont 72 72 moveto (Hello) show showpage\n"


def probe(app):
    want(app.run("-sDEVICE=pdfwrite", "-sOutputFile=-", "-", text=PAGE), "%PDF")
    want(app.run("-sDEVICE=png16m", "-r20", "-sOutputFile=-", "-", text=PAGE), "PNG")
    want(app.run("-sDEVICE=txtwrite", "-sOutputFile=-", "-", text=PAGE), "Hello")
