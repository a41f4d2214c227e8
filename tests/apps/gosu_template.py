"""The usual entrypoint: tini, a template filled in by envsubst, privileges dropped by gosu."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["tini", "gosu", "gettext-base", "busybox"],
    files={
        "/docker-entrypoint.sh": """#!/bin/sh
set -e
for template in /etc/web/*.template; do
    envsubst < "$template" > "/srv/$(basename "$template" .template)"
done
if [ "$1" = 'httpd' ] && [ "$(id -u)" = '0' ]; then
    chown -R www-data:www-data /srv
    set -- gosu www-data busybox "$@"
fi
exec "$@"
""",
        "/etc/web/index.html.template": "<p>Hello $NAME from ${PLACE}</p>\n",
    },
    env=["NAME=world", "PLACE=here"],
    entrypoint=["/usr/bin/tini", "--", "/docker-entrypoint.sh"],
    cmd=["httpd", "-f", "-p", "8080", "-h", "/srv"],
)


def probe(app):
    with app.start(options=["-e", "NAME=Ann"]) as service:
        want(service.get(8080, "/index.html"), "Hello Ann from here")
        service.stop()
