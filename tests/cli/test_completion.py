#!/usr/bin/env python3
"""What bash, fish and zsh offer once the built completion is read: all that --help tells.

SLIMIMG_COMPLETIONS names the folder with the three files.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
import unittest

from support import ImageTest, main, slimimg

FOLDER = pathlib.Path(os.environ["SLIMIMG_COMPLETIONS"])

# Runs the function that `complete` names on the words of a line, as bash does at a tab;
# outside of that, compopt is refused, so that here it tells what it was asked for.
BASH = r"""
compopt() { echo "compopt $*"; }
source "$1"; shift
function=$(complete -p slimimg | sed 's/.*-F \([^ ]*\) .*/\1/')
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
"$function" slimimg "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\n' "${COMPREPLY[@]}"
"""


def bash(*words):
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", FOLDER / "slimimg", "slimimg", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
    )
    return done.stdout.decode().split("\n")[:-1]


def fish(line):
    """The words that fish offers at the end of a line."""
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            ["fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]",
             FOLDER / "slimimg.fish", line],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_DATA_HOME": home},
            check=True,
        )
    return [entry.split("\t")[0] for entry in done.stdout.decode().splitlines()]


def zsh(line, words):
    """What zsh writes on a wide terminal when a tab follows a line, until it has named all words.

    It is asked as a person would, for zsh shows no list while more is typed.
    """
    program, master = pty.fork()
    if program == 0:
        os.environ.update(PS1="", TERM="dumb", COLUMNS="300", LINES="500")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    try:

        def send(text, complete):
            written = ""
            os.write(master, text.encode())
            end = time.monotonic() + 60
            while not complete(written):
                ready, _, _ = select.select([master], [], [], max(0, end - time.monotonic()))
                if not ready:
                    raise AssertionError(f"{line}: not all of {sorted(words)} in {written!r}")
                written += os.read(master, 65536).decode("utf-8", "replace")
            return written

        send(
            f"fpath=({FOLDER} $fpath); autoload -U compinit; compinit -u -D; "
            "LISTMAX=9999; unsetopt beep; stty -echo rows 500 cols 300; echo rea''dy\n",
            lambda written: "ready" in written,
        )
        return send(
            line + "\t",
            lambda written: all(
                re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", written) for word in words
            ),
        )
    finally:
        os.close(master)
        os.waitpid(program, 0)


def helped(command):
    """The options of a command as its help names them."""
    lines = re.findall(r"^  (-.*?)(?:  |$)", slimimg(*command, "--help").text, re.MULTILINE)
    return {name for line in lines for name in re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", line)}


def choices(command):
    """{option: the words it can be} of a command's help."""
    found = re.findall(r"^  (?:-\w, )?(--[a-z-]+) ([a-z-]+(?:\|[a-z-]+)+)(?= |$)",
                       slimimg(command, "--help").text, re.MULTILINE)
    return {name: set(words.split("|")) for name, words in found}


def commands():
    (listed,) = re.findall(r"ommands:\n((?:  .+\n)+)", slimimg("--help").text)
    return re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE)


class Bash(ImageTest):
    def test_every_command_and_option_is_offered(self):
        self.assertLessEqual({"analyze", "rebuild", "check", "why", "diff"}, set(commands()))
        self.assertEqual(set(bash("")), {*commands(), *helped(())})
        for command in commands():
            self.assertEqual(set(bash(command, "-")), helped([command]), command)

    def test_a_beginning_is_completed(self):
        self.assertEqual(bash("re"), ["rebuild"])
        self.assertEqual(bash("rebuild", "app.tar", "--output-f"), ["--output-format"])

    def test_values_are_offered_after_a_blank_and_after_an_equals_sign(self):
        self.assertEqual(set(choices("rebuild")["--keep"]), {"strict", "auto", "packages"})
        for command in commands():
            for option, words in choices(command).items():
                self.assertEqual(set(bash(command, option, "")), words, option)
        self.assertEqual(bash("rebuild", "--keep", "=", "st"), ["strict"])
        self.assertEqual(set(bash("rebuild", "--keep", "=")), choices("rebuild")["--keep"])

    def test_help_is_offered_the_commands(self):
        self.assertEqual(set(bash("help", "")), set(commands()) - {"help"})
        self.assertEqual(bash("help", "re"), ["rebuild"])

    def test_files_and_folders_are_left_to_bash(self):
        self.assertEqual(bash("analyze", "")[0], "compopt -o default")
        self.assertEqual(bash("rebuild", "-o", "")[0], "compopt -o default")
        self.assertEqual(bash("rebuild", "--spool-dir", "")[0], "compopt -o dirnames")
        self.assertEqual(bash("rebuild", "--threads", ""), [""])


@unittest.skipUnless(shutil.which("fish"), "fish is not installed")
class Fish(ImageTest):
    def test_every_command_and_option_is_offered(self):
        self.assertEqual(set(fish("slimimg ")), set(commands()))
        self.assertEqual(set(fish("slimimg -")), helped(()))
        for command in commands():
            self.assertEqual(set(fish(f"slimimg {command} -")), helped([command]), command)

    def test_help_is_offered_the_commands(self):
        self.assertEqual(set(fish("slimimg help ")), set(commands()) - {"help"})

    def test_values_are_offered(self):
        for command in commands():
            for option, words in choices(command).items():
                self.assertEqual(set(fish(f"slimimg {command} {option} ")), words, option)


@unittest.skipUnless(shutil.which("zsh"), "zsh is not installed")
class Zsh(ImageTest):
    def assert_offered(self, line, words):
        self.assertNotIn("_arguments:", zsh(line, words))

    def test_every_command_and_option_is_offered(self):
        self.assert_offered("slimimg ", commands())
        for command in commands():
            self.assert_offered(f"slimimg {command} -", helped([command]))

    def test_help_is_offered_the_commands(self):
        self.assert_offered("slimimg help ", set(commands()) - {"help"})

    def test_values_are_offered(self):
        self.assert_offered("slimimg rebuild --keep ", choices("rebuild")["--keep"])
        self.assert_offered("slimimg analyze --color=", choices("analyze")["--color"])


if __name__ == "__main__":
    main()
