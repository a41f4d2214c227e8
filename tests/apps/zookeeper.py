"""ZooKeeper: jars that the manifest of another one names, started by its script."""
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["zookeeper", "openjdk-17-jre-headless"],
    files={"/run.sh": "#!/bin/bash\nset -e\n"
                      "exec /usr/share/zookeeper/bin/zkServer.sh start-foreground\n"},
    setup="chown -R zookeeper /var/lib/zookeeper /var/log/zookeeper", cmd=["/run.sh"])


def probe(app):
    with app.start() as server:
        server.ask(2181, b"srvr", b"Zookeeper version")
