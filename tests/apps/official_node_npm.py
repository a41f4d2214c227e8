"""Fastify in the layout of node:20, started by npm through a script of package.json."""
from support import official
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "libstdc++6", "libatomic1", "python3-minimal", "make", "git"],
    layers=[*official.node(),
            official.npm_app(["fastify@5", "pino-pretty@11", "argon2@0.41", "cross-env@7"])],
    files={
        "/usr/src/app/package.json": """{
  "name": "shop",
  "scripts": {
    "prestart": "tr a-z A-Z < greeting.txt > /tmp/greeting",
    "start": "npm run serve",
    "serve": "cross-env MODE=loud node server.js",
    "build": "make && git describe"
  }
}
""",
        "/usr/src/app/greeting.txt": "hello\n",
        "/usr/src/app/server.js": """
const {readFileSync} = require('fs');
const argon2 = require('argon2');
const fastify = require('fastify')({logger: {transport: {target: 'pino-pretty'}}});
fastify.get('/', async () => ({
  greeting: readFileSync('/tmp/greeting', 'utf8').trim(), mode: process.env.MODE,
  verified: await argon2.verify(await argon2.hash('x'), 'x')}));
fastify.listen({port: 3000, host: '0.0.0.0'});
""",
    },
    env=["NODE_VERSION=20.19.0", "YARN_VERSION=1.22.22"],
    workdir="/usr/src/app",
    entrypoint=["docker-entrypoint.sh"],
    cmd=["npm", "start"],
)


def probe(app):
    with app.start() as service:
        answer = service.get(3000, "/")
        for part in ('"greeting":"HELLO"', '"mode":"loud"', '"verified":true'):
            want(answer, part)
        want(service.log(), "Server listening")
