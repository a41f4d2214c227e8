"""RabbitMQ: Erlang's releases, started by shell scripts."""
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["rabbitmq-server"],
    env=["HOME=/var/lib/rabbitmq", "RABBITMQ_LOGS=-"],
    user="rabbitmq",
    cmd=["rabbitmq-server"],
)


def probe(app):
    with app.start(options=["--hostname=broker", "--add-host=broker:127.0.0.1"]) as service:
        service.wait_log("Server startup complete", patience=150)
        service.ask(5672, b"AMQP\0\0\x09\x01", b"PLAIN")
