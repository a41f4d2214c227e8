"""An application of npm workspaces as TypeScript's compiler writes it, a model in ~/.cache, tools that
stand in settings."""
from support import official
from support.containers import want
from support.recipe import Layer, Recipe

RECIPE = Recipe(
    packages=["ca-certificates", "libstdc++6", "libatomic1", "jq", "zip", "qrencode", "bc"],
    layers=[*official.node(),
            Layer("RUN /bin/sh -c fetch-model # buildkit",
                  script="mkdir -p /root/.cache/models\necho weights > /root/.cache/models/small\n")],
    files={
        "/repo/package.json": '{"name": "repo", "private": true, "workspaces": ["packages/*"]}\n',
        "/repo/packages/api/package.json":
            '{"name": "@shop/api", "version": "1.0.0", "scripts": {"start": "echo 6*7 | bc > /tmp/n'
            ' && node dist/server.js"}}\n',
        "/repo/packages/api/config/default.json": '{"tools": {"archive": "zip"}}\n',
        "/repo/packages/api/dist/run.js": """"use strict";
const child_process_1 = require("child_process");
const util_1 = require("util");
const run = (0, util_1.promisify)(child_process_1.execFile);
exports.start = (program, words) => run(program, words).then(done => done.stdout);
""",
        "/repo/packages/api/dist/server.js": """"use strict";
const child_process_1 = require("child_process");
const fs = require("fs"), os = require("os"), path = require("path");
const run_1 = require("./run");
const settings = require("../config/default.json");
const answers = {
  '/query': () => (0, child_process_1.execSync)("jq -n '{a: 1}'").toString(),
  '/archive': () => (0, run_1.start)(settings.tools.archive, ['-v']),
  '/code': () => (0, run_1.start)('qrencode', ['--version']).then(text => text || 'qrencode'),
  '/model': () => fs.readFileSync(path.join(os.homedir(), '.cache', 'models', 'small'), 'utf8'),
  '/number': () => fs.readFileSync('/tmp/n', 'utf8'),
};
require("http").createServer(async (request, response) => {
  try { response.end(await answers[request.url]()); }
  catch (error) { response.statusCode = 500; response.end(String(error)); }
}).listen(3000);
""",
    },
    env=["NODE_VERSION=20.19.0"],
    workdir="/repo",
    entrypoint=["docker-entrypoint.sh"],
    cmd=["npm", "start", "-w", "@shop/api"],
)


def probe(app):
    with app.start() as service:
        want(service.get(3000, "/query"), '"a": 1')
        want(service.get(3000, "/archive"), "Info-ZIP")
        want(service.get(3000, "/code"), "qrencode")
        want(service.get(3000, "/model"), "weights")
        want(service.get(3000, "/number"), "42")
