"""Express on Debian's Node.js modules."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["nodejs", "node-express", "node-ejs"],
    files={
        "/app/server.js": """
const express = require('express');
const app = express();
app.set('view engine', 'ejs');
app.set('views', __dirname + '/views');
app.use('/static', express.static(__dirname + '/static'));
app.get('/hello/:name', (request, response) => response.render('hello', request.params));
app.get('/date', (request, response) =>
    response.json(new Intl.DateTimeFormat('de', { month: 'long', timeZone: 'Asia/Tokyo' })
        .format(new Date(0))));
app.listen(3000);
""",
        "/app/views/hello.ejs": "<p>Hello <%= name %></p>\n",
        "/app/static/a.css": "p {}\n",
    },
    workdir="/app",
    user="www-data",
    cmd=["node", "server.js"],
)


def probe(app):
    with app.start() as service:
        want(service.get(3000, "/hello/ann"), "<p>Hello ann</p>")
        want(service.get(3000, "/static/a.css"), "p {}")
        want(service.get(3000, "/date"), "Januar")
