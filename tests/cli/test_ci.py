#!/usr/bin/env python3
"""slimimg check in CI: its formats, the services that it sees, and the ready pieces of docs/ci."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as xml

from support import SLIMIMG, ImageTest, Layer, main, slimimg

try:
    import jsonschema
except ImportError:
    jsonschema = None
try:
    import yaml
except ImportError:
    yaml = None

ROOT = pathlib.Path(__file__).resolve().parents[2]
PIECES = ROOT / "docs" / "ci"
COMMAND = re.compile(r"^::(error|warning|notice) title=[^:]+::.+$")


class CiTest(ImageTest):
    def broken(self):
        return self.fixture.without_library(self.folder / "broken.tar")


class Formats(CiTest):
    def check_schema(self, report):
        ours = json.loads((ROOT / "testdata/schema/sarif-2.1.0-used.json").read_text())
        jsonschema.Draft7Validator(ours).validate(report)
        published = os.environ.get("SLIMIMG_SARIF_SCHEMA")
        if published:
            schema = json.loads(pathlib.Path(published).read_text())
            jsonschema.validators.validator_for(schema)(schema).validate(report)

    @unittest.skipUnless(jsonschema, "no jsonschema here; apt-get install python3-jsonschema")
    def test_sarif_is_valid_for_images_that_pass_fail_and_are_none(self):
        no_image = self.folder / "none.tar"
        no_image.write_bytes(b"text")
        for images in ([self.image()], [self.broken()], [self.image(), self.broken(), no_image]):
            self.check_schema(slimimg("check", *images, "--format", "sarif").json)

    @unittest.skipUnless(jsonschema, "no jsonschema here; apt-get install python3-jsonschema")
    def test_the_schema_notices_what_is_wrong(self):
        good = slimimg("check", self.broken(), "--format", "sarif").json
        self.assertTrue(good["runs"][0]["results"])
        for spoil in (
            lambda run: run["results"][0].pop("message"),
            lambda run: run["results"][0].update(level="fatal"),
            lambda run: run["results"][0].update(unknown=1),
            lambda run: run["results"][0]["locations"].clear(),
            lambda run: run["tool"]["driver"].pop("name"),
        ):
            report = json.loads(json.dumps(good))
            spoil(report["runs"][0])
            with self.assertRaises(jsonschema.ValidationError):
                self.check_schema(report)

    def test_several_at_once_by_ending_and_by_name(self):
        names = ["a.sarif", "a.html", "a.md", "a.xml", "a.json", "gl-code-quality-report.json"]
        files = [self.folder / name for name in names]
        named = self.folder / "lines"
        reports = [f"--report={file}" for file in files] + [f"--report=github={named}"]
        result = slimimg("check", self.broken(), "-q", *reports)
        self.assertEqual((result.code, result.out), (1, b""))
        sarif, html, page, junit, plain, quality = (file.read_text() for file in files)
        self.assertEqual(json.loads(sarif)["version"], "2.1.0")
        self.assertIn("<!DOCTYPE html>", html)
        self.assertIn("❌ failed", page)
        self.assertGreaterEqual(int(xml.fromstring(junit).get("failures")), 1)
        self.assertEqual(json.loads(plain)["command"], "check")
        self.assertIn("unresolved", [found["check_name"] for found in json.loads(quality)])
        self.assertRegex(named.read_text(), r"(?m)^::error title=unresolved in app%3A1\.0::")

    def test_the_html_has_files_and_findings(self):
        html = self.folder / "a.html"
        slimimg("check", self.broken(), self.image(), "-q", "--report", html)
        text = html.read_text()
        self.assertTrue("libgreet.so.1, which is missing" in text)
        self.assertTrue("share/doc/idle/copyright" in text)


class GitHub(CiTest):
    def setUp(self):
        super().setUp()
        self.summary = self.folder / "summary.md"
        self.env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.summary)}

    def test_findings_become_annotations_behind_the_text(self):
        result = slimimg("check", self.broken(), env=self.env)
        self.assertEqual(result.code, 1)
        lines = result.text.splitlines()
        commands = [line for line in lines if line.startswith("::")]
        stop, go = commands[:2]
        word = stop.removeprefix("::stop-commands::")
        self.assertEqual(go, f"::{word}::")
        self.assertRegex(word, r"^[0-9a-f]{64}$")
        text = lines[1 : lines.index(go)]
        self.assertTrue(any(line.startswith("failed: 1 error") for line in text), text)
        self.assertEqual(sum(c.startswith("::error title=unresolved") for c in commands), 1)
        for command in commands[2:]:
            self.assertRegex(command, COMMAND)

    def test_an_image_that_passes_has_no_error(self):
        lines = slimimg("check", self.image(), env=self.env).text.splitlines()
        self.assertEqual([line for line in lines if line.startswith("::error")], [])

    def test_the_summary_is_added_to(self):
        self.summary.write_text("what was there\n")
        slimimg("check", self.broken(), env=self.env)
        slimimg("analyze", self.image(), env=self.env)
        slimimg("diff", self.image(), self.image(), env=self.env)
        slimimg("rebuild", self.image(), "-o", self.folder / "slim.tar", env=self.env)
        text = self.summary.read_text()
        self.assertTrue(text.startswith("what was there\n"))
        for wanted in ("❌ failed", "if rebuilt", "are the same", "Proved:"):
            self.assertIn(wanted, text)

    def test_a_format_that_is_asked_for_stays_pure(self):
        result = slimimg("check", self.broken(), "--format", "json", env=self.env)
        self.assertEqual(result.json["command"], "check")

    def test_it_can_be_told_not_to_look(self):
        result = slimimg("check", self.broken(), "--ci", "none", env=self.env)
        self.assertNotIn("::", result.text)
        self.assertFalse(self.summary.exists())
        asked = slimimg("check", self.broken(), "--ci", "github")
        self.assertIn("::error title=", asked.text)

    def test_nothing_of_an_image_is_a_command(self):
        word = "::error::owned"
        image = self.fixture.docker(
            self.folder / "odd.tar",
            name="x:1",
            Entrypoint=["/" + "a" * 70, word, word + "%0A::warning::x"],
            User=word,
            WorkingDir="/" + word,
        )
        for command in ("check", "analyze"):
            lines = slimimg(command, image, env=self.env).text.splitlines()
            inside = False
            for line in lines:
                if line.startswith("::stop-commands::"):
                    inside, end = True, "::" + line[17:] + "::"
                elif inside and line == end:
                    inside = False
                elif not inside and line.lstrip().startswith("::"):
                    self.assertRegex(line, COMMAND)
            self.assertFalse(inside)

    def test_a_report_in_a_file_is_the_report_alone(self):
        out = self.folder / "report.txt"
        with out.open("wb") as file:
            environment = {**os.environ, **self.env}
            subprocess.run([SLIMIMG, "check", self.broken()], stdout=file, env=environment)
        self.assertNotIn("::error", out.read_text())

    def test_a_summary_that_cannot_be_written_is_told(self):
        env = {**self.env, "GITHUB_STEP_SUMMARY": str(self.folder / "no" / "folder")}
        self.assert_one_line(slimimg("check", self.image(), env=env), 5)


class GitLab(CiTest):
    def setUp(self):
        super().setUp()
        self.env = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(self.folder)}

    def test_artifacts_are_written_into_the_project(self):
        result = slimimg("check", self.broken(), env=self.env)
        self.assertEqual(result.code, 1)
        self.assertIn("failed: 1 error", result.text)
        findings = json.loads((self.folder / "gl-code-quality-report.json").read_text())
        (finding,) = (found for found in findings if found["check_name"] == "unresolved")
        self.assertEqual(
            set(finding), {"description", "check_name", "fingerprint", "severity", "location"}
        )
        self.assertEqual(finding["location"]["path"], "app/bin/hello")
        suites = xml.parse(self.folder / "gl-junit-report.xml").getroot()
        self.assertGreaterEqual(int(suites.get("failures")), 1)

    def test_a_report_of_that_format_elsewhere_takes_its_place(self):
        elsewhere = self.folder / "quality.json"
        report = f"codequality={elsewhere}"
        slimimg("check", self.broken(), "--report", report, env=self.env)
        self.assertTrue(elsewhere.exists())
        self.assertFalse((self.folder / "gl-code-quality-report.json").exists())

    def test_other_commands_write_nothing(self):
        slimimg("analyze", self.image(), env=self.env)
        self.assertEqual([p.name for p in self.folder.iterdir()], ["app.tar"])


class Pieces(CiTest):
    """The files of docs/ci, their steps run as the services run them, with a docker made up here."""

    def setUp(self):
        super().setUp()
        tools = self.folder / "tools"
        tools.mkdir()
        (tools / "slimimg").symlink_to(os.path.realpath(SLIMIMG))
        saved = self.folder / "saved"
        saved.mkdir()
        shutil.copy(self.image(), saved / "good")
        shutil.copy(self.broken(), saved / "bad")
        docker = tools / "docker"
        docker.write_text(
            "#!/bin/sh\n"
            '[ "$1" = save ] || exit 9\n'
            'shift; if [ "$1" = --output ]; then exec > "$2"; shift 2; fi\n'
            f'cat "{saved}/$1"\n'
        )
        docker.chmod(0o755)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("SLIMIMG_", "GIT"))}
        self.env = {**clean, "PATH": f"{tools}:{os.environ['PATH']}"}
        self.work = self.folder / "work"
        self.work.mkdir()

    def run_script(self, script, shell, **env):
        return subprocess.run(
            [*shell, script],
            cwd=self.work,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )

    def action(self, **inputs):
        action = yaml.safe_load((PIECES / "github" / "action.yml").read_text())
        values = {name: spec.get("default", "") for name, spec in action["inputs"].items()}
        values.update(inputs)
        temporary = self.folder / "runner"
        temporary.mkdir(exist_ok=True)
        for step in action["runs"]["steps"]:
            env = {
                name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: values[m[1]], value)
                for name, value in step.get("env", {}).items()
            }
            self.assertNotIn("${{", step["run"])  # what is put into a script could be a command
            env.update(
                GITHUB_ACTIONS="true",
                GITHUB_STEP_SUMMARY=str(self.folder / "summary.md"),
                GITHUB_ACTION_PATH=str(PIECES / "github"),
                RUNNER_TEMP=str(temporary),
            )
            shell = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"]
            done = self.run_script(step["run"], shell, **env)
            if done.returncode != 0:
                break
        return done

    @unittest.skipUnless(yaml, "no yaml here; apt-get install python3-yaml")
    def test_the_github_action_passes_and_fails(self):
        done = self.action(image=str(self.image()))
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertTrue((self.work / "slimimg.html").exists())
        done = self.action(image="good\nbad")
        self.assertEqual(done.returncode, 1, done.stdout)
        results = json.loads((self.work / "slimimg.sarif").read_text())["runs"][0]["results"]
        self.assertIn("unresolved", [r["ruleId"] for r in results])
        self.assertIn(b"\n::error title=", done.stdout)
        self.assertIn("❌ failed", (self.folder / "summary.md").read_text())
        self.assertEqual(self.action(image="bad", **{"fail-on": "never"}).returncode, 0)

    def template(self, image):
        job = yaml.safe_load((PIECES / "gitlab.yml").read_text())[".slimimg-check"]
        variables = {**job["variables"], "IMAGE": image}
        script = "set -e\n" + "\n".join(job["script"])
        env = {"GITLAB_CI": "true", "CI_PROJECT_DIR": str(self.work), **variables}
        return job, self.run_script(script, ["sh", "-c"], **env)

    @unittest.skipUnless(yaml, "no yaml here; apt-get install python3-yaml")
    def test_the_gitlab_template_passes_and_fails_and_leaves_its_artifacts(self):
        _, done = self.template(str(self.image()))
        self.assertEqual(done.returncode, 0, done.stdout)
        job, done = self.template("bad")
        self.assertEqual(done.returncode, 1, done.stdout)
        artifacts = job["artifacts"]
        for name in [*artifacts["paths"], *artifacts["reports"].values()]:
            self.assertTrue((self.work / name).exists(), name)

    def git(self, *args, cwd=None):
        settings = ("user.name=x", "user.email=x@example.org", "init.defaultBranch=main")
        options = [part for setting in settings for part in ("-c", setting)]
        return subprocess.run(
            ["git", *options, *args],
            cwd=cwd or self.work,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )

    @unittest.skipUnless(shutil.which("git"), "no git here")
    def test_the_pre_push_hook_lets_good_images_pass_and_no_others(self):
        self.git("init", "--bare", str(self.folder / "remote.git"))
        self.git("init")
        shutil.copy(PIECES / "pre-push", self.work / ".git" / "hooks" / "pre-push")
        self.git("remote", "add", "origin", str(self.folder / "remote.git"))
        self.git("commit", "--allow-empty", "-m", "first")

        def push(*args):
            return self.git("push", "origin", *args)

        self.git("config", "slimimg.image", str(self.folder / "broken.tar"))
        refused = push("HEAD:main")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(b"libgreet.so.1", refused.stdout)
        self.assertIn(b"--no-verify", refused.stdout)
        self.git("config", "slimimg.image", "good")
        taken = push("HEAD:main", "HEAD:other")
        self.assertEqual(taken.returncode, 0, taken.stdout)
        self.git("config", "--add", "slimimg.image", "bad")
        self.git("commit", "--allow-empty", "-m", "second")
        self.assertNotEqual(push("HEAD:main").returncode, 0)
        self.assertEqual(push("--delete", "other").returncode, 0)
        self.assertEqual(push("--no-verify", "HEAD:main").returncode, 0)

    def test_the_documents_commands_exist(self):
        text = (ROOT / "docs" / "ci.md").read_text()
        for line in re.findall(r"slimimg check .*", text):
            for option in re.findall(r"(?<![\w-])--[a-z-]+", line):
                self.assertIn(option + " ", slimimg("check", "--help").text, line)
        for file in re.findall(r"\]\((ci/[\w./-]+)\)", text):
            self.assertTrue((ROOT / "docs" / file).exists(), file)


if __name__ == "__main__":
    main()
