"""Express with native addons in the layout of node:20, started through its entrypoint."""
from support import official
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "libstdc++6", "libatomic1", "python3-minimal", "make", "git"],
    layers=[*official.node(),
            official.npm_app(["express@4", "bcrypt@6", "sharp@0.33", "esbuild@0.24", "ejs@3"])],
    files={
        "/usr/src/app/package.json": '{"name": "shop", "scripts": {"start": "node server.js"}}\n',
        "/usr/src/app/views/page.ejs": "<p><%= name %></p>\n",
        "/usr/src/app/server.js": """
const express = require('express');
const bcrypt = require('bcrypt');
const sharp = require('sharp');
const {transformSync} = require('esbuild');
const tls = require('tls');
const app = express();
app.set('view engine', 'ejs');
app.get('/', async (request, response) => {
  const png = await sharp({create: {width: 8, height: 8, channels: 3, background: '#123456'}}).png().toBuffer();
  response.json({hashed: await bcrypt.compare('x', await bcrypt.hash('x', 4)),
                 png: (await sharp(png).metadata()).format, roots: tls.rootCertificates.length > 50,
                 code: transformSync('let x: number = 1', {loader: 'ts'}).code.trim(),
                 name: require('os').userInfo().username,
                 date: new Intl.DateTimeFormat('de', {month: 'long', timeZone: 'Asia/Tokyo'}).format(new Date(0))});
});
app.get('/page', (request, response) => response.render('page', {name: 'Ann'}));
app.listen(3000);
""",
    },
    env=["NODE_VERSION=20.19.0", "YARN_VERSION=1.22.22"],
    workdir="/usr/src/app",
    entrypoint=["docker-entrypoint.sh"],
    cmd=["node", "server.js"],
)


def probe(app):
    with app.start() as service:
        answer = service.get(3000, "/")
        for part in ('"hashed":true', '"png":"png"', '"roots":true', '"code":"let x = 1;"',
                     '"name":"root"', '"date":"Januar"'):
            want(answer, part)
        want(service.get(3000, "/page"), "<p>Ann</p>")
