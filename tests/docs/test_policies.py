#!/usr/bin/env python3
"""docs/policies.md has every policy that the program has, no others, in its order and its words."""
import pathlib
import re
import unittest

from support import ImageTest, main, slimimg

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENTRY = re.compile(r"^## ([a-z-]+)\n\n(.+)\n\n((?:.+\n)+)", re.MULTILINE)


def listed(*options):
    """From each policy's id to its level and title."""
    lines = slimimg("check", "--list", *options).text.splitlines()
    rows = [line.split(maxsplit=2) for line in lines]
    return {name: (level, title) for name, level, title in rows}


class Policies(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        text = (ROOT / "docs/policies.md").read_text().partition("\n## dive's three figures")[0]
        cls.entries = {name: (head, " ".join(reason.split()))
                       for name, head, reason in ENTRY.findall(text)}

    def test_they_are_the_same_in_the_same_order(self):
        self.assertGreater(len(self.entries), 20)
        self.assertEqual(list(self.entries), list(listed()))

    def test_titles_and_levels(self):
        distroless = listed("--profile", "distroless")
        for name, (level, title) in listed().items():
            other = distroless[name][0]
            more = "" if other == level else f"; with the profile distroless: {other}"
            self.assertEqual(self.entries[name][0], f"{title}. Level: {level}{more}.")

    def test_reasons(self):
        sarif = slimimg("check", self.image(), "--format", "sarif").json
        rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        self.assertEqual(len(rules), len(self.entries))
        for rule in rules:
            self.assertEqual(self.entries[rule["id"]][1], rule["fullDescription"]["text"])


if __name__ == "__main__":
    main()
