"""A server in Java that starts programs by name, one from another archive, and through a shell."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["openjdk-17-jre-headless", "qpdf", "optipng", "pngcheck"],
    files={"/build/Tool.java": """
public class Tool {
    public static String name() {
        return "optipng";
    }
}
""", "/build/Main.java": """
public class Main {
    static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        System.out.println(new String(process.getInputStream().readAllBytes()));
        System.out.println(command[0] + " ended with " + process.waitFor());
    }

    public static void main(String[] arguments) throws Exception {
        run("qpdf", "--version");
        run(Tool.name(), "--version");
        run("sh", "-c", "cd /tmp && gzip --version | head -n 1");
    }
}
"""},
    setup="""apt-get -y install openjdk-17-jdk-headless
cd /build
javac Tool.java Main.java
mkdir -p /app
jar --create --file /app/tool.jar Tool.class
jar --create --file /app/app.jar --main-class Main Main.class
rm -rf /build
""",
    cmd=["java", "-cp", "/app/app.jar:/app/tool.jar", "Main"])


def probe(app):
    said = app.run()
    for part in ("qpdf version", "qpdf ended with 0", "OptiPNG version", "optipng ended with 0",
                 "gzip 1", "sh ended with 0"):
        want(said, part)
