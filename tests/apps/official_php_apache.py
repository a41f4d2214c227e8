"""WordPress-like PHP in the layout of php:8.2-apache: Debian's Apache, PHP built beside it."""
from support import source
from support.containers import want
from support.recipe import Layer, Recipe

FOREGROUND = """#!/bin/bash
set -e
: "${APACHE_CONFDIR:=/etc/apache2}"
: "${APACHE_ENVVARS:=$APACHE_CONFDIR/envvars}"
if test -f "$APACHE_ENVVARS"; then
\t. "$APACHE_ENVVARS"
fi
: "${APACHE_RUN_DIR:=/var/run/apache2}"
: "${APACHE_PID_FILE:=$APACHE_RUN_DIR/apache2.pid}"
rm -f "$APACHE_PID_FILE"
for e in "${!APACHE_@}"; do
\tif [[ "$e" == *_DIR ]] && [[ "${!e}" == /* ]]; then
\t\tmkdir -p "${!e}"
\tfi
done
exec apache2 -DFOREGROUND "$@"
"""

RECIPE = Recipe(
    packages=[*source.PHP_PACKAGES, "apache2"],
    layers=[
        Layer("RUN /bin/sh -c a2dismod mpm_event && a2enmod mpm_prefork # buildkit", """
a2dismod mpm_event && a2enmod mpm_prefork rewrite
rm -rf /var/www/html && mkdir -p /var/www/html
chown www-data:www-data /var/lock /var/log/apache2 /var/www/html
ln -sfT /dev/stderr /var/log/apache2/error.log
ln -sfT /dev/stdout /var/log/apache2/access.log
printf '<FilesMatch \\.php$>\\nSetHandler application/x-httpd-php\\n</FilesMatch>\\nDirectoryIndex index.php\\n' \\
    >/etc/apache2/conf-available/docker-php.conf
a2enconf docker-php
"""),
        *source.php("apache2-foreground", ["opcache", "bcmath"]),
        Layer("RUN /bin/sh -c # buildkit", "mkdir -p /etc/apache2/mods-enabled\n"
                     "echo 'LoadModule php_module /usr/lib/apache2/modules/libphp.so' "
                     ">/etc/apache2/mods-enabled/php.load"),
        Layer("COPY apache2-foreground /usr/local/bin/ # buildkit",
                     files={"/usr/local/bin/apache2-foreground": FOREGROUND})],
    files={
        "/var/www/html/.htaccess": "RewriteEngine on\nRewriteRule ^hello/(.*)$ index.php?name=$1 [L]\n",
        "/etc/apache2/conf-enabled/app.conf":
            "ServerName localhost\n<Directory /var/www/html>\nAllowOverride All\n</Directory>\n",
        "/var/www/html/index.php": """<?php
echo 'Hello ', htmlspecialchars($_GET['name'] ?? 'all'), ' ', bcadd('1', '2'), ' ', PHP_SAPI;
""",
    },
    env=[*source.PHP_ENVIRONMENT, "APACHE_CONFDIR=/etc/apache2",
         "APACHE_ENVVARS=/etc/apache2/envvars"],
    workdir="/var/www/html",
    entrypoint=["docker-php-entrypoint"],
    cmd=["apache2-foreground"],
    config={"StopSignal": "SIGWINCH"},
)


def probe(app):
    with app.start() as service:
        want(service.get(80, "/hello/ann"), "Hello ann 3 apache2handler")
        service.get(80, "/none.txt", status=404)
