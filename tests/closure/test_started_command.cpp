#include <algorithm>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/loadable.hpp"

using namespace slimimg;
using namespace test;

namespace {

/// A distribution with a shell and tools, programs that a RUN step installed, Python, and code.
ClosureOf python_app(const std::string& path, const std::string& code) {
    const std::string program = loadable({.type = 2});
    const std::string packages = "usr/local/lib/python3.11/site-packages/";
    return {tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                          folder("usr/bin"), test::symlink("bin", "usr/bin"),
                          file("usr/bin/dash", program, 0755), test::symlink("usr/bin/sh", "dash"),
                          file("usr/bin/tar", program, 0755), file("usr/bin/sort", program, 0755)}),
                     tar({folder("usr/local"), folder("usr/local/bin"), folder("usr/local/lib"),
                          file("usr/local/bin/python3.11", program, 0755),
                          folder("usr/local/lib/python3.11"), folder(packages),
                          folder(packages + "lib"), file("usr/bin/convert", program, 0755),
                          file("usr/bin/git", program, 0755)}),
                     tar({folder("app"), file(path, code)})}),
            runs({"/usr/local/bin/python3.11", "/app/main.py"})};
}

bool is_open(const ClosureOf& image) {
    return std::any_of(
        image.closure.diagnostics.begin(), image.closure.diagnostics.end(),
        [](const auto& told) { return told.code == "command-computed" && told.open; });
}

const std::string library = "usr/local/lib/python3.11/site-packages/lib/a.py";

}  // namespace

TEST_CASE("what the application's code starts stays, with a shell where one is started") {
    const ClosureOf image =
        python_app("app/main.py",
                   "import os, subprocess\nsubprocess.run(['git', 'log'])\n# os.system('sort')\n");
    CHECK(image.keeps("/usr/bin/git"));
    CHECK_FALSE(image.keeps("/usr/bin/sort"));
    CHECK_FALSE(image.keeps("/usr/bin/dash"));
    CHECK_FALSE(is_open(image));
    const ClosureOf shell = python_app("app/main.py", "import os\nos.system('tar c x | sort')\n");
    CHECK(shell.keeps("/usr/bin/tar"));
    CHECK(shell.keeps("/usr/bin/sort"));
    CHECK(shell.keeps("/usr/bin/sh"));
    CHECK(shell.keeps("/usr/bin/dash"));
}

TEST_CASE("a computed command is told, and names in quotes of what was installed for it stay") {
    const ClosureOf image =
        python_app("app/main.py",
                   "import subprocess\ntools = {'png': 'convert', 'list': 'sort'}\n"
                   "subprocess.run([tools[kind], '-x'])\n");
    CHECK(image.keeps("/usr/bin/convert"));
    CHECK_FALSE(image.keeps("/usr/bin/sort"));
    REQUIRE(is_open(image));
    CHECK(image.closure.diagnostics.back().message.starts_with("line 3 starts a program"));
}

TEST_CASE("the words of a command that a function of the script runs name a program") {
    const auto image = [](const std::string& call) {
        return python_app(
            "app/main.py",
            "import subprocess\ndef run(words):\n    subprocess.check_call(words)\n" + call + "\n");
    };
    CHECK(image("run(['tar', '-x'])").keeps("/usr/bin/tar"));
    CHECK_FALSE(image("print('tar', '-x')").keeps("/usr/bin/tar"));
    CHECK_FALSE(image("kinds = {'tar': 1}").keeps("/usr/bin/tar"));
}

TEST_CASE("a text that the script writes for a shell names a program by its first word") {
    const auto image = [](const std::string& start, const std::string& text) {
        return python_app("app/main.py", "import subprocess\nopen('gen.sh', 'w').write(" + text +
                                             ")\nsubprocess.check_call(" + start + ")\n");
    };
    const ClosureOf written = image("['sh', 'gen.sh']", "'convert -v a b'");
    CHECK(written.keeps("/usr/bin/convert"));
    CHECK_FALSE(is_open(written));
    CHECK_FALSE(image("['sh', 'gen.sh']", "'sort -n a'").keeps("/usr/bin/sort"));
    CHECK_FALSE(image("['sh', 'gen.sh']", "'to convert b'").keeps("/usr/bin/convert"));
    CHECK_FALSE(image("['sh', '/app/main.py']", "'convert a'").keeps("/usr/bin/convert"));
    CHECK_FALSE(image("['tar', 'gen.sh']", "'convert -v a b'").keeps("/usr/bin/convert"));
}

TEST_CASE("of a dependency's calls those with plain names count, but not developers' tools") {
    const ClosureOf image =
        python_app(library,
                   "import subprocess\nsubprocess.run(['tar', 'x'])\n"
                   "subprocess.run(['git', 'describe'])\ntool = 'convert'\n"
                   "subprocess.run([tool])\nlater = 'sort'\nsubprocess.run([later])\n"
                   "subprocess.run(x)\n");
    CHECK(image.keeps("/usr/bin/tar"));
    CHECK(image.keeps("/usr/bin/convert"));
    CHECK_FALSE(image.keeps("/usr/bin/git"));
    CHECK(image.hints("/usr/bin/git"));
    CHECK_FALSE(image.keeps("/usr/bin/sort"));
    CHECK_FALSE(is_open(image));
}

TEST_CASE("the interpreter's own library is for all systems") {
    const ClosureOf image = python_app("usr/local/lib/python3.11/platform.py",
                                       "import subprocess\nsubprocess.run(['sort'])\n");
    CHECK_FALSE(image.keeps("/usr/bin/sort"));
    CHECK_FALSE(image.hints("/usr/bin/sort"));
}
