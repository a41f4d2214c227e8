#!/usr/bin/env python3
"""The HTML report: one file, and in a real browser where there is one."""
import re
import unittest

import browser
from support import ImageTest, Layer, main, slimimg

HOSTILE = "app/</script><script>document.title='owned'</script>\x1b[31m\xe4\u2028"


class OneFile(ImageTest):
    def page(self, *args):
        file = self.folder / "report.html"
        self.assert_fine(slimimg("analyze", *args, "-q", "--report", file))
        return file.read_text()

    def test_it_names_no_other_file(self):
        page = self.page(self.image())
        self.assertEqual(re.findall(r"(?:src|href)\s*=|url\(|@import|https?://", page), [])

    def test_a_rebuild_has_one_too_with_its_proof(self):
        file = self.folder / "report.html"
        target = self.folder / "slim.tar"
        self.assert_fine(slimimg("rebuild", self.image(), "-o", target, "-q", "--report", file))
        self.assertIn("proved to link", file.read_text())

    def test_two_runs_give_the_same_bytes(self):
        image = self.image()
        self.assertEqual(self.page(image), self.page(image, "--threads", "1"))


@unittest.skipUnless(browser.find(), "no Chromium here; apt-get install chromium")
class InBrowser(ImageTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.browser = browser.Browser()

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        super().tearDownClass()

    def open(self, image=None):
        file = self.folder / "report.html"
        self.assert_fine(slimimg("analyze", image or self.image(), "-q", "--report", file))
        self.browser.open(file)
        self.assertEqual(self.run_script("document.body.dataset.ready"), "yes")

    def run_script(self, script):
        return self.browser.run(script)

    def rows(self):
        return self.run_script(
            "[...document.querySelectorAll('tr[data-row] td.path')].map(e => e.textContent)"
        )

    def search(self, text):
        self.run_script(
            "(() => { const s = document.querySelector('input[type=search]');"
            f"s.value = {text!r}; s.dispatchEvent(new Event('input')); }})()"
        )
        return self.rows()

    def test_it_opens_without_complaint_and_loads_nothing(self):
        self.open()
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(len(self.browser.requests()), 1)

    def test_what_it_shows(self):
        self.open()
        self.assertEqual(self.run_script("document.querySelector('h1').textContent"), "app:1.0")
        text = self.run_script("document.body.innerText")
        for wanted in ("Layers", "COPY layer1 /", "What stays and what goes", "Attack surface"):
            self.assertIn(wanted, text)

    def test_the_table_is_searched_and_filtered(self):
        self.open()
        self.assertIn("/usr/bin/idle", self.rows())
        self.assertEqual(self.search("libgreet 1.0"), ["/app/lib/libgreet.so.1.0"])
        self.assertEqual(self.search("no such file"), [])
        self.search("")
        self.run_script(
            "(() => { const s = document.querySelector('select');"
            "s.value = 'goes'; s.dispatchEvent(new Event('change')); })()"
        )
        self.assertIn("/usr/bin/idle", self.rows())
        self.assertNotIn("/app/bin/hello", self.rows())

    def test_the_table_is_sorted_by_a_click(self):
        self.open()
        click = "[...document.querySelectorAll('.scroll th')][1].click()"
        self.run_script(click)
        rising = self.rows()
        self.run_script(click)
        self.assertEqual(rising, sorted(rising))
        self.assertEqual(self.rows()[0], sorted(self.rows())[-1])

    def test_a_click_tells_why_from_the_root_on(self):
        self.open()
        self.search("libgreet.so.1.0")
        self.run_script("document.querySelector('tr[data-row]').click()")
        steps = self.run_script(
            "[...document.querySelectorAll('.why ol .path')].map(e => e.textContent)"
        )
        self.assertEqual(steps[0], "/app/bin/hello")
        self.assertEqual(steps[-1], "/app/lib/libgreet.so.1.0")
        self.search("/usr/bin/idle")
        self.run_script("document.querySelector('tr[data-row]').click()")
        why = self.run_script("document.querySelector('.why').innerText")
        self.assertIn("Nothing that stays needs it", why)
        self.assertIn("--include '/usr/bin/idle'", why)

    def colours(self):
        """How many pixels of the treemap have the colours of what stays and of what goes."""
        return self.run_script(
            """(() => {
              const canvas = document.querySelector('canvas');
              const pixels = canvas.getContext('2d')
                .getImageData(0, 0, canvas.width, canvas.height).data;
              const style = getComputedStyle(document.documentElement);
              const count = (name) => {
                const hex = style.getPropertyValue(name).trim().slice(1);
                const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));
                let sum = 0;
                for (let i = 0; i < pixels.length; i += 4) {
                  sum += pixels[i] === r && pixels[i + 1] === g && pixels[i + 2] === b;
                }
                return sum;
              };
              return [count('--stays'), count('--goes'), pixels.length / 4];
            })()"""
        )

    def test_the_treemap_has_both_colours_by_size_and_opens_folders(self):
        file = Layer().file("usr/share/doc/big", "x" * 3_000_000).bytes()
        self.open(self.fixture.docker(self.folder / "big.tar", [*self.fixture.layers, file]))
        stays, goes, all_of_it = self.colours()
        self.assertGreater(stays, all_of_it / 5)
        self.assertGreater(goes, all_of_it / 3)
        self.run_script(
            """(() => {
              const canvas = document.querySelector('canvas');
              const frame = canvas.getBoundingClientRect();
              canvas.dispatchEvent(new MouseEvent('click',
                { clientX: frame.left + 12, clientY: frame.top + 6 }));
            })()"""
        )
        crumbs = self.run_script(
            "[...document.querySelectorAll('.crumbs button')].map(e => e.textContent)"
        )
        self.assertEqual(crumbs, ["/", "usr"])

    def test_it_is_light_and_dark_as_the_reader_is(self):
        found = {}
        for scheme in ("light", "dark"):
            self.browser.call(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            self.open()
            found[scheme] = self.run_script("getComputedStyle(document.body).backgroundColor")
        self.assertEqual(found["light"], "rgb(255, 255, 255)")
        self.assertNotEqual(found["light"], found["dark"])

    def test_what_check_finds_stands_above_the_files(self):
        file, none = self.folder / "check.html", self.folder / "none.tar"
        none.write_bytes(b"text")
        broken = self.fixture.without_library(self.folder / "broken.tar")
        slimimg("check", broken, self.image(), none, "-q", "--report", file)
        self.browser.open(file)
        self.assertEqual(self.browser.complaints(), [])
        text = self.run_script("document.body.innerText")
        self.assertLess(text.index("libgreet.so.1, which is missing"), text.index("What stays"))
        self.assertIn("not checked", text)
        self.assertEqual(self.run_script("document.querySelectorAll('canvas').length"), 2)

    def test_names_are_text_and_nothing_else(self):
        layer = Layer().file(HOSTILE, "x" * 999_999).bytes()
        self.open(self.fixture.docker(self.folder / "odd.tar", [*self.fixture.layers, layer]))
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.run_script("document.title"), "app:1.0 · slimimg")
        (name,) = self.search("owned")
        self.assertIn("</script><script>", name)
        self.assertIn("\\x1b[31m", name)
        self.assertEqual(self.run_script("document.querySelectorAll('main script').length"), 0)

    def test_a_script_that_came_in_all_the_same_would_not_run(self):
        self.open()
        self.run_script(
            "(() => { const s = document.createElement('script');"
            "s.textContent = 'document.title = \"owned\"'; document.body.append(s); })()"
        )
        self.assertEqual(self.run_script("document.title"), "app:1.0 · slimimg")


if __name__ == "__main__":
    main()
