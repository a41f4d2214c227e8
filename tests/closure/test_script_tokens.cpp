#include <string>

#include <doctest/doctest.h>

#include "closure/rules/script_tokens.hpp"

using slimimg::closure::script_language;
using slimimg::closure::script_tokens;
using Kind = slimimg::closure::ScriptToken::Kind;
using Language = slimimg::closure::ScriptLanguage;
using namespace std::string_literals;

namespace {

/// Names and marks as they are, strings in quotes, commands in backticks, "*" for computed parts.
std::string shown(const std::string& text, Language language) {
    std::string all;
    for (const auto& token : script_tokens(text, language)) {
        std::string word = token.text;
        for (char& c : word) {
            c = c == slimimg::closure::computed_part ? '*' : c;
        }
        const std::string quote = token.kind == Kind::string    ? "'"
                                  : token.kind == Kind::command ? "`"
                                                                : "";
        all += (all.empty() ? "" : " ") + quote + word + quote;
    }
    return all;
}

}  // namespace

TEST_CASE("Python: comments, prefixes, long strings and what f-strings fill in") {
    CHECK(shown("a('x', \"y\")  # b('z')\n", Language::python) == "a ( 'x' , 'y' )");
    CHECK(shown("a(f'x {b} y {{}}', r'\\n')", Language::python) == "a ( 'x * y {}' , '\\n' )");
    CHECK(shown("\"\"\"run('x')\n'\"\"\"\nb", Language::python) == "'run('x')\n'' b");
    CHECK(shown("a('x '\n  'y')", Language::python) == "a ( 'x y' )");
    CHECK(script_tokens("\n\n'a'", Language::python).at(0).line == 3);
}

TEST_CASE("JavaScript: comments, templates, patterns and divisions") {
    CHECK(shown("a('x') // b('y')\n/* c */ `d ${e('f')} g`", Language::javascript) ==
          "a ( 'x' ) 'd * g'");
    CHECK(shown("a = /['\"]/.test(b); c('d')", Language::javascript) ==
          "a = pattern . test ( b ) ; c ( 'd' )");
    CHECK(shown("a = b / c; d('/')", Language::javascript) == "a = b / c ; d ( '/' )");
    CHECK(shown("<p>Don't</p>\nf('x')", Language::javascript).ends_with("f ( 'x' )"));
    CHECK(shown("1<<A\nx\nA", Language::javascript) == "1 < < A x A");
}

TEST_CASE("PHP: only between its tags, here-documents and backticks") {
    CHECK(shown("it's <?php a(\"b $c {$d->e}\"); // f\n`ls` ?> it's <?= g('h') ?>",
                Language::php) == "a ( 'b * *' ) ; `ls` g ( 'h' )");
    CHECK(shown("<?php a(<<<EOT\nx 'y\n  EOT, 'z'); # b ?>", Language::php) ==
          "a ( 'x 'y\n' , 'z' ) ;");
    CHECK(shown("<?php $a['b'] = 'c';", Language::php) == "$ a [ 'b' ] = 'c' ;");
}

TEST_CASE("Ruby: commands, words, documentation and here-documents") {
    CHECK(shown("a `b #{c}`, %x(d e), %w[f g] # h\n", Language::ruby) ==
          "a `b *` , `d e` , [ 'f' , 'g' , ]");
    CHECK(shown("=begin\na('b')\n=end\nc(<<~X, 'y')\n  it's\nX\nd", Language::ruby) ==
          "c ( '  it's\n' , 'y' ) d");
    CHECK(shown("a << b\nx % 'y'\n__END__\n'z'", Language::ruby) == "a < < b x % 'y'");
}

TEST_CASE("Perl: quoting by words, patterns, documentation, special variables") {
    CHECK(shown("q{a}, qq(b $c @d), qx/e/; s{'}{\"}; m#'#; y/'/\"/; 'f'", Language::perl) ==
          "'a' , 'b * *' , `e` ; pattern ; pattern ; pattern ; 'f'");
    CHECK(shown("$x{q} = -s $y; $' . 'a'; $#b", Language::perl) ==
          "$ x { q } = - s $ y ; $ ' . 'a' ; $ # b");
    CHECK(shown("=pod\n\n'a\n\n=cut\n'b' =~ /'/;\n__END__\n'c'", Language::perl) ==
          "'b' = ~ pattern ;");
}

TEST_CASE("Lua: long brackets") {
    CHECK(shown("a[[x]] --[==[ b ]] ]==] c 'd' -- e", Language::lua) == "a 'x' c 'd'");
}

TEST_CASE("the language of a script: its first line, else its ending") {
    CHECK(script_language("/a/b.py", "") == Language::python);
    CHECK(script_language("/a/b", "#!/usr/bin/env -S node --x\n") == Language::javascript);
    CHECK(script_language("/a/b.js", "#!/usr/bin/python3.11\n") == Language::python);
    CHECK(script_language("/a/Rakefile", "") == Language::ruby);
    CHECK_FALSE(script_language("/a/b.sh", "#!/bin/sh\n").has_value());
    CHECK_FALSE(script_language("/a/b.txt", "python").has_value());
}

TEST_CASE("cut off in the middle, every language ends") {
    const std::string all = "<?php a('b\" `c <<<EOT %w[ q{ s{ =begin --[[ /* f\"{x ${ #{ \\";
    for (const Language language : {Language::python, Language::javascript, Language::php,
                                    Language::ruby, Language::perl, Language::lua}) {
        for (std::size_t length = 0; length <= all.size(); ++length) {
            CHECK(script_tokens(all.substr(0, length), language).size() <= length);
        }
    }
}
