"""RabbitMQ with a plug-in that the image's maker enabled, started as its official image does."""
import base64

from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["rabbitmq-server"],
    files={"/docker-entrypoint.sh": """#!/bin/bash
set -euo pipefail
if [[ "$1" == rabbitmq* ]] && [ "$(id -u)" = '0' ]; then
\tif [ "$1" = 'rabbitmq-server' ]; then
\t\tfind /var/lib/rabbitmq \\! -user rabbitmq -exec chown rabbitmq '{}' +
\tfi
\texec su rabbitmq -s /bin/bash -c 'exec "$0" "$@"' -- "$BASH_SOURCE" "$@"
fi
exec "$@"
""", "/etc/rabbitmq/enabled_plugins": "[rabbitmq_management].\n"},
    setup="chown -R rabbitmq /etc/rabbitmq",
    env=["PATH=/usr/lib/rabbitmq/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         "RABBITMQ_NODENAME=rabbit@localhost", "RABBITMQ_LOGS=-"],
    entrypoint=["/docker-entrypoint.sh"], cmd=["rabbitmq-server"])


def probe(app):
    with app.start() as server:
        server.eventually("start", lambda: "Server startup complete" in server.log() or None, 90)
        want(server.ask(5672, b"AMQP\0\0\x09\x01", b"PLAIN").decode("latin-1"), "RabbitMQ")
        guest = base64.b64encode(b"guest:guest").decode()
        want(server.get(15672, "/api/overview", headers={"Authorization": "Basic " + guest}),
             "rabbitmq_version")
        want(server.get(15672, "/"), "RabbitMQ Management")
