"""Lua with modules in Lua and in C."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["lua5.4", "lua-socket", "lua-cjson", "lua-lpeg", "lua-filesystem"],
    files={"/app/main.lua": """
local socket, json, lpeg = require "socket", require "cjson", require "lpeg"
local url, lfs = require "socket.url", require "lfs"
print(json.encode({ host = url.parse("http://a.example/x").host, cwd = lfs.currentdir(),
    digits = lpeg.match(lpeg.C(lpeg.R "09" ^ 1), "42x"), time = socket.gettime() > 0 }))
"""},
    workdir="/app",
    cmd=["lua5.4", "main.lua"],
)


def probe(app):
    text = app.run()
    for part in ('"host":"a.example"', '"digits":"42"', '"time":true', '"cwd":"\\/app"'):
        want(text, part)
