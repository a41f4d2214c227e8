"""Apache with PHP as a module, TLS, rewritten paths and its own start script."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["apache2", "libapache2-mod-php", "php-xml", "ssl-cert"],
    files={
        "/var/www/html/index.php": """<?php
$document = new DOMDocument();
$document->loadXML('<greeting to="' . htmlspecialchars($_GET['name'] ?? 'all') . '"/>');
echo $document->documentElement->getAttribute('to'), ' ', json_encode(['ok' => true]), "\\n";
""",
        "/etc/apache2/conf-enabled/site.conf":
            "ServerName localhost\nRewriteEngine on\nRewriteRule ^/hello/(.*) /index.php?name=$1\n"
            "<Location />\nRewriteEngine on\nRewriteRule ^/hello/(.*) /index.php?name=$1 [L]\n"
            "</Location>\nAddOutputFilterByType DEFLATE text/html\n",
    },
    setup="""
        a2enmod ssl rewrite headers
        a2ensite default-ssl
        ln -sf /dev/stdout /var/log/apache2/access.log
        ln -sf /dev/stderr /var/log/apache2/error.log
    """,
    cmd=["apache2ctl", "-D", "FOREGROUND"],
)


def probe(app):
    with app.start() as service:
        want(service.get(80, "/index.php?name=Ann"), 'Ann {"ok":true}')
        want(service.get(443, "/index.php?name=Bob", tls=True), "Bob")
        service.get(80, "/none", status=404)
