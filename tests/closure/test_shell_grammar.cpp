#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "slimimg/closure/shell.hpp"

using namespace slimimg;
using namespace slimimg::closure;

namespace {

using Lines = std::vector<std::string>;

ShellFacts read(std::string_view script, ShellDialect dialect = ShellDialect::bash) {
    ShellContext context;
    context.dialect = dialect;
    context.path = "/s";
    context.arguments.emplace();
    return read_shell(script, context);
}

/// The names of all commands, in the order in which the script has them.
Lines names(const ShellFacts& facts) {
    Lines lines;
    for (const ShellCommand& command : facts.commands) {
        lines.push_back(command.name());
    }
    return lines;
}

Lines words(std::string_view script) {
    const ShellFacts facts = read(script);
    REQUIRE(facts.commands.size() == 1);
    Lines lines;
    for (const ShellWord& word : facts.commands[0].argv) {
        lines.push_back(word.text);
    }
    return lines;
}

/// Checks each script's commands, and that all of it could be parsed.
void check(const std::vector<std::pair<std::string, Lines>>& cases,
           ShellDialect dialect = ShellDialect::bash) {
    for (const auto& [text, wanted] : cases) {
        const std::string& script = text;  // clang 14 captures no structured binding
        CAPTURE(script);
        const ShellFacts facts = read(script, dialect);
        CHECK(names(facts) == wanted);
        for (const Diagnostic& diagnostic : facts.unknown) {
            CAPTURE(diagnostic.message);
            CHECK(diagnostic.code != "shell-unparsed");
        }
    }
}

}  // namespace

TEST_CASE("quotes are taken off and their text is kept") {
    CHECK(words("p a'b c'\"d e\"\\ f") == Lines{"p", "ab cd e f"});
    CHECK(words("p '' \"\" $'a\\tb\\'c\\x41\\101\\u00e9'") ==
          Lines{"p", "", "", "a\tb'cAA\xc3\xa9"});
    CHECK(words("p \"a\\\"b\\$c\\d\\\\e\" 'x\\y'") == Lines{"p", "a\"b$c\\d\\e", "x\\y"});
    CHECK(words("p a#b # c\n") == Lines{"p", "a#b"});
    CHECK(words("p a\\\nb \\\n c \"d\\\ne\"") == Lines{"p", "ab", "c", "de"});
    CHECK(words("\\p $\"x\" $ \"$\" a$") == Lines{"p", "x", "$", "$", "a$"});
    CHECK(words("p if then } { done ! [[ a=b") ==
          Lines{"p", "if", "then", "}", "{", "done", "!", "[[", "a=b"});
}

TEST_CASE("command substitutions are found wherever they stand") {
    check({
        {"p1 $(p2 $(p3 \"$(p4)\"))", {"p4", "p3", "p2", "p1"}},
        {"p1 `p2 \\`p3\\``", {"p3", "p2", "p1"}},
        {"p1 \"`p2 \\\"a b\\\"`\"", {"p2", "p1"}},
        {"x=$(case a in a) p1 ;; (b) p2 ;; esac)", {"p1", "p2"}},
        {"p1 ${x:-$(p2 \"a}b\")}", {"p2", "p1"}},
        {"p1 \"${x:-'$(p2)'}\" \"${x%'$(p3)'}\"", {"p2", "p1"}},
        {"p1 ${x/$(p2)/$(p3)} ${x:$(p4):1} ${a[$(p5)]}", {"p2", "p3", "p4", "p5", "p1"}},
        {"p1 $((1 + $(p2) + (3)))", {"p2", "p1"}},
        {"p1 $( (p2) ) $((p3); p4)", {"p2", "p3", "p4", "p1"}},
        {"p1 \"a ) $(p2 ')' \\) # )\n) b\"", {"p2", "p1"}},
        {"p1 <(p2) >(p3) --x=<(p4)", {"p2", "p3", "p4", "p1"}},
        {"a[$(p1)]=$(p2) p3", {"p1", "p2", "p3"}},
        {"a=($(p1) # comment )\n\"$(p2)\" [k]=$(p3))", {"p1", "p2", "p3"}},
        {"local -a x=(a $(p1)) y=$(p2)", {"p1", "p2"}},
        {"p1 $[1+$(p2)]", {"p2", "p1"}},
    });
}

TEST_CASE("here-documents end where they should") {
    check({
        {"p1 <<A\nx $(p2) `p3`\nA\np4", {"p1", "p2", "p3", "p4"}},
        {"p1 <<'A'\nx $(p2)\nA\np3", {"p1", "p3"}},
        {"p1 <<\\A\n$(p2)\nA\np3", {"p1", "p3"}},
        {"p1 <<A <<\"B\"; p2\n$(p3)\nA\n$(p4)\nB\np5", {"p1", "p2", "p3", "p5"}},
        {"p1 <<-A\n\t$(p2)\n\tA\np3", {"p1", "p2", "p3"}},
        {"p1 <<A\nA \n A\nA\np2", {"p1", "p2"}},
        {"p1 <<A | p2\nx\nA\np3", {"p1", "p2", "p3"}},
        {"x=$(p1 <<A\nit's \"x\nA\n)\np2", {"p1", "p2"}},
        {"if p1 <<A; then\nx\nA\np2; fi", {"p1", "p2"}},
        {"f() { p1 <<A\n$(p2)\nA\n}\nf", {"p1", "p2"}},
        {"p1 <<A\nno end", {"p1"}},
        {"p1 <<A \"b\nc\"\n$(p2)\nA\np3", {"p1", "p2", "p3"}},
        {"p1 <<< \"$(p2)\"", {"p2", "p1"}},
    });
}

TEST_CASE("compound commands are read through") {
    check({
        {"if ! p1; then p2; elif p3\nthen p4; else p5; fi; p6",
         {"p1", "p2", "p3", "p4", "p5", "p6"}},
        {"while p1; do p2; done < <(p3); until p4\ndo p5\ndone", {"p1", "p2", "p3", "p4", "p5"}},
        {"for x in $(p1) b; do p2; done; for y\ndo p3; done; for z in a; { p4; }",
         {"p1", "p2", "p3", "p4"}},
        {"for x in \\\n a; do p1; done; for ((i=0; i<$(p2); i++)) do p3; done", {"p1", "p2", "p3"}},
        {"select x in a b; do p1; done", {"p1"}},
        {"case $(p1) in a|\"b )\"|*[!0-9]*) p2;; (c) p3 ;& d) ;; *) p4; esac; p5",
         {"p1", "p2", "p3", "p4", "p5"}},
        {"case x in\n# comment\na) p1\n;;\n\nesac >/dev/null; p2", {"p1", "p2"}},
        {"case x in esac; p1", {"p1"}},
        {"{ p1; p2; } >f 2>&1; (p3; p4) & p5", {"p1", "p2", "p3", "p4", "p5"}},
        {"p1 | p2 |& p3 && p4 || ! p5 &\np6", {"p1", "p2", "p3", "p4", "p5", "p6"}},
        {"p1 &&\n\n# comment\np2 |\np3", {"p1", "p2", "p3"}},
        {"[[ $a =~ ^(x|y z)[[:space:]]$ && ( -n $(p1) || a < b ) ]] && p2", {"p1", "p2"}},
        {"[[ a == b\n&& c ]]; ((x = $(p1) << 2)); p2", {"p1", "p2"}},
        {"time -p p1; coproc p2; ! p3", {"p1", "p2", "p3"}},
        {"p1 @(a|b) !(c|$(p2)) *.?(x)", {"p2", "p1"}},
        {"shopt -s extglob\ncase $x in @(a|b)) p1;; !(c)) p2;; esac", {"p1", "p2"}},
    });
}

TEST_CASE("functions are read in every form") {
    check({
        {"f() { p1; }; f", {"p1"}},
        {"f()\n{\np1\n}\nf", {"p1"}},
        {"function f { p1; }; f", {"p1"}},
        {"function f() ( p1 ); f", {"p1"}},
        {"f () if p1; then p2; fi; f", {"p1", "p2"}},
        {"a-b::c() { p1; }; a-b::c", {"p1"}},
        {"f() { g() { p1; }; g; }; f", {"p1"}},
        {"f() { p1; } >log; f", {"p1"}},
    });
    CHECK(read("f() { p; }; g() { f; }; g").commands[0].reach == ShellReach::always);
}

TEST_CASE("redirections stand anywhere in a command") {
    check({
        {"2>&1 >f p1 <g a", {"p1"}},
        {"{fd}>x p1; p2 2>/dev/null; p3 &>x; p4 >|x; p5 <>x; p6 >&-; p7 0<&3",
         {"p1", "p2", "p3", "p4", "p5", "p6", "p7"}},
        {">f", {}},
        {"p1>f; p2 2>f; p3 a2>f", {"p1", "p2", "p3"}},
    });
    CHECK(words("p a2>f 3 4>g") == Lines{"p", "a2", "3"});
}

TEST_CASE("dash and bash read some texts in another way") {
    check({{"((p1); p2)", {"p1", "p2"}}, {"time p1", {"time", "p1"}}}, ShellDialect::dash);
    check({{"((p1))", {}}, {"((p1); p2)", {"p1", "p2"}}, {"time p1", {"p1"}}}, ShellDialect::bash);
    check({{"p1 \"^$[a-z]\"; p2", {"p1", "p2"}}}, ShellDialect::dash);
}

TEST_CASE("line numbers are those of the text") {
    const ShellFacts facts = read(
        "p1 'a\nb' \\\n c\np2 <<E\nx\n$(p3)\nE\nx=`\np4\n`\n# c\n\nif a; then\n\tp5 $(\n "
        "p6)\nfi\n");
    std::vector<std::pair<std::string, unsigned>> found;
    for (const ShellCommand& command : facts.commands) {
        found.emplace_back(command.name(), command.place.line);
    }
    const std::vector<std::pair<std::string, unsigned>> wanted = {
        {"p1", 1}, {"p2", 4}, {"p3", 6}, {"p4", 9}, {"a", 13}, {"p6", 15}, {"p5", 14}};
    CHECK(found == wanted);
}

TEST_CASE("damage is told with its line, and what follows is read") {
    struct Case {
        std::string script;
        Lines commands;
        std::string told;
    };
    const std::vector<Case> cases = {
        {"p1\nfi\np2", {"p1", "p2"}, "line 2: can't be parsed: nothing is open that this closes"},
        {"p1\np2 'a\n", {"p1", "p2"}, "line 2: can't be parsed: a single quote is not closed"},
        {"p1 \"a\nb", {"p1"}, "line 2: can't be parsed: the double quote of line 1 is not closed"},
        {"if p1; p2\n", {"p1", "p2"}, "line 2: can't be parsed: \"then\" is missing"},
        {"if p1; then p2\n", {"p1", "p2"}, "line 2: can't be parsed: \"fi\" is missing"},
        {"while p1; do p2; fi; p3",
         {"p1", "p2", "p3"},
         "line 1: can't be parsed: \"done\" is missing"},
        {"for x in a; p1", {"p1"}, "line 1: can't be parsed: \"do\" is missing"},
        {"case x in a) p1", {"p1"}, "line 1: can't be parsed: \";;\" is missing"},
        {"(p1; done; p2", {"p1", "p2"}, "line 1: can't be parsed: \")\" is missing"},
        {"x=$(p1", {"p1"}, "line 1: can't be parsed: \")\" is missing"},
        {"x=`p1", {"p1"}, "line 1: can't be parsed: the backquote of line 1 is not closed"},
        {"p1 ${x\np2", {"p1"}, "line 1: can't be parsed: a bad substitution: ${x\n"},
        {"p1 && \n", {"p1"}, ""},
        {"p1 >\np2", {"p1", "p2"}, "line 1: can't be parsed: a redirection leads nowhere"},
        {"a=(p1", {}, "line 1: can't be parsed: \")\" is missing after an array's elements"},
        {"[[ a\n; p1", {"p1"}, "line 2: can't be parsed: \"]]\" is missing"},
    };
    for (const Case& each : cases) {
        CAPTURE(each.script);
        const ShellFacts facts = read(each.script);
        CHECK(names(facts) == each.commands);
        if (!each.told.empty()) {
            REQUIRE_FALSE(facts.unknown.empty());
            CHECK(facts.unknown[0].code == "shell-unparsed");
            CHECK(facts.unknown[0].message == each.told);
        }
    }
}

TEST_CASE("hostile texts are read in bounded time and depth") {
    constexpr std::size_t size = 1U << 14;
    const auto repeated = [](std::string_view part, std::size_t count) {
        std::string text;
        for (std::size_t i = 0; i < count; ++i) {
            text += part;
        }
        return text;
    };
    std::vector<std::string> texts;
    for (const std::string_view part : {"(",
                                        "$((",
                                        "$(",
                                        "`",
                                        "\\`",
                                        "{ ",
                                        "if ",
                                        "case x in ",
                                        "a[ ",
                                        "<<A ",
                                        "${a:-",
                                        "\"$(",
                                        "f(){ ",
                                        "((;",
                                        "[[ ",
                                        "[[ x =~ (",
                                        "@(a|",
                                        "<(",
                                        ";;",
                                        ") ",
                                        "esac ",
                                        "'",
                                        "$",
                                        "\\",
                                        "x=$x$x\n",
                                        "x+=y\n",
                                        "set -- \"$@\" a\n",
                                        "\"$@\" b\n",
                                        "eval ",
                                        "env ",
                                        "sh -c ",
                                        "find -exec ",
                                        "a+=(\"${a[@]}\" c)\n",
                                        "cd a\n",
                                        "read a; $a; a$a\n",
                                        "f(){ \"$@\"; f \"$@\" x; }\nf a\n",
                                        "a|",
                                        "a&&",
                                        "x {a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}\n"}) {
        texts.push_back(repeated(part, size / part.size()));
    }
    texts.push_back("x " + repeated("{", 5000) + repeated(",}", 5000));
    texts.push_back("v=" + std::string(250, 'a') + "\n" + repeated("x ${v%%*a*a*a*a*a*b}\n", 3000));
    texts.push_back(repeated(repeated("$(echo ", 50) + repeated(")", 50) + "\n", 150));
    texts.push_back(std::string(size, '\0'));
    const std::clock_t start = std::clock();
    for (const std::string& text : texts) {
        CAPTURE(text.substr(0, 20));
        CHECK(read(text).files.size() == 1);
        CHECK(read(text, ShellDialect::dash).files.size() == 1);
    }
    // Each takes some milliseconds; a text that takes the square of its length takes minutes.
    constexpr int seconds = 120;
    CHECK((std::clock() - start) / CLOCKS_PER_SEC < seconds);
}

TEST_CASE("nesting past the limit is told, not followed") {
    std::string script = "p1\n";
    for (int i = 0; i < 1000; ++i) {
        script += "(";
    }
    const ShellFacts facts = read(script);
    CHECK(names(facts) == Lines{"p1"});
    REQUIRE_FALSE(facts.unknown.empty());
    CHECK(facts.unknown[0].message ==
          "line 2: can't be parsed: nested too deeply to be read further");
}

TEST_CASE("a script that is too long or too intricate is read in part, and that is told") {
    const ShellFacts facts = read("p1\n" + std::string(5U << 20, '#'));
    CHECK(names(facts) == Lines{"p1"});
    REQUIRE(facts.unknown.size() == 1);
    CHECK(facts.unknown[0].code == "shell-too-long");

    std::string script;
    for (int i = 0; i < 16; ++i) {
        script += "v=" + std::string(1000, static_cast<char>('a' + i)) + "\n";
    }
    for (int i = 0; i < 3000; ++i) {
        script += "p1 $v $v\n";
    }
    const ShellFacts intricate = read(script);
    CHECK(intricate.commands.size() >= 3000);
    REQUIRE_FALSE(intricate.unknown.empty());
    CHECK(intricate.unknown[0].code == "shell-too-long");
}
