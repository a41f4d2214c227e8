"""nginx-light with a page; what scripts/demo shows."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["nginx-light"],
    files={
        "/srv/www/index.html":
            "<!doctype html><title>slimimg</title><p>Served by what is left.</p>\n",
        "/etc/nginx/conf.d/demo.conf": "server {\n    listen 80;\n    root /srv/www;\n}\n",
    },
    setup="""
        rm /etc/nginx/sites-enabled/default
        ln -sf /dev/stdout /var/log/nginx/access.log
        ln -sf /dev/stderr /var/log/nginx/error.log
    """,
    cmd=["nginx", "-g", "daemon off;"],
    config={"ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGQUIT"},
)


def probe(app):
    with app.start() as service:
        want(service.get(80), "Served by what is left.")
        service.get(80, "/none", status=404)
        service.wait_log("GET /none")
        service.stop()
