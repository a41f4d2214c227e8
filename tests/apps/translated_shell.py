"""A shell script in German: locale, translations, dates and sorting."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["locales", "gettext", "gettext-base", "tzdata"],
    files={
        "/app/say.sh": """#!/bin/bash
. gettext.sh
export TEXTDOMAIN=app TEXTDOMAINDIR=/app/locale
gettext "Good morning"; echo
date -d '2024-03-04 12:00 UTC' '+%A %H'
printf '%s\\n' Zebra Ähre Apfel | sort | head -n 1
printf "%'.2f\\n" 1234,5
""",
        "/app/de.po": 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'
                      'msgid "Good morning"\nmsgstr "Guten Morgen"\n',
    },
    setup="""
        sed -i 's/# de_DE.UTF-8/de_DE.UTF-8/' /etc/locale.gen && locale-gen
        mkdir -p /app/locale/de/LC_MESSAGES
        msgfmt -o /app/locale/de/LC_MESSAGES/app.mo /app/de.po
        ln -sf /usr/share/zoneinfo/Europe/Berlin /etc/localtime
    """,
    env=["LANG=de_DE.UTF-8"],
    cmd=["/app/say.sh"],
)


def probe(app):
    text = app.run()
    for part in ("Guten Morgen", "Montag 13", "Ähre", "1.234,50"):
        want(text, part)
