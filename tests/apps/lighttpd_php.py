"""lighttpd that starts PHP as FastCGI, with SQLite behind it."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["lighttpd", "php-cgi", "php-sqlite3", "php-mbstring"],
    files={"/var/www/html/index.php": """<?php
$db = new PDO('sqlite:/tmp/visits.db');
$db->exec('CREATE TABLE IF NOT EXISTS visits (name TEXT)');
$db->prepare('INSERT INTO visits VALUES (?)')->execute([$_GET['name'] ?? 'nobody']);
$count = $db->query('SELECT count(*) FROM visits')->fetchColumn();
echo mb_strtoupper($_GET['name'] ?? 'nobody'), ' is visitor ', $count, "\\n";
"""},
    setup="""
        lighttpd-enable-mod fastcgi fastcgi-php
        install -d -o www-data /run/lighttpd
    """,
    cmd=["lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"],
)


def probe(app):
    with app.start() as service:
        want(service.get(80, "/index.php?name=%C3%A9lise"), "ÉLISE is visitor 1")
        want(service.get(80, "/?name=ann"), "ANN is visitor 2")
        service.get(80, "/none", status=404)
