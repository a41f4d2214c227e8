"""Mosquitto with its configuration in a conf.d folder."""
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["mosquitto"],
    files={"/etc/mosquitto/conf.d/open.conf": "listener 1883\nallow_anonymous true\n"},
    setup="install -d -o mosquitto /run/mosquitto",
    cmd=["mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"],
)


def probe(app):
    with app.start() as service:
        connect = b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a"
        subscribe = b"\x82\x06\x00\x01\x00\x01t\x00"
        publish = b"\x30\x05\x00\x01tok"
        service.ask(1883, connect + subscribe + publish, b"tok")
        service.stop()
