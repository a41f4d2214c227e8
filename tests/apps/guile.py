"""A Guile script with modules of its library."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["guile-3.0"],
    files={"/app/main.scm": """
(use-modules (srfi srfi-1) (ice-9 regex) (ice-9 match) (web uri) (rnrs bytevectors))
(display (match (iota 3) ((a b c) (+ a b c))))
(display (uri-host (string->uri "http://a.example/")))
(display (match:substring (string-match "[0-9]+" "ab42")))
(newline)
"""},
    cmd=["guile", "--no-auto-compile", "/app/main.scm"],
)


def probe(app):
    want(app.run(), "3a.example42")
