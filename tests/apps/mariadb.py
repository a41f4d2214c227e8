"""MariaDB, set up by a script on its first start."""
import struct

from support.containers import Failure, want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["mariadb-server"],
    files={"/entrypoint.sh": """#!/bin/bash
set -eo pipefail
if [ ! -d /data/mysql ]; then
    mariadb-install-db --user=mysql --datadir=/data --auth-root-authentication-method=normal \\
        --skip-test-db >/dev/null
    mariadbd --user=mysql --datadir=/data --skip-networking --socket=/tmp/setup.sock &
    for i in {60..0}; do
        mariadb --socket=/tmp/setup.sock -e 'SELECT 1' >/dev/null 2>&1 && break
        sleep 0.5
    done
    mariadb --socket=/tmp/setup.sock <<-SQL
        CREATE DATABASE shop;
        CREATE TABLE shop.things (id INT PRIMARY KEY, name VARCHAR(40)) ENGINE=InnoDB;
        INSERT INTO shop.things VALUES (1, 'tea'), (2, 'Käse');
        CREATE USER guest@'%';
        GRANT ALL ON shop.* TO guest@'%';
SQL
    mariadb-admin --socket=/tmp/setup.sock shutdown
    wait
fi
exec mariadbd --user=mysql --datadir=/data "$@"
"""},
    setup="install -d -o mysql /data /run/mysqld",
    entrypoint=["/entrypoint.sh"],
    cmd=["--bind-address=0.0.0.0"],
)


def packet(connection):
    head = connection.recv(4, 0x100)
    return connection.recv(int.from_bytes(head[:3], "little"), 0x100)


def query(connection, sql):
    """The packets of the answer up to the end of its rows."""
    connection.sendall(struct.pack("<I", len(sql) + 1) + b"\x03" + sql)
    packets = [packet(connection)]
    if packets[0][0] == 0xFF:
        raise Failure(packets[0].decode("latin-1"))
    while packets[0][0] and sum(p[:1] == b"\xfe" for p in packets) < 2:
        packets.append(packet(connection))
    return b" ".join(packets)


def probe(app):
    import socket
    with app.start() as service:
        service.wait_log("port: 3306")

        def attempt():
            with socket.create_connection(("127.0.0.1", 3306), 5) as connection:
                want(packet(connection).decode("latin-1"), "MariaDB", "greeting")
                login = struct.pack("<IIB23x", 0x0008A205, 1 << 24, 33) + b"guest\0\0"
                login += b"mysql_native_password\0"
                connection.sendall(struct.pack("<I", len(login) | 1 << 24) + login)
                first = packet(connection)
                if first[0] != 0:
                    raise Failure(f"login: {first!r}")
                query(connection, b"INSERT INTO shop.things VALUES (3, 'bread')")
                return query(connection, b"SELECT group_concat(upper(name)) FROM shop.things")

        want(service.eventually("no answer", attempt).decode("latin-1"), "TEA")
        service.stop(20)
