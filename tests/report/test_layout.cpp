#include <doctest/doctest.h>

#include "report/layout.hpp"

using namespace slimimg::report;

TEST_CASE("sizes are shown in powers of 1000 with one decimal") {
    CHECK(human_bytes(0) == "0 B");
    CHECK(human_bytes(999) == "999 B");
    CHECK(human_bytes(1000) == "1.0 kB");
    CHECK(human_bytes(1049) == "1.0 kB");
    CHECK(human_bytes(1050) == "1.1 kB");
    CHECK(human_bytes(134'700'000) == "134.7 MB");
    CHECK(human_bytes(2'000'000'000) == "2.0 GB");
}

TEST_CASE("a size that rounds up to 1000 is shown in the next unit") {
    CHECK(human_bytes(999'949) == "999.9 kB");
    CHECK(human_bytes(999'950) == "1.0 MB");
}

TEST_CASE("the largest size there is has a rendering") {
    CHECK(human_bytes(~std::uint64_t{0}) == "18.4 EB");
}

TEST_CASE("numbers are grouped by thousands") {
    CHECK(grouped(0) == "0");
    CHECK(grouped(999) == "999");
    CHECK(grouped(1000) == "1,000");
    CHECK(grouped(1234567) == "1,234,567");
}

TEST_CASE("a long text is cut in its middle to the width") {
    CHECK(fitted("/usr/bin/env", 12) == "/usr/bin/env");
    const std::string cut = fitted("/usr/lib/x86_64-linux-gnu/libssl.so.3", 20);
    CHECK(width_of(cut) == 20);
    CHECK(cut.starts_with("/usr"));
    CHECK(cut.ends_with("libssl.so.3"));
}

TEST_CASE("a cut never splits a character") {
    const std::string cut = fitted("ääääääääääääääääääää", 7);
    CHECK(width_of(cut) == 7);
    CHECK(cut == "ää…ääää");
}

TEST_CASE("a text that could command a terminal is shown, not sent") {
    CHECK(fitted("a\x1b[2Jb", 40) == "a\\x1b[2Jb");
    Page page(false);
    page.paragraph("title \x1b]0;pwned\x07 end", 0);
    CHECK(page.take() == "title \\x1b]0;pwned\\x07 end\n");
}

TEST_CASE("paragraphs are wrapped at 80 columns, later lines hang") {
    Page page(false);
    page.paragraph(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
        2, 4);
    CHECK(page.take() ==
          "  one two three four five six seven eight nine ten eleven twelve thirteen\n"
          "      fourteen fifteen\n");
}

TEST_CASE("a figure and its unit stand in one line") {
    for (const std::string_view unit : {"B", "MB.", "kB,", "%)", "words"}) {
        CAPTURE(unit);
        Page page(false);
        page.paragraph(std::string(75, 'x') + " 3.0 " + std::string(unit) + " more", 0);
        const std::string line = page.take();
        const bool together = line.find("\n3.0 " + std::string(unit)) != std::string::npos;
        CHECK(together == (unit != "words"));
    }
}

TEST_CASE("a wider page has longer lines, not longer than eyes can follow") {
    for (const auto& [width, longest] : {std::pair{90U, 90U}, {300U, 100U}, {20U, 80U}}) {
        Page page(false, width);
        std::string text;
        for (int i = 0; i < 100; ++i) {
            text += "ten chars ";
        }
        page.paragraph(text, 0);
        const std::string lines = page.take();
        CHECK(lines.find('\n') <= longest);
        CHECK(lines.find('\n') > longest - 10);
    }
}

TEST_CASE("a wider page has more room for notes, and for labels that need it") {
    for (const std::size_t width : {80U, 120U}) {
        Page page(false, width);
        Table table(page, 10, {4});
        table.row("name", {"1"}, std::string(200, 'n'));
        CHECK(width_of(page.take()) == width + 1);  // and a line end
    }
    CHECK(Page(false, 80).stretched(10, 30) == 10);
    CHECK(Page(false, 90).stretched(10, 30) == 20);
    CHECK(Page(false, 120).stretched(10, 30) == 30);
    CHECK(Page(false, 120).stretched(10, 5) == 10);
}

TEST_CASE("a word longer than a line is not cut") {
    Page page(false);
    const std::string path(100, 'p');
    page.paragraph("at " + path + " end", 0);
    CHECK(page.take() == "at\n" + path + "\nend\n");
}

TEST_CASE("command lines are quoted as a shell would need them") {
    CHECK(shell_line({"nginx", "-g", "daemon off;"}) == "nginx -g 'daemon off;'");
    CHECK(shell_line({"it's"}) == "'it'\\''s'");
    CHECK(shell_line({""}) == "''");
}

TEST_CASE("tones are escapes only where colour is wanted") {
    CHECK(Page(false).toned("x", Page::Tone::bad) == "x");
    CHECK(Page(true).toned("x", Page::Tone::bad) == "\x1b[31mx\x1b[0m");
}

TEST_CASE("the columns of a table line up whatever the label's bytes") {
    Page page(false);
    Table table(page, 8, {5});
    table.row("ascii", {"1"});
    table.row("größe", {"22"}, "note");
    CHECK(page.take() == "  ascii       1\n  größe      22  note\n");
}

TEST_CASE("a build step is shown as its Dockerfile has it") {
    CHECK(step_of("/bin/sh -c #(nop)  CMD [\"nginx\"]") == "CMD [\"nginx\"]");
    CHECK(step_of("/bin/sh -c #(nop) ADD file:" + std::string(64, 'a') + " in / ") ==
          "ADD file:aaaaaaaaaaaa… in / ");
    CHECK(step_of("/bin/sh -c apt-get update") == "RUN apt-get update");
    CHECK(step_of("RUN /bin/sh -c make # buildkit") == "RUN make");
    CHECK(step_of("COPY a b # buildkit") == "COPY a b");
    CHECK(step_of("RUN make a:bcd") == "RUN make a:bcd");
    CHECK(step_of("") == "");
}
