#!/usr/bin/env python3
"""slimimg why: reasons for what stays and for what does not."""
from support import ImageTest, main, slimimg


class Why(ImageTest):
    def told(self, path, *args):
        return self.assert_fine(slimimg("why", self.image(), path, *args)).text

    def explained(self, path):
        return self.assert_fine(slimimg("why", self.image(), path, "--format", "json")).json

    def test_a_library_is_traced_to_the_entrypoint(self):
        chain = [step["path"] for step in self.explained("/app/lib/libgreet.so.1")["chain"]]
        self.assertEqual(chain[0], "/app/bin/hello")
        self.assertEqual(chain[-1], "/app/lib/libgreet.so.1.0")

    def test_the_text_names_every_step_in_order(self):
        text = self.told("/app/lib/libgreet.so.1.0")
        self.assertIn("/app/lib/libgreet.so.1.0 stays", text)
        self.assertLess(text.index("→ /app/bin/hello"), text.index("→ /app/lib/libgreet.so.1.0"))

    def test_a_file_that_goes_is_told_with_its_layer(self):
        text = self.told("/usr/bin/idle")
        self.assertIn("/usr/bin/idle goes", text)
        self.assertIn("layer 0", text)
        self.assertIn("--include /usr/bin/idle", text)
        self.assertFalse(self.explained("/usr/bin/idle")["kept"])

    def test_a_path_through_a_link_tells_the_link(self):
        text = self.told("/bin/idle")
        self.assertIn("/bin is a symlink to usr/bin", text)
        self.assertIn("/usr/bin/idle goes", text)

    def test_a_folder_is_summed_up(self):
        below = self.explained("/app")["below"]
        self.assertEqual(below["kept_files"], 2)
        self.assertIn("2 of 2 files stay", self.told("/app"))

    def test_a_folder_has_what_analyze_counts(self):
        below = self.explained("/")["below"]
        report = self.assert_fine(slimimg("analyze", self.image(), "--format", "json")).json
        kept = [entry for entry in report["kept"] if entry["type"] == "file"]
        self.assertEqual(below["kept_files"] + below["made_files"], len(kept))
        self.assertGreater(below["made_files"], 0)
        self.assertIn("that slimimg writes", " ".join(self.told("/").split()))

    def test_a_request_changes_the_answer(self):
        self.assertIn("stays", self.told("/usr/bin/idle", "--include", "/usr/bin/idle"))

    def test_a_path_that_is_not_there_is_wrong_usage_with_a_proposal(self):
        result = self.assert_one_line(slimimg("why", self.image(), "/opt/idle"), 2)
        self.assertIn("/usr/bin/idle", result.err)
        slip = self.assert_one_line(slimimg("why", self.image(), "/usr/bin/ilde"), 2)
        self.assertIn("no /usr/bin/ilde; did you mean /usr/bin/idle?", slip.err)
        other = self.assert_one_line(slimimg("why", self.image(), "/nowhere/else"), 2)
        self.assertIn("paths are those inside the image", other.err)
        pattern = self.assert_one_line(slimimg("why", self.image(), "/usr/bin/*"), 2)
        self.assertIn("no /usr/bin/*; PATH is one path, no pattern; name a folder", pattern.err)


if __name__ == "__main__":
    main()
