"""Runtimes built from Debian's sources into /usr/local, as Docker's official images build them.

Without optimization and documentation, for the build's time; the layout is that of `make install`.
"""
import hashlib
import os
import shutil

from . import debian
from .official import files_below
from .recipe import Layer

# source NAME: unpacks the upstream sources of Debian's source package into /usr/src/NAME, as
# buildpack-deps does with an archive from the project's site.
SOURCE = """
source() {
    echo 'deb-src http://deb.debian.org/debian bookworm main' >/tmp/sources.list
    set -- "$1" -o Dir::Etc::sourcelist=/tmp/sources.list -o Dir::Etc::sourceparts=/nowhere \\
        -o Dir::State::lists=/tmp/lists
    name=$1
    shift
    mkdir -p /tmp/lists/partial /usr/src/$name
    apt-get -q "$@" update
    cd /usr/src
    apt-get -q "$@" --download-only source $name
    mv ${name}_*.orig.tar.xz $name.tar.xz
    tar -xf $name.tar.xz -C $name --strip-components=1
    cd $name
}
export CFLAGS=-O0 CXXFLAGS=-O0
"""

PHP_PACKAGES = ["ca-certificates", "libssl3", "libxml2", "libsqlite3-0", "zlib1g", "libonig5",
                "libcurl4", "libgmp10", "libxslt1.1", "libreadline8", "libargon2-1", "autoconf",
                "gcc", "make", "pkg-config", "re2c", "xz-utils"]
PHP = """
source php8.2
mkdir -p /out/usr/src
cp ../php8.2.tar.xz /out/usr/src/php.tar.xz
./configure --with-config-file-path=/usr/local/etc/php \\
    --with-config-file-scan-dir=/usr/local/etc/php/conf.d --enable-mbstring --with-openssl \\
    --with-zlib --with-curl --with-pdo-sqlite=/usr --with-sqlite3=/usr --with-readline \\
    --with-password-argon2 --disable-cgi --enable-phpdbg --enable-bcmath=shared --with-gmp=shared \\
    --with-xsl=shared --enable-pcntl=shared --enable-sockets=shared --enable-mysqlnd \\
    --with-pdo-mysql=shared,mysqlnd --enable-fpm --with-fpm-user=www-data \\
    --with-fpm-group=www-data --with-apxs2
make -j2
make install-build install-headers install-programs install-cli install-fpm install-phpdbg \\
    install-modules INSTALL_ROOT=/out
mkdir -p /out/usr/local/etc/php/conf.d /out/usr/lib/apache2/modules
cp libs/libphp.so /out/usr/lib/apache2/modules/
cp php.ini-development php.ini-production /out/usr/local/etc/php/
"""
PHP_ENVIRONMENT = ["PHPIZE_DEPS=autoconf dpkg-dev file g++ gcc libc-dev make pkg-config re2c",
                   "PHP_INI_DIR=/usr/local/etc/php", "PHP_VERSION=8.2.30",
                   "PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2"]
PHP_ENTRYPOINT = """#!/bin/sh
set -e

# first arg is `-f` or `--some-option`
if [ "${1#-}" != "$1" ]; then
\tset -- %s "$@"
fi

exec "$@"
"""
FPM_FILES = {
    "/usr/local/etc/php-fpm.conf": "[global]\n;pid = run/php-fpm.pid\n;error_log = log/php-fpm.log\n"
                                   "include=etc/php-fpm.d/*.conf\n",
    "/usr/local/etc/php-fpm.d/www.conf":
        "[www]\nuser = www-data\ngroup = www-data\nlisten = 127.0.0.1:9000\npm = dynamic\n"
        "pm.max_children = 5\npm.start_servers = 2\npm.min_spare_servers = 1\n"
        "pm.max_spare_servers = 3\n;access.log = log/$pool.access.log\n",
    "/usr/local/etc/php-fpm.d/docker.conf":
        "[global]\nerror_log = /proc/self/fd/2\nlog_limit = 8192\n\n[www]\n"
        "access.log = /proc/self/fd/2\nclear_env = no\ncatch_workers_output = yes\n"
        "decorate_workers_output = no\n",
    "/usr/local/etc/php-fpm.d/zz-docker.conf": "[global]\ndaemonize = no\n\n[www]\nlisten = 9000\n",
}

BUILD_PACKAGES = ["gcc", "g++", "make", "libc6-dev", "xz-utils", "pkg-config", "ca-certificates"]
KINDS = {
    "php": (PHP, ["libssl-dev", "libxml2-dev", "libsqlite3-dev", "zlib1g-dev", "libonig-dev",
                  "libcurl4-openssl-dev", "libgmp-dev", "libxslt1-dev", "libreadline-dev",
                  "libargon2-dev", "apache2-dev", "apache2"]),
}


def built(kind, scratch):
    """The files that the build installs, made once in a work folder."""
    script, packages = KINDS[kind]
    work = os.path.dirname(scratch)
    digest = hashlib.sha256((SOURCE + script + repr(packages)).encode()).hexdigest()[:12]
    out = os.path.join(work, f"built-{kind}-{digest}")
    if not os.path.exists(out):
        with debian.Tree(work, debian.base_layer(work)) as tree:
            tree.install([*BUILD_PACKAGES, *packages])
            tree.chroot(SOURCE + script)
            shutil.move(os.path.join(tree.root, "out"), out + ".part")
        os.rename(out + ".part", out)
    return files_below(out, "/")


def layer(kind, created_by):
    return Layer(f"RUN /bin/sh -c set -eux; {created_by}; make install # buildkit",
                 script="ldconfig", make=lambda scratch: built(kind, scratch))


def php(program, extensions):
    """php:8.2-fpm or -apache: the layers, with docker-php-ext-enable'd extensions."""
    files = {"/usr/local/bin/docker-php-entrypoint": PHP_ENTRYPOINT % program}
    for name in extensions:
        files[f"/usr/local/etc/php/conf.d/docker-php-ext-{name}.ini"] = (
            f"zend_extension={name}\n" if name == "opcache" else f"extension={name}\n")
    for name in ("docker-php-ext-install", "docker-php-ext-enable", "docker-php-source"):
        files["/usr/local/bin/" + name] = "#!/bin/sh\nset -e\nphp-config --version\nmake -j1\n"
    return [layer("php", "./configure --with-config-file-path=$PHP_INI_DIR"),
            Layer("COPY docker-php-* /usr/local/bin/ # buildkit", files=files)]
