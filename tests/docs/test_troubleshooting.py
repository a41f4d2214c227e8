#!/usr/bin/env python3
"""docs/troubleshooting.md has every id of an error or diagnostic that the sources have, no others,
and quotes their words as they are."""
import pathlib
import re
import unittest

from support import main

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text()
    for path in sorted((ROOT / "src").rglob("*.?pp"))
}
TEXT = (ROOT / "docs" / "troubleshooting.md").read_text()

ID = r'"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)"'
# How an id gets into an Error or a Diagnostic.
PATTERNS = [
    rf"\b(?:Exit|Severity)::\w+,\s*{ID}",
    rf"\b(?:tell|doubt|diagnose)\(\s*(?:here,\s*)?{ID}",
    rf"\.code = {ID}",
    rf"\? Severity::\w+ : Severity::\w+,\s*\w+ \? {ID} : {ID}",
    rf"\bthrow Error\(\s*status,\s*{ID}",
]
# Helpers that are given the id; a new one is named here, with a pattern above for its calls.
HELPERS = {
    "src/closure/packages/dpkg.cpp",
    "src/closure/shell/reader.cpp",
    "src/elf/facts.cpp",
}


def ids_of_sources():
    found = {}
    for file, text in SOURCES.items():
        for pattern in PATTERNS:
            for match in re.finditer(pattern, text):
                for name in match.groups():
                    found.setdefault(name, file)
    return found


def ids_of_document():
    entries = [line for line in TEXT.splitlines() if line.startswith("**")]
    return [name for line in entries for name in re.findall(r"\*\*([a-z0-9-]+)\*\*", line)]


LITERALS = re.compile(r"""'(?:[^'\\\n]|\\.)'|((?:"(?:[^"\\\n]|\\.)*"\s*)+)""")


def words_of_sources():
    """The texts in the sources, a line each, adjacent literals joined and escapes undone."""
    texts = []
    for source in SOURCES.values():
        for literals in LITERALS.findall(source):
            parts = re.findall(r'"((?:[^"\\\n]|\\.)*)"', literals)
            texts.append("".join(parts).replace('\\"', '"'))
    return "\n".join(texts)


class Troubleshooting(unittest.TestCase):
    maxDiff = None

    def test_every_id_is_told(self):
        told = set(ids_of_document())
        absent = {name: file for name, file in ids_of_sources().items() if name not in told}
        self.assertEqual(absent, {}, "tell of these in docs/troubleshooting.md")

    def test_none_is_told_that_there_is_not(self):
        there = ids_of_sources()
        gone = [name for name in ids_of_document() if name not in there]
        self.assertEqual(gone, [], "no source has these")

    def test_each_is_told_once(self):
        told = [line.split(" – ")[0] for line in TEXT.splitlines() if line.startswith("**")]
        names = [name for head in told for name in re.findall(r"\*\*([a-z0-9-]+)\*\*", head)]
        self.assertEqual(len(names), len(set(names)), sorted(names))

    def test_ids_that_go_through_a_helper_are_seen(self):
        through = {
            file
            for file, text in SOURCES.items()
            if re.search(r"(?:Severity::\w+|severity),\s*std::string\(", text)
        }
        self.assertEqual(through, HELPERS)
        found = ids_of_sources()
        for name in ("dpkg-database-damaged", "shell-source-unknown", "elf-sections-damaged"):
            self.assertIn(name, found)

    def test_messages_stand_there_as_the_program_writes_them(self):
        words = words_of_sources()
        quoted = re.findall(r"“([^”]+)”", TEXT)
        self.assertGreater(len(quoted), 90)
        absent = [
            piece.strip(" ,:")
            for message in quoted
            for piece in message.replace("\n", " ").split("…")
            if piece.strip(" ,:") not in words
        ]
        self.assertEqual(absent, [], "no source has these words")

    def test_the_patterns_notice(self):
        for code, wanted in (
            ('throw Error(Exit::usage, "new-one",\n', "new-one"),
            ('out.push_back({Severity::note,\n   "new-two", "", ""})', "new-two"),
            ('Diagnostic{.code = "new-three"}', "new-three"),
            ('doubt(here, "new-four", "x")', "new-four"),
        ):
            SOURCES["new.cpp"] = code
            self.addCleanup(SOURCES.pop, "new.cpp", None)
            self.assertIn(wanted, ids_of_sources())
            self.assertNotIn(wanted, ids_of_document())


if __name__ == "__main__":
    main()
