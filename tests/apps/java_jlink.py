"""A server on a runtime that jlink made, started by java -jar as a user without a name."""
from support import java
from support.containers import want
from support.recipe import Layer, Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "fontconfig", "fonts-dejavu-core", "libfreetype6", "liblcms2-2",
              "libharfbuzz0b", "libjpeg62-turbo", "libgomp1", "binutils"],
    layers=[*java.jdk(), *java.application("/srv/shop"),
            Layer("RUN /bin/sh -c jlink # buildkit", """
/opt/java/openjdk/bin/jlink --add-modules java.base,java.desktop,jdk.httpserver,java.instrument \\
    --strip-debug --no-man-pages --no-header-files --output /opt/jre
rm -rf /opt/java
""")],
    files={"/srv/shop/start": "#!/bin/sh\nexec $JAVA_HOME/bin/java $JAVA_OPTS -cp "
                              "\"lib/*:classes\" Main\n"},
    env=["JAVA_HOME=/opt/jre", "JAVA_TOOL_OPTIONS=-javaagent:/opt/agent/agent.jar=linked",
         "JAVA_OPTS=-Doption=set"],
    workdir="/srv/shop",
    user="1000",
    entrypoint=["./start"],
)


def probe(app):
    with app.start() as service:
        text = service.get(8080)
        for part in ("drawn true", "native true", "agent linked", "option set", "zone +09:00",
                     "settings fine"):
            want(text, part)
