#!/usr/bin/env python3
"""The documents: blocks marked "sh test TOOL…" run as they stand, settings are accepted,
and commands that are only shown name options that there are.

Each block runs in a folder of its own, with a small image as app.tar. For engines it is loaded as
app:1.0 into a storage that goes with the folder; podman stands in for docker, whose save, load and
run are the same.
"""
import importlib.machinery
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import types
import unittest
import xml.etree.ElementTree as xml

from support import SLIMIMG, ImageTest, main, slimimg

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\S*)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENGINES = ("docker", "podman", "buildah")
PROGRAM = os.path.realpath(shutil.which(SLIMIMG) or SLIMIMG)

STORAGE = """[storage]
driver = "vfs"
graphroot = "{0}/graph"
runroot = "{0}/run"
"""
# What a constrained machine can do.
CONTAINERS = """[containers]
netns = "none"
log_driver = "k8s-file"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
{0}
"""


def blocks(language):
    """(document, line, words behind the language, text) of every block."""
    for document in DOCUMENTS:
        text = document.read_text()
        for match in BLOCK.finditer(text):
            if match[1] == language:
                line = text.count("\n", 0, match.start()) + 1
                yield document.name, line, match[2].split(), match[3]


def why_not(tools):
    """Why the tools of a block can't be used here; None where they can."""
    wanted = {"podman" if tool == "docker" else tool for tool in tools}
    absent = sorted(tool for tool in wanted if not shutil.which(tool))
    if absent:
        return "not installed: " + ", ".join(absent)
    if wanted & set(ENGINES) and os.geteuid() != 0:
        return "containers are tried as root only"
    return None


class Blocks(ImageTest):
    def setUp(self):
        super().setUp()
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        (self.tools / "slimimg").symlink_to(PROGRAM)
        services = ("SLIMIMG_", "GITHUB_", "GITLAB_", "CI_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(services)}
        self.env["PATH"] = f"{self.tools}:{self.env['PATH']}"

    def sh(self, script, cwd):
        done = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=cwd,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=200,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8", "replace")

    def prepare_engine(self, work):
        storage = self.folder / "storage"
        storage.mkdir()
        (storage / "storage.conf").write_text(STORAGE.format(storage))
        runtime = 'runtime = "runc"' if shutil.which("runc") else ""
        (storage / "containers.conf").write_text(CONTAINERS.format(runtime))
        self.env["CONTAINERS_STORAGE_CONF"] = str(storage / "storage.conf")
        self.env["CONTAINERS_CONF"] = str(storage / "containers.conf")
        if shutil.which("podman"):
            (self.tools / "docker").symlink_to(shutil.which("podman"))
        code, text = self.sh("podman load -q -i app.tar && podman run --rm app:1.0", work)
        if code != 0:
            self.skipTest("containers can't be run here: " + text.strip()[-200:])

    def run_block(self, tools, script):
        reason = why_not(tools)
        if reason:
            self.skipTest(reason)
        work = self.folder / "work"
        work.mkdir()
        self.fixture.docker(work / "app.tar")
        if set(tools) & set(ENGINES):
            self.prepare_engine(work)
        return self.sh(script, work)

    def test_a_block_that_fails_is_noticed(self):
        code, text = self.run_block([], "slimimg analyze none.tar\ntrue\n")
        self.assertEqual(code, 3)
        self.assertIn("there is no file none.tar", text)


def add(name, tools, script):
    def test(self):
        code, text = self.run_block(tools, script)
        self.assertEqual(code, 0, f"{script}\n{text[-3000:]}")

    setattr(Blocks, name, test)


for document, line, words, script in blocks("sh"):
    if words[:1] == ["test"]:
        stem = document.removesuffix(".md").replace("-", "_").lower()
        add(f"test_{stem}_line_{line}", words[1:], script)


def calls_in(line):
    """The words of each call of slimimg in a line of shell; what is only sketched is left out."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;()<>")
    lexer.whitespace_split = True
    words = []
    for word in [*lexer, ";"]:
        if word.strip("|&;()") == "" or word.startswith((">", "<")):
            if "slimimg" in words:
                call = words[words.index("slimimg") + 1 :]
                sketch = any(re.fullmatch(r"COMMAND|OPTION|.*(…|\.\.\.).*|WHAT", w) for w in call)
                if call and not sketch:
                    yield call
            words = []
        else:
            words.append(word)


class Shown(ImageTest):
    def test_blocks_are_found(self):
        self.assertGreater(sum(1 for _ in blocks("sh")), 12)
        self.assertGreater(sum(1 for _ in blocks("toml")), 8)
        self.assertGreater(len([name for name in dir(Blocks) if "_line_" in name]), 10)

    def test_settings_are_accepted(self):
        image = self.image()
        settings = self.folder / "settings.toml"
        for document, line, _, text in blocks("toml"):
            settings.write_text(text)
            result = slimimg("analyze", image, "-q", "--config", settings)
            self.assertNotRegex(result.err, r"settings\.toml, line", f"{document}:{line}")

    def test_settings_that_are_wrong_are_noticed(self):
        settings = self.folder / "settings.toml"
        settings.write_text('[closure]\ninclud = ["/a"]\n')
        result = slimimg("analyze", self.image(), "--config", settings)
        self.assertRegex(result.err, r"settings\.toml, line 2")

    def commands(self):
        """Each call of slimimg in a document, as words."""
        for document in DOCUMENTS:
            text = document.read_text().replace("\\\n", " ")
            calls = re.findall(r"slimimg (?:analyze|rebuild|check|diff|why)\b[^\n`|&]*", text)
            for call in calls:
                yield document.name, call

    def test_options_exist(self):
        helps = {}
        seen = 0
        for document, call in self.commands():
            command = call.split()[1]
            if command not in helps:
                helps[command] = slimimg(command, "--help").text
            for option in re.findall(r"(?<![\w-])(--[a-z][a-z-]*|-[a-zA-Z])(?![\w-])", call):
                seen += 1
                there = re.search(rf"(?<![\w-]){option}(?![\w-])", helps[command])
                self.assertTrue(there, f"{document}: {call}: there is no {option}")
        self.assertGreater(seen, 40)

    def words_of_calls(self):
        """(document, words) of each call of slimimg that stands as code in the documents, in the help
        and in the manual pages."""
        texts = {}
        for document in DOCUMENTS:
            text = document.read_text()
            code = [block[3] for block in BLOCK.finditer(text)]
            code += re.findall(r"`(slimimg [a-z]+ [^`]+)`", BLOCK.sub("", text))
            texts[document.name] = "\n".join(code)
        for page in sorted((ROOT / "man").glob("*.1")):
            examples = re.findall(r"^\.EX\n(.*?)^\.EE", page.read_text(), re.MULTILINE | re.DOTALL)
            plain = "".join(examples).replace("\\-", "-").replace("\\(aq", "'")
            texts[page.name] = re.sub(r"\\f.|\\&", "", plain)
        for command in ("", "analyze", "rebuild", "check", "why", "diff", "help"):
            text = slimimg(*command.split(), "--help").text
            texts["help " + command] = text.partition("\nExamples:\n")[2].partition("\n\n")[0]
        for name, text in texts.items():
            for line in text.replace("\\\n", " ").splitlines():
                if re.search(r"(^|[^\w./-])slimimg [a-z-]", line):
                    yield from ((name, words) for words in calls_in(line))

    def test_every_call_is_one_that_the_program_takes(self):
        seen = set()
        for document, words in self.words_of_calls():
            result = slimimg(*words, cwd=self.folder, stdin=b"")
            # No image is there, so that nothing else can go wrong before it is looked for.
            self.assertIn(result.code, (0, 3), f"{document}: slimimg {words}: {result.err}")
            seen.add(tuple(words))
        self.assertGreater(len(seen), 60)

    def test_a_call_that_is_wrong_is_noticed(self):
        for line in ("docker save a | slimimg rebuild - -o - --nonrot | docker load",
                     "x && slimimg analize app.tar  # which", "$ slimimg check --max-growth 5%"):
            (words,) = calls_in(line)
            self.assertEqual(slimimg(*words, cwd=self.folder).code, 2, words)

    def test_links_lead_to_files(self):
        for document in DOCUMENTS:
            for target in re.findall(r"\]\(([^)#:]+)[^):]*\)", document.read_text()):
                self.assertTrue((document.parent / target).exists(), f"{document.name}: {target}")

    def test_paths_of_the_tree_are_there(self):
        named = re.compile(
            r"`((?:src|include|tests|docs|testdata|scripts|man)/[\w./-]+)`"
        )
        seen = 0
        for document in DOCUMENTS:
            for path in named.findall(document.read_text()):
                if not re.search(r"\b(NAME|MODULE|X)\b", path.replace("_", "/")):
                    seen += 1
                    self.assertTrue((ROOT / path).exists(), f"{document.name}: {path}")
        self.assertGreater(seen, 40)

    def test_every_rule_and_base_is_told(self):
        rules = (ROOT / "docs" / "rules.md").read_text()
        bases = (ROOT / "docs" / "bases.md").read_text()
        for folder, text, mark in (("closure/rules", rules, "**"), ("slim/bases", bases, "`")):
            found = 0
            for source in sorted((ROOT / "src" / folder).glob("*.cpp")):
                for name in re.findall(r"const (?:Rule|BaseStyle) \w+\{\s*\.id = \"([\w-]+)\"",
                                       source.read_text()):
                    found += 1
                    self.assertTrue(mark + name + mark in text, f"{source.name}: tell of {name}")
            self.assertGreaterEqual(found, 4)

    def test_the_shell_takes_every_block(self):
        for document, line, _, text in blocks("sh"):
            done = subprocess.run(["sh", "-n", "-c", text], stderr=subprocess.PIPE, check=False)
            self.assertEqual(done.returncode, 0, f"{document}:{line}: {done.stderr}")


class Picture(ImageTest):
    SVG = "{http://www.w3.org/2000/svg}"

    def texts(self, root, **wanted):
        return [text.text for text in root.iter(self.SVG + "text")
                if all(text.get(key) == value for key, value in wanted.items())]

    def test_it_shows_what_the_program_still_prints(self):
        root = xml.parse(ROOT / "docs" / "rebuild.svg").getroot()
        image = self.image()
        printed = slimimg("rebuild", image, "-o", self.folder / "slim.tar").text
        printed += slimimg("why", image, "/usr/share/doc/idle/copyright").text
        headings = self.texts(root, **{"font-weight": "bold"})
        self.assertIn("Attack surface", headings)
        self.assertIn("Result", headings)
        for heading in headings:
            if not heading.startswith("/"):  # a path of that image
                self.assertIn(heading, printed)
        commands = [text for text in self.texts(root) if text.startswith("$ slimimg ")]
        self.assertGreaterEqual(len(commands), 1)

    @unittest.skipUnless(shutil.which("tmux"), "tmux is not installed")
    def test_the_script_takes_it(self):
        self.image()
        picture = self.folder / "picture.svg"
        subprocess.run([ROOT / "scripts/screenshot", picture, "--in", self.folder, "--from", "Result",
                        "slimimg analyze app.tar", "slimimg why app.tar /nothing"], check=True,
                       env={**os.environ, "BUILD": pathlib.Path(PROGRAM).parents[2]}, timeout=120)
        root = xml.parse(picture).getroot()
        texts = self.texts(root)
        self.assertEqual(texts[:3], ["$ slimimg analyze app.tar", "…", "Result"])
        self.assertIn("$ slimimg why app.tar /nothing", texts)
        self.assertIn("slimimg: the image has no /nothing; paths are those inside the image, from its",
                      texts)
        self.assertEqual(self.texts(root, **{"font-weight": "bold"}), ["Result"])

    def test_colours_and_places_are_those_of_the_terminal(self):
        loader = importlib.machinery.SourceFileLoader("screenshot", str(ROOT / "scripts/screenshot"))
        module = types.ModuleType("screenshot")
        module.__file__ = loader.path
        loader.exec_module(module)
        text = module.svg(["\x1b[1ma <b>\x1b[0m  c", "\x1b[31md", "e\x1b[39m f"], 20)
        root = xml.fromstring(text)
        self.assertEqual(self.texts(root, **{"font-weight": "bold"}), ["a <b>"])
        self.assertEqual(self.texts(root, fill=module.COLORS[31]), ["d", "e"])
        place = {t.text: (float(t.get("x")), int(t.get("y"))) for t in root.iter(self.SVG + "text")}
        self.assertAlmostEqual(place["c"][0] - place["a <b>"][0], 7 * module.WIDTH, delta=0.1)
        self.assertEqual(place["d"][1] - place["c"][1], module.HEIGHT)


if __name__ == "__main__":
    main()
