"""uWSGI: the server loads its language as a plugin."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["uwsgi", "uwsgi-plugin-python3"],
    files={
        "/app/app.py": """
import ssl, hashlib, zoneinfo

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [hashlib.sha256(environ["PATH_INFO"].encode()).hexdigest().encode()]
""",
        "/app/uwsgi.ini": "[uwsgi]\nplugin = python3\nhttp-socket = :8000\nmodule = app\n"
                          "chdir = /app\nuid = www-data\nprocesses = 2\nmaster = true\n",
    },
    cmd=["uwsgi", "--ini", "/app/uwsgi.ini"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8000, "/"), "8a5edab282632443219e051e4ade2d1d5bbc671c781051bf1437897cbdfea0f1")
