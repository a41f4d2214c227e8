"""HAProxy with a Lua service and its statistics page."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["haproxy"],
    files={
        "/srv/hello.lua": """
core.register_service("hello", "http", function(applet)
    local body = "Hello from Lua\\n"
    applet:set_status(200)
    applet:add_header("content-length", string.len(body))
    applet:start_response()
    applet:send(body)
end)
""",
        "/etc/haproxy/haproxy.cfg": """
global
    user haproxy
    group haproxy
    lua-load /srv/hello.lua
defaults
    mode http
    timeout client 5s
    timeout server 5s
    timeout connect 5s
frontend web
    bind :8080
    http-request use-service lua.hello if { path /lua }
    http-request return status 503 errorfile /etc/haproxy/errors/503.http if { path /sorry }
    stats enable
    stats uri /stats
""",
    },
    cmd=["haproxy", "-db", "-f", "/etc/haproxy/haproxy.cfg"],
)


def probe(app):
    with app.start() as service:
        want(service.get(8080, "/lua"), "Hello from Lua")
        want(service.get(8080, "/stats"), "Statistics Report")
        want(service.get(8080, "/sorry", status=503), "No server is available")
