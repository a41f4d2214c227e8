#!/usr/bin/env python3
"""The project's settings: .slimimg.toml and --config."""
from support import ImageTest, main, paths, slimimg


class Settings(ImageTest):
    def settings(self, text, name=".slimimg.toml"):
        (self.folder / name).write_text(text)

    def kept(self, *args, **options):
        command = ("analyze", self.image(), "--format", "json", *args)
        return paths(self.assert_fine(slimimg(*command, cwd=self.folder, **options)).json["kept"])

    def test_the_file_of_the_folder_is_read_by_every_command(self):
        self.settings('[closure]\ninclude = ["/usr/share/doc/idle/copyright"]\n')
        self.assertIn("/usr/share/doc/idle/copyright", self.kept())
        why = slimimg("why", self.image(), "/usr/share/doc/idle/copyright", cwd=self.folder)
        self.assertIn(" stays", self.assert_fine(why).text)
        rebuilt = slimimg("rebuild", self.image(), "-o", "x.tar", "--format", "json", cwd=self.folder)
        self.assertIn("/usr/share/doc/idle/copyright", paths(self.assert_fine(rebuilt).json["kept"]))

    def test_another_file_is_named_by_an_option_or_the_environment(self):
        self.settings('closure.include = ["/usr/bin/idle"]\n', "other.toml")
        self.assertNotIn("/usr/bin/idle", self.kept())
        self.assertIn("/usr/bin/idle", self.kept("--config", "other.toml"))
        self.assertIn("/usr/bin/idle", self.kept(env={"SLIMIMG_CONFIG": "other.toml"}))

    def test_lists_grow_and_the_entrypoint_of_the_command_line_wins(self):
        self.settings(
            'closure.include = ["/etc/os-release"]\nclosure.entrypoint = ["/usr/bin/idle now"]\n'
        )
        kept = self.kept("--include", "/usr/share/doc/idle/license")
        self.assertLessEqual(
            {"/etc/os-release", "/usr/share/doc/idle/license", "/usr/bin/idle"}, kept
        )
        self.assertNotIn("/usr/bin/idle", self.kept("--entrypoint", "/app/bin/hello"))

    def test_keep_of_the_command_line_wins(self):
        self.settings('closure.keep = "strict"\n')
        self.assertNotIn("/etc/passwd", self.kept())
        self.assertIn("/etc/passwd", self.kept("--keep", "auto"))

    def test_an_image_is_chosen_by_its_name(self):
        self.settings('[[image]]\nname = "app:*"\nclosure.include = ["/usr/bin/idle"]\n')
        self.assertIn("/usr/bin/idle", self.kept())
        self.settings('[[image]]\nname = "web:*"\nclosure.include = ["/usr/bin/idle"]\n')
        self.assertNotIn("/usr/bin/idle", self.kept())

    def test_a_wrong_file_is_told_with_its_line_before_the_image_is_read(self):
        self.settings("[closure]\nincldue = []\n")
        result = slimimg("analyze", "nothing.tar", cwd=self.folder)
        self.assert_one_line(result, 2)
        self.assertIn(".slimimg.toml, line 2: unknown key closure.incldue", result.err)
        self.assertIn("did you mean include?", result.err)

    def test_a_file_that_is_not_there_is_told(self):
        result = slimimg("analyze", self.image(), "--config", "no.toml", cwd=self.folder)
        self.assert_one_line(result, 2)
        self.assertIn("no.toml", result.err)


if __name__ == "__main__":
    main()
