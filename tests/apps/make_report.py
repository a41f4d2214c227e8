"""A report that make builds: the targets' recipes run the programs, through variables."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["make", "sqlite3", "jq"],
    files={"/app/Makefile": """DATABASE ?= /tmp/sales.db
SQLITE := sqlite3 -json
STAMP = $(shell date +%Y)

.PHONY: report clean
report: $(DATABASE)
\t@$(SQLITE) $< 'select sum(price) as total from sales' | jq -c '.[0] + {year: $(STAMP)}'

$(DATABASE): schema.sql
\tsqlite3 $@ < schema.sql

clean:
\trm -f $(DATABASE)
""", "/app/schema.sql": "create table sales (price int); insert into sales values (40), (2);\n"},
    workdir="/app", cmd=["make", "report"])


def probe(app):
    want(app.run(), '{"total":42,"year":20')
