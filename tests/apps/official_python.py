"""Flask on gunicorn in the layout of python:3.11: built into /usr/local, packages by pip."""
from support import official
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "netbase", "tzdata", "libssl3", "libsqlite3-0", "libffi8",
              "libexpat1", "libbz2-1.0", "libncursesw6", "libreadline8", "libuuid1", "libnsl2",
              "libdb5.3", "libtk8.6", "libblas3", "liblapack3", "libmagic1", "gcc", "make",
              "libc6-dev", "git"],
    layers=official.python(
        ["python3-flask", "python3-click", "python3-itsdangerous", "python3-jinja2",
         "python3-werkzeug", "python3-markupsafe", "python3-gunicorn", "gunicorn", "python3-numpy",
         "python3-requests", "python3-urllib3", "python3-certifi", "python3-idna",
         "python3-chardet", "python3-magic", "python3-bcrypt",
         "python3-cffi-backend", "python3-six"],
        ["gunicorn"]),
    files={
        "/usr/src/app/service.py": """
import ctypes.util, sqlite3, ssl, zoneinfo
import bcrypt, magic, numpy, requests
from flask import Flask, jsonify
app = Flask(__name__)

@app.get("/")
def index():
    with sqlite3.connect(":memory:") as db:
        one = db.execute("select 1").fetchone()[0]
    return jsonify(one=one, inverse=numpy.linalg.inv(numpy.eye(2) * 2)[0, 0],
                   zone=str(zoneinfo.ZoneInfo("Europe/Berlin")), roots=ssl.create_default_context().cert_store_stats()["x509_ca"] > 50,
                   kind=magic.from_buffer(b"%!PS-Adobe-3.0\\n", mime=True),
                   hashed=bcrypt.checkpw(b"x", bcrypt.hashpw(b"x", bcrypt.gensalt(4))))
""",
    },
    env=["LANG=C.UTF-8", "PYTHON_VERSION=3.11.2", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D"],
    workdir="/usr/src/app",
    cmd=["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "service:app"],
)


def probe(app):
    with app.start() as service:
        answer = service.get(8000, "/")
        for part in ('"one":1', '"inverse":0.5', '"zone":"Europe/Berlin"', '"roots":true',
                     '"kind":"application/postscript"', '"hashed":true'):
            want(answer, part)
