"""A server in the layout of eclipse-temurin:17: a whole JDK, an agent, an argument file, a native
library inside the jar, fonts."""
from support import java
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "fontconfig", "fonts-dejavu-core", "libfreetype6", "liblcms2-2",
              "libharfbuzz0b", "libjpeg62-turbo", "libpcsclite1", "libnspr4", "libnss3", "tzdata",
              "p11-kit", "binutils", "locales", "libgomp1"],
    layers=[*java.jdk(), *java.application("/app")],
    files={"/app/run.args": "-Xshare:auto\n-Doption=given\n-cp /app/classes:/app/lib/app.jar\n"},
    env=["JAVA_HOME=/opt/java/openjdk", "LANG=en_US.UTF-8", "JAVA_VERSION=jdk-17",
         "PATH=/opt/java/openjdk/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
         "JDK_JAVA_OPTIONS=-javaagent:/opt/agent/agent.jar=loaded"],
    workdir="/app",
    cmd=["java", "@run.args", "Main"],
)


def probe(app):
    with app.start() as service:
        text = service.get(8080)
        for part in ("drawn true", "native true", "agent loaded", "option given", "zone +09:00",
                     "user root", "settings fine", "sealed AES", "trust true"):
            want(text, part)
