"""s6 runs services by execline scripts; Debian's busybox serves pages."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["s6", "execline", "busybox"],
    files={
        "/srv/services/web/run": "#!/usr/bin/execlineb -P\nfdmove -c 2 1\n"
                                 "s6-setuidgid www-data\nbusybox httpd -f -p 8080 -h /srv/www\n",
        "/srv/services/beat/run": "#!/usr/bin/execlineb -P\nforeground { sleep 1 }\n"
                                  "redirfd -w 1 /srv/www/beat.txt date +%Y\n",
        "/srv/www/index.html": "served by a service\n",
    },
    setup="chmod 755 /srv/services/*/run",
    cmd=["s6-svscan", "/srv/services"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8080, "/index.html"), "served by a service")
        service.ask(8080, b"GET /beat.txt HTTP/1.0\r\n\r\n", b"20")
