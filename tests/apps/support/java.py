"""Java in /opt/java/openjdk, as Eclipse Temurin's images have it, and an application for it."""
import os

from .debian import run
from .official import UNPACK
from .recipe import Layer

JDK = UNPACK + """
unpack /tmp/jdk openjdk-17-jre-headless openjdk-17-jdk-headless
mkdir -p /opt/java
cp -a /tmp/jdk/usr/lib/jvm/java-17-openjdk-amd64 /opt/java/openjdk
cd /opt/java/openjdk
# Debian's links lead to /etc and to certificates that another package makes.
for link in $(find . -type l); do
    target=$(readlink "$link")
    rm -f "$link"
    [ ! -e "/tmp/jdk$target" ] || cp -a "/tmp/jdk$target" "$link"
done
mkdir -p lib/security
printf 'Debian' >release
echo ignored | bin/keytool -importcert -noprompt -storepass changeit -alias root \\
    -file "$(ls /etc/ssl/certs/*.pem | head -n 1)" -keystore lib/security/cacerts
printf source >lib/src.zip
cd /
rm -rf /tmp/jdk
"""

MAIN = """
import com.sun.net.httpserver.HttpServer;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.ZoneId;
import java.time.ZonedDateTime;

public class Main {
    static native int cores();

    static String answer() throws Exception {
        BufferedImage image = new BufferedImage(200, 50, BufferedImage.TYPE_INT_RGB);
        Graphics2D graphics = image.createGraphics();
        graphics.setColor(Color.WHITE);
        graphics.setFont(new Font("DejaVu Sans", Font.PLAIN, 20));
        graphics.drawString("text", 10, 30);
        int light = 0;
        for (int x = 0; x < 200; ++x)
            for (int y = 0; y < 50; ++y)
                light += image.getRGB(x, y) & 255;
        return "drawn " + (light > 1000) + " native " + (cores() > 0)
            + " agent " + System.getProperty("agent") + " option " + System.getProperty("option")
            + " zone " + ZonedDateTime.of(2024, 7, 1, 12, 0, 0, 0, ZoneId.of("Asia/Tokyo")).getOffset()
            + " user " + System.getProperty("user.name")
            + " settings " + new String(Main.class.getResourceAsStream("/settings.txt").readAllBytes()).trim()
            + " sealed " + javax.crypto.Cipher.getInstance("AES/GCM/NoPadding").getAlgorithm()
            + " trust " + (javax.net.ssl.SSLContext.getDefault() != null);
    }

    public static void main(String[] arguments) throws Exception {
        Path library = Files.createTempFile("libsums", ".so");
        Files.copy(Main.class.getResourceAsStream("/native/linux-x86_64/libsums.so"), library,
            StandardCopyOption.REPLACE_EXISTING);
        System.load(library.toString());
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            byte[] text;
            try {
                text = answer().getBytes();
            } catch (Throwable problem) {
                text = problem.toString().getBytes();
            }
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
        });
        server.start();
    }
}
"""
AGENT = """
public class Agent {
    public static void premain(String options) {
        System.setProperty("agent", options);
    }
}
"""


def native_library(scratch):
    """A JNI library as jars carry them, which needs one of the system's."""
    source, library = (os.path.join(scratch, name) for name in ("sums.c", "libsums.so"))
    with open(source, "w", encoding="ascii") as file:
        file.write("#include <omp.h>\n"
                   "int Java_Main_cores(void *env, void *self) { return omp_get_max_threads(); }\n")
    run(["gcc", "-shared", "-fPIC", "-fopenmp", "-o", library, source])
    with open(library, "rb") as file:
        return {"/build/native/linux-x86_64/libsums.so": file.read()}


def application(to):
    """The layers of a build: /app/lib/app.jar, /app/classes and /opt/agent/agent.jar."""
    build = f"""
PATH=/opt/java/openjdk/bin:$PATH
cd /build
mkdir -p agent app {to}/lib {to}/classes /opt/agent
javac -d agent Agent.java
printf 'Premain-Class: Agent\\n' >agent.txt
jar --create --file /opt/agent/agent.jar --manifest agent.txt -C agent .
javac -d app Main.java
cp -r native app/
jar --create --file {to}/lib/app.jar --main-class Main -C app .
echo fine >{to}/classes/settings.txt
rm -rf /build
"""
    return [Layer("RUN /bin/sh -c # buildkit", build, files={
        "/build/Main.java": MAIN, "/build/Agent.java": AGENT}, make=native_library)]


def jdk():
    return [Layer("RUN /bin/sh -c set -eux; wget -O /tmp/openjdk.tar.gz; tar --extract --directory "
                  "$JAVA_HOME # buildkit", JDK)]
