#!/usr/bin/env python3
"""Bills of materials: their formats, and that they say what is in the image."""
import hashlib
import json
import pathlib
import re
import sys

from support import ImageTest, Layer, docker_archive, layer_of, main, slimimg

try:
    import jsonschema
except ImportError:  # another Python than Debian's comes first in PATH
    sys.path.append("/usr/lib/python3/dist-packages")
    import jsonschema

SCHEMAS = pathlib.Path(__file__).resolve().parents[2] / "testdata/schemas"
STATUS = "".join(
    f"Package: {name}\nStatus: install ok installed\nArchitecture: {arch}\nVersion: {version}\n{more}\n"
    for name, arch, version, more in (
        ("hello", "amd64", "1:2.0+b1", "Source: hello-src\nDepends: greet (>= 1), idle\n"),
        ("greet", "amd64", "1.0~rc1", ""),
        ("idle", "all", "3", ""),
        ("base-files", "amd64", "12", ""),
    )
)
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/

Files: *
Copyright: someone
License: Expat

Files: more/*
License: GPL-2+ or Artistic

Files: other/*
License: public-domain

License: Expat
 text
"""


def cyclonedx_problems(document):
    main_schema, *others = (
        json.loads((SCHEMAS / f"{name}.schema.json").read_text())
        for name in ("bom-1.5", "spdx", "jsf-0.82")
    )
    store = {schema["$id"]: schema for schema in others}
    resolver = jsonschema.RefResolver(main_schema["$id"], main_schema, store=store)
    validator = jsonschema.Draft7Validator(main_schema, resolver=resolver)
    return [error.message for error in validator.iter_errors(document)]


def spdx_problems(document):
    """What SPDX 2.3 demands of a document with packages, files and relationships (clauses 6 to 12)."""
    problems = []

    def demand(holds, what):
        if not holds:
            problems.append(what)

    identifier, time = r"SPDXRef-[a-zA-Z0-9.-]+", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    demand(document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0", "6.1, 6.2")
    demand(document["SPDXID"] == "SPDXRef-DOCUMENT" and document["name"], "6.3, 6.4")
    demand(re.fullmatch(r"https://[^#\s]+", document["documentNamespace"]), "6.5")
    demand(re.fullmatch(time, document["creationInfo"]["created"]), "6.9")
    demand(all(re.match("(Tool|Person|Organization): ", c)
               for c in document["creationInfo"]["creators"]), "6.8")
    ids = ["SPDXRef-DOCUMENT"]
    extracted = {entry["licenseId"] for entry in document.get("hasExtractedLicensingInfos", [])}
    demand(all(e["extractedText"] for e in document.get("hasExtractedLicensingInfos", [])), "10.2")
    contains = {}
    for relation in document["relationships"]:
        if relation["relationshipType"] == "CONTAINS":
            contains.setdefault(relation["spdxElementId"], []).append(relation["relatedSpdxElement"])
    sums = {}
    for file in document["files"]:
        ids.append(file["SPDXID"])
        checksums = {entry["algorithm"]: entry["checksumValue"] for entry in file["checksums"]}
        demand(re.fullmatch("[0-9a-f]{40}", checksums.get("SHA1", "")), "8.4 SHA1")
        demand(re.fullmatch("[0-9a-f]{64}", checksums.get("SHA256", "")), "8.4 SHA256")
        demand(file["fileName"].startswith("./"), "8.1")
        sums[file["SPDXID"]] = checksums["SHA1"]
    for package in document["packages"]:
        ids.append(package["SPDXID"])
        demand(package["name"] and package["downloadLocation"], "7.1, 7.7")
        files = [other for other in contains.get(package["SPDXID"], []) if other in sums]
        demand(package["filesAnalyzed"] == bool(files), "7.8")
        if files:
            all_sums = "".join(sorted(sums[file] for file in files))
            code = package["packageVerificationCode"]["packageVerificationCodeValue"]
            demand(code == hashlib.sha1(all_sums.encode()).hexdigest(), "7.9")
        else:
            demand("packageVerificationCode" not in package, "7.9 without files")
        for reference in package.get("externalRefs", []):
            demand(reference["referenceCategory"] == "PACKAGE-MANAGER", "7.21")
        for note in package.get("annotations", []):
            demand(set(note) == {"annotationDate", "annotationType", "annotator", "comment"}, "12")
        for name in re.findall(r"LicenseRef-[a-zA-Z0-9.-]+", package.get("licenseDeclared", "")):
            demand(name in extracted, "10.1 " + name)
    demand(all(re.fullmatch(identifier, i) for i in ids), "ids")
    demand(len(ids) == len(set(ids)), "ids are unique")
    for relation in document["relationships"]:
        for end in ("spdxElementId", "relatedSpdxElement"):
            demand(relation[end] in ids, f"11.1 {relation[end]}")
    return problems


class Sbom(ImageTest):
    def image(self):
        packages = Layer().file("var/lib/dpkg/status", STATUS)
        lists = {
            "hello": "/app/bin/hello\n/usr/share/doc/hello/copyright\n",
            "greet": "/app/lib/libgreet.so.1.0\n/app/lib/libgreet.so.1\n",
            "idle": "/usr/bin/idle\n",
            "base-files": "/usr/lib/os-release\n/etc/os-release\n",
        }
        for name, files in lists.items():
            packages.file(f"var/lib/dpkg/info/{name}.list", files)
        packages.file("etc/os-release", 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n')
        packages.file("usr/share/doc/hello/copyright", COPYRIGHT)
        languages = Layer()  # below all, and so nothing that the application brought
        site = "usr/lib/other/python/Some_Package-1.5.dist-info/"
        languages.file(
            site + "METADATA",
            "Metadata-Version: 2.1\nName: Some_Package\nVersion: 1.5\n"
            "Classifier: License :: OSI Approved :: MIT License\n\nLicense: text\n",
        )
        languages.file(site + "RECORD", "some_package.py,,\nSome_Package-1.5.dist-info/METADATA,,\n")
        languages.file("usr/lib/other/python/some_package.py", "pass\n").file("usr/lib/other/python/other.py", "x")
        languages.file(
            "usr/lib/other/node_modules/@scope/part/package.json",
            '{"name": "@scope/part", "version": "0.1.0", "license": "(MIT OR Apache-2.0)"}',
        )
        languages.file("usr/lib/other/node_modules/@scope/part/index.js", "1")
        return docker_archive(
            self.folder / "app.tar", [languages.bytes(), *self.fixture.layers, packages.bytes()],
            **self.fixture.container,
        )

    def rebuilt(self, *args, **options):
        self.output = self.folder / "slim.tar"
        spdx, cyclonedx = self.folder / "slim.spdx.json", self.folder / "slim.cdx.json"
        command = ("rebuild", self.image(), "-o", self.output, "--sbom", spdx, "--sbom", cyclonedx)
        self.assert_fine(slimimg(*command, *args, "-q", **options))
        return json.loads(spdx.read_text()), json.loads(cyclonedx.read_text())

    def purls(self, document):
        return {c["purl"]: c for c in document["components"] if "purl" in c}

    def test_documents_are_valid(self):
        for args in ((), ("--include", "/usr/lib/other"), ("--base", "cc"), ("--records", "none")):
            spdx, cyclonedx = self.rebuilt(*args)
            self.assertEqual(spdx_problems(spdx), [])
            self.assertEqual(cyclonedx_problems(cyclonedx), [])

    def test_the_checks_notice_what_is_wrong(self):
        spdx, cyclonedx = self.rebuilt()
        spdx["files"][0]["checksums"].pop(0)
        cyclonedx["components"][0]["type"] = "nothing"
        self.assertNotEqual(cyclonedx_problems(cyclonedx), [])
        with self.assertRaises(KeyError):
            spdx_problems(spdx)

    def test_its_packages_are_those_of_the_records(self):
        spdx, cyclonedx = self.rebuilt()
        members, _ = layer_of(self.output)
        folder = "/var/lib/dpkg/status.d/"
        records = {m.removeprefix(folder) for m in members if m.startswith(folder)}
        records = {name for name in records if not name.endswith(".md5sums")}
        self.assertEqual(records, {"hello", "greet", "base-files"})
        purls = {
            "pkg:deb/debian/hello@1:2.0%2Bb1?arch=amd64&distro=debian-12&upstream=hello-src",
            "pkg:deb/debian/greet@1.0~rc1?arch=amd64&distro=debian-12",
            "pkg:deb/debian/base-files@12?arch=amd64&distro=debian-12",
        }
        self.assertEqual(set(self.purls(cyclonedx)), purls)
        told = {r["referenceLocator"] for p in spdx["packages"] for r in p.get("externalRefs", [])}
        self.assertEqual(told, purls)
        needs = {d["ref"]: d["dependsOn"] for d in cyclonedx["dependencies"]}
        hello, greet = sorted(purls, reverse=True)[0], sorted(purls)[1]
        self.assertEqual(needs[hello], [greet])

    def test_its_files_are_those_of_the_image_with_their_hashes(self):
        for args in ((), ("--strip", "--base", "base")):
            spdx, cyclonedx = self.rebuilt(*args)
            members, tar = layer_of(self.output)
            wanted = {}
            for name, member in members.items():
                if member.isreg() or member.islnk():
                    content = tar.extractfile(member).read()
                    wanted[name] = (hashlib.sha1(content).hexdigest(),
                                    hashlib.sha256(content).hexdigest())
            told = {f["fileName"][1:]: tuple(c["checksumValue"] for c in f["checksums"])
                    for f in spdx["files"]}
            self.assertEqual(told, wanted)
            nested = [f for c in cyclonedx["components"] for f in c.get("components", [])]
            files = [f for f in cyclonedx["components"] + nested if f["type"] == "file"]
            self.assertEqual(
                {f["name"]: tuple(h["content"] for h in f["hashes"]) for f in files}, wanted
            )
            self.assertEqual(len(files), len(wanted))

    def test_what_was_cut_is_named(self):
        spdx, cyclonedx = self.rebuilt()
        properties = {(p["name"], p["value"])
                      for p in cyclonedx["metadata"]["component"]["properties"]}
        self.assertIn(("slimimg:removed:package", "pkg:deb/debian/idle@3?arch=all&distro=debian-12"),
                      properties)
        self.assertIn(("slimimg:removed:file", "/usr/lib/other/python/other.py"), properties)
        self.assertIn(("slimimg:source:name", "app:1.0"), properties)
        hello = next(c for c in cyclonedx["components"] if c["name"] == "hello")
        self.assertEqual(hello["properties"], [{"name": "slimimg:removed:file",
                                                "value": "/usr/share/doc/hello/copyright"}])
        hello = next(p for p in spdx["packages"] if p["name"] == "hello")
        self.assertEqual(hello["annotations"][0]["comment"],
                         "files removed:\n/usr/share/doc/hello/copyright")
        image = next(p for p in spdx["packages"] if p["SPDXID"] == "SPDXRef-Image")
        self.assertIn("pkg:deb/debian/idle@3", image["annotations"][0]["comment"])

    def test_licences_are_spdx_expressions(self):
        spdx, _ = self.rebuilt("--include", "/usr/lib/other")
        declared = {p["name"]: p.get("licenseDeclared") for p in spdx["packages"]}
        self.assertEqual(
            declared["hello"],
            "(GPL-2.0-or-later OR Artistic-1.0) AND LicenseRef-public-domain AND MIT",
        )
        self.assertEqual(declared["greet"], "NOASSERTION")
        self.assertEqual(declared["Some_Package"], "MIT")
        self.assertEqual(declared["@scope/part"], "(MIT OR Apache-2.0)")

    def test_packages_of_languages_are_told(self):
        purls = {"pkg:pypi/some-package@1.5", "pkg:npm/%40scope/part@0.1.0"}
        self.assertEqual(purls & set(self.purls(self.rebuilt()[1])), set())
        _, cyclonedx = self.rebuilt("--include", "/usr/lib/other/python/some_package.py", "--include",
                                    "/usr/lib/other/node_modules/@scope/part/index.js")
        known = self.purls(cyclonedx)
        self.assertLessEqual(purls, set(known))
        files = {f["name"] for f in known["pkg:pypi/some-package@1.5"]["components"]}
        self.assertIn("/usr/lib/other/python/some_package.py", files)
        self.assertNotIn("/usr/lib/other/python/other.py", files)

    def test_two_runs_give_the_same_document_and_the_epoch_its_time(self):
        first = [json.dumps(d) for d in self.rebuilt("--threads", "1")]
        self.assertEqual(first, [json.dumps(d) for d in self.rebuilt("--threads", "4")])
        spdx, cyclonedx = self.rebuilt(env={"SOURCE_DATE_EPOCH": "86400"})
        self.assertEqual(spdx["creationInfo"]["created"], "1970-01-02T00:00:00Z")
        self.assertEqual(cyclonedx["metadata"]["timestamp"], "1970-01-02T00:00:00Z")
        old_spdx, old_cyclonedx = map(json.loads, first)
        self.assertEqual(old_spdx["creationInfo"]["created"], "2023-11-14T22:13:20Z")
        self.assertNotEqual(spdx["documentNamespace"], old_spdx["documentNamespace"])
        self.assertNotEqual(cyclonedx["serialNumber"], old_cyclonedx["serialNumber"])

    def test_it_goes_into_the_image_on_request(self):
        self.rebuilt()
        self.assertNotIn("/var/lib/db/sbom", layer_of(self.output)[0])
        self.rebuilt("--sbom-inside")
        members, tar = layer_of(self.output)
        for name, outside in (("image.spdx.json", "slim.spdx.json"), ("image.cdx.json", "slim.cdx.json")):
            inside = tar.extractfile(members["/var/lib/db/sbom/" + name]).read()
            self.assertEqual(inside, (self.folder / outside).read_bytes())

    def test_analyze_describes_the_whole_image(self):
        file = self.folder / "bom.json"
        self.assert_fine(slimimg("analyze", self.image(), "--sbom", file, "-q"))
        document = json.loads(file.read_text())
        self.assertEqual(cyclonedx_problems(document), [])
        names = {c["name"] for c in document["components"]}
        self.assertLessEqual({"idle", "hello", "Some_Package", "/usr/lib/other/python/other.py"}, names)

    def test_an_image_to_stand_on_is_part_of_it(self):
        base = docker_archive(
            self.folder / "base.tar",
            [Layer().file("opt/golden", "x").file("etc/os-release", "ID=golden\nVERSION_ID=7\n").bytes()],
            name="golden:7",
        )
        spdx, cyclonedx = self.rebuilt("--base", base)
        self.assertEqual(spdx_problems(spdx), [])
        self.assertIn("./opt/golden", {f["fileName"] for f in spdx["files"]})
        self.assertIn(
            {"name": "slimimg:base:name", "value": "golden:7"},
            cyclonedx["metadata"]["component"]["properties"],
        )

    def test_a_name_that_tells_no_format_is_refused(self):
        image, output = self.image(), self.folder / "slim.tar"
        result = slimimg("rebuild", image, "-o", output, "--sbom", "list.json")
        self.assert_one_line(result, 2)
        self.assertIn(".spdx.json", result.err)
        self.assertFalse(output.exists())
        named = self.folder / "list.json"
        self.assert_fine(
            slimimg("rebuild", image, "-o", output, "-q", "--sbom", f"cyclonedx:{named}")
        )
        self.assertEqual(json.loads(named.read_text())["bomFormat"], "CycloneDX")


if __name__ == "__main__":
    main()
