"""A Mojolicious application in Perl."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["libmojolicious-perl", "libdbd-sqlite3-perl"],
    files={"/app/app.pl": """#!/usr/bin/perl
use Mojolicious::Lite -signatures;
use DBI;
use Encode;
get '/' => sub ($c) {
    my $db = DBI->connect('dbi:SQLite:dbname=:memory:', '', '', { RaiseError => 1 });
    my ($sum) = $db->selectrow_array('SELECT 40 + 2');
    $c->render(template => 'index', sum => $sum);
};
app->start;
__DATA__
@@ index.html.ep
<p><%= $sum %> <%= b('x')->b64_encode %> <%= Encode::encode('iso-8859-1', 'ok') %></p>
"""},
    cmd=["perl", "/app/app.pl", "daemon", "-l", "http://*:3000"],
)


def probe(app):
    with app.start() as service:
        want(service.get(3000), "<p>42 eA==")
        service.get(3000, "/none", status=404)
