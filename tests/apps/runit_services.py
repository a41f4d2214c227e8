"""runit supervises services in folders, each a script that drops privileges."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["runit", "busybox"],
    files={
        "/srv/services/web/run": "#!/bin/sh\nexec 2>&1\nexec chpst -u www-data busybox httpd -f "
                                "-p 8080 -h /srv\n",
        "/srv/services/clock/run": "#!/bin/sh\nwhile sleep 1; do date > /srv/now; done\n",
        "/srv/index.html": "supervised\n",
    },
    cmd=["runsvdir", "-P", "/srv/services"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8080), "supervised")
        service.eventually("the other service does not run", lambda: fetched() or None)


def fetched():
    import http.client
    connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=5)
    connection.request("GET", "/now")
    return connection.getresponse().status == 200
