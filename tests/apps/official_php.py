"""A Composer application in the layout of php:8.2-fpm, asked as a web server asks FPM."""
import socket
import struct

from support import source
from support.containers import want
from support.recipe import Layer, Recipe

RECIPE = Recipe(
    packages=source.PHP_PACKAGES,
    layers=[*source.php("php-fpm", ["opcache", "bcmath", "gmp", "xsl", "pcntl", "pdo_mysql"]),
            Layer("RUN /bin/sh -c cd /usr/local/etc # buildkit", files=source.FPM_FILES)],
    files={
        "/usr/local/etc/php/conf.d/zz-app.ini": "date.timezone = Europe/Berlin\n",
        "/var/www/html/composer.json": '{"autoload": {"psr-4": {"App\\\\": "src/"}}}\n',
        "/var/www/html/vendor/autoload.php": """<?php
spl_autoload_register(function ($class) {
    require __DIR__ . '/../src/' . str_replace(['App\\\\', '\\\\'], ['', '/'], $class) . '.php';
});
""",
        "/var/www/html/src/Report/Sums.php": """<?php
namespace App\\Report;
final class Sums
{
    public function digest(string $text): string
    {
        $tool = 'sha256sum';
        return substr(shell_exec('printf %s ' . escapeshellarg($text) . " | $tool"), 0, 6);
    }
}
""",
        "/var/www/html/index.php": """<?php
require __DIR__ . '/vendor/autoload.php';
$db = new PDO('sqlite::memory:');
$style = new DOMDocument();
$style->loadXML('<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">'
    . '<xsl:template match="/">styled</xsl:template></xsl:stylesheet>');
$processor = new XSLTProcessor();
$processor->importStylesheet($style);
echo json_encode([
    'one' => $db->query('select 1')->fetchColumn(), 'big' => (string) gmp_pow(2, 70),
    'precise' => bcadd('0.1', '0.2', 2), 'drivers' => PDO::getAvailableDrivers(),
    'digest' => (new App\\Report\\Sums())->digest('abc'), 'zone' => date_default_timezone_get(),
    'cached' => opcache_get_status(false)['opcache_enabled'], 'user' => posix_getpwuid(posix_getuid())['name'],
    'upper' => mb_strtoupper('ü'), 'sealed' => strlen(openssl_encrypt('x', 'aes-256-gcm', str_repeat('k', 32), 0, str_repeat('i', 12), $tag)) > 0,
    'styled' => trim(strip_tags($processor->transformToXml($style))),
], JSON_UNESCAPED_UNICODE);
""",
    },
    env=source.PHP_ENVIRONMENT,
    workdir="/var/www/html",
    entrypoint=["docker-php-entrypoint"],
    cmd=["php-fpm"],
    config={"StopSignal": "SIGQUIT"},
)


def record(kind, content):
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def answer(service, script):
    """What FastCGI's responder at port 9000 prints."""
    parameters = b""
    for name, value in {"SCRIPT_FILENAME": script, "REQUEST_METHOD": "GET", "SCRIPT_NAME": "/",
                        "REQUEST_URI": "/", "QUERY_STRING": "",
                        "SERVER_PROTOCOL": "HTTP/1.1"}.items():
        parameters += bytes((len(name), len(value))) + name.encode() + value.encode()
    question = (record(1, struct.pack(">HB5x", 1, 0)) + record(4, parameters) + record(4, b"") +
                record(5, b""))

    def attempt():
        with socket.create_connection(("127.0.0.1", 9000), timeout=10) as connection:
            connection.sendall(question)
            text = b""
            while part := connection.recv(65536):
                text += part
            return text.decode("utf-8", "replace")

    return service.eventually("FPM does not answer", attempt)


def probe(app):
    with app.start() as service:
        text = answer(service, "/var/www/html/index.php")
        for part in ('"one":1', '"big":"1180591620717411303424"', '"precise":"0.30"', '"mysql"',
                     '"digest":"ba7816"', '"zone":"Europe\\/Berlin"', '"cached":true',
                     '"user":"www-data"', '"upper":"Ü"', '"sealed":true', '"styled":"styled"'):
            want(text, part)
        service.stop()
