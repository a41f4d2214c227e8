#include <algorithm>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"

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
                   "subprocess.run([pick(tools), '-x'])\n");
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

TEST_CASE(
    "a program that was installed by name stays where what starts programs names it elsewhere") {
    const auto image = [](const std::vector<Member>& more, const std::string& code,
                          const std::vector<std::string>& env = {}) {
        const std::string program = loadable({.type = 2});
        const std::string packages = "usr/local/lib/python3.11/site-packages/";
        std::vector<Member> copied{folder("app"), file("app/main.py", code)};
        copied.insert(copied.end(), more.begin(), more.end());
        image::Config config = runs({"/usr/local/bin/python3.11", "/app/main.py"});
        config.env = env;
        return ClosureOf(
            tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                          folder("usr/bin"), test::symlink("bin", "usr/bin"),
                          file("usr/bin/sort", program, 0755)}),
                     tar({folder("usr/local"), folder("usr/local/bin"), folder("usr/local/lib"),
                          file("usr/local/bin/python3.11", program, 0755),
                          folder("usr/local/lib/python3.11"), folder(packages),
                          file("usr/bin/convert", program, 0755)}),
                     tar(copied)}),
            config);
    };
    const std::string starts = "import subprocess\nsubprocess.run(words)\n";
    const std::string package = "usr/local/lib/python3.11/site-packages/tool/";
    const auto keeps = [](const ClosureOf& closure) {
        return closure.rules("/usr/bin/convert") == "started-command";
    };
    CHECK(keeps(image({file("app/a.py", "run('convert', 'sort')\n")}, starts)));
    CHECK(keeps(image({file("app/config.json", R"({"tool": "convert -x"})")}, starts)));
    CHECK(keeps(image({file("app/config.yml", "tool: convert\n")}, starts)));
    CHECK(keeps(image({}, starts, {"TOOL=convert"})));
    CHECK(keeps(image({folder(package), file(package + "names.py", "tool = 'convert'\n"),
                       file(package + "run.py", starts)},
                      "import tool\n")));
    // Developers' tools are a dependency's only where it is called after them.
    const auto uses_git = [&](const std::string& name) {
        const std::string folder = "usr/local/lib/python3.11/site-packages/" + name + "/";
        return image({test::folder(folder), file(folder + "a.py", "tool = 'git'\n" + starts),
                      file("usr/local/bin/git", loadable({.type = 2}), 0755)},
                     "x = 1\n")
            .keeps("/usr/local/bin/git");
    };
    CHECK(uses_git("simple_git"));
    CHECK_FALSE(uses_git("versions"));
    CHECK_FALSE(image({file("app/a.py", "run('sort')\n")}, starts).keeps("/usr/bin/sort"));
    CHECK_FALSE(keeps(image({file("app/a.py", "run('convert')\n")}, "x = 1\n")));
    CHECK_FALSE(keeps(image({file("app/a.txt", "tool: convert\n")}, starts)));
    CHECK_FALSE(keeps(image({file("app/a.py", "'to convert', 'converter'\n")}, starts)));
    CHECK_FALSE(keeps(image({folder(package), file(package + "names.py", "tool = 'convert'\n")},
                            "import tool\n" + starts)));
}

TEST_CASE("code between the words of a shell starts programs too") {
    const auto keeps = [](const std::string& line, const std::string& program) {
        return python_app("app/main.sh", "#!/bin/sh\n" + line + "\n").keeps(program);
    };
    CHECK(keeps("python3 -c 'import os; os.system(\"sort x\")'", "/usr/bin/sort"));
    CHECK(keeps("perl -e 'system(\"sort x\")'", "/usr/bin/sort"));
    CHECK(keeps("ruby -e 'system \"sort\"'", "/usr/bin/sort"));
    CHECK(keeps("node -e 'require(\"child_process\").execSync(\"sort x\")'", "/usr/bin/sort"));
    CHECK(keeps("php -r 'passthru(\"sort x\");'", "/usr/bin/sort"));
    CHECK(keeps("python3 - <<E\nimport subprocess\nsubprocess.run(['sort'])\nE", "/usr/bin/sort"));
    CHECK_FALSE(keeps("python3 -c 'print(\"sort\")'", "/usr/bin/sort"));
}

TEST_CASE("one file of the application defines a function that starts programs, another calls it") {
    const auto image = [](const std::string& helper, const std::string& main) {
        const std::string program = loadable({.type = 2});
        return ClosureOf(
            tree_of(
                {tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                      folder("usr/bin"), file("usr/bin/python3", program, 0755),
                      file("usr/bin/sort", program, 0755)}),
                 tar({folder("app"), file("app/helper.py", helper), file("app/main.py", main)})}),
            runs({"/usr/bin/python3", "/app/main.py"}));
    };
    const std::string helper = "import subprocess\ndef execute(cmd): subprocess.run(cmd)\n";
    CHECK(image(helper, "from helper import execute\nexecute(['sort', 'x'])\n")
              .rules("/usr/bin/sort") == "started-command");
    CHECK(image(helper, "import helper\nhelper.execute(['sort'])\n").keeps("/usr/bin/sort"));
    CHECK_FALSE(image(helper, "print(['sort', 'x'])\n").keeps("/usr/bin/sort"));
    CHECK_FALSE(image("def execute(cmd): pass\n", "execute(['sort'])\n").keeps("/usr/bin/sort"));
}

TEST_CASE("settings of the application's own program name what was installed for it") {
    const auto keeps = [](const std::string& name, const std::string& settings) {
        const std::string program = loadable({.type = 2});
        return ClosureOf(
                   tree_of(
                       {tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                             folder("usr/bin"), file("usr/bin/sort", program, 0755)}),
                        tar({file("usr/bin/jq", program, 0755)}),
                        tar({folder("app"), file("app/serve", program_with({"execvp"}, "x"), 0755),
                             file("app/" + name, settings)})}),
                   runs({"/app/serve"}))
            .keeps("/usr/bin/jq");
    };
    CHECK(keeps("a.properties", "tool=jq -n 1\n"));
    CHECK(keeps("a.conf", "filter = \"jq\"\n"));
    CHECK_FALSE(keeps("a.conf", "# with jq\nfilter = sort\n"));
    CHECK_FALSE(keeps("a.txt", "jq\n"));
}
