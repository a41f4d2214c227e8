"""Tcl with tcllib."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["tcl", "tcllib"],
    files={"/app/main.tcl": """#!/usr/bin/env tclsh
package require json
package require sha256
package require msgcat
set data [json::json2dict {{"name": "Ann", "n": [1, 2]}}]
puts "[dict get $data name] [llength [dict get $data n]] [string range [sha2::sha256 x] 0 3]"
puts [encoding convertfrom iso8859-15 \\xa4]
puts [clock format 0 -timezone :Asia/Tokyo -format %H -locale de]
"""},
    env=["LC_ALL=C.UTF-8"],
    cmd=["/app/main.tcl"],
)


def probe(app):
    text = app.run()
    want(text, "Ann 2 2d71")
    want(text, "\u20ac")
    want(text, "09")
