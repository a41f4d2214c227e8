"""Tomcat with a JSP page that draws text with AWT."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["tomcat10", "default-jre-headless", "fonts-dejavu-core"],
    files={"/var/lib/tomcat10/webapps/ROOT/index.jsp": """
<%@ page import="java.awt.*,java.awt.image.*,java.io.*,javax.imageio.ImageIO,java.time.*" %>
<%
    BufferedImage image = new BufferedImage(200, 50, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setFont(new Font("DejaVu Sans", Font.PLAIN, 20));
    graphics.drawString("Grüße", 10, 30);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    int light = 0;
    for (int x = 0; x < 200; ++x)
        for (int y = 0; y < 50; ++y)
            light += image.getRGB(x, y) & 255;
%>
png <%= bytes.size() > 100 %> drawn <%= light > 1000 %>
<%= ZonedDateTime.of(2024, 7, 1, 12, 0, 0, 0, ZoneId.of("Asia/Tokyo")).getOffset() %>
"""},
    setup="rm -f /var/lib/tomcat10/webapps/ROOT/index.html",
    env=["CATALINA_HOME=/usr/share/tomcat10", "CATALINA_BASE=/var/lib/tomcat10",
         "CATALINA_TMPDIR=/tmp", "JAVA_OPTS=-Djava.awt.headless=true"],
    user="tomcat",
    cmd=["/usr/share/tomcat10/bin/catalina.sh", "run"],
)


def probe(app):
    with app.start() as service:
        page = service.get(8080, "/index.jsp")
        want(page, "png true drawn true")
        want(page, "+09:00")
