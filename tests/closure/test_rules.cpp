#include <doctest/doctest.h>

#include "slimimg/closure/first_line.hpp"

#include "support/closure.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// A layer that the rules take for a distribution's, with a shell.
std::string distribution() {
    return tar({folder("etc"), file("etc/os-release", "ID=debian\n"),
                file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"), folder("usr"),
                folder("usr/bin"), file("usr/bin/sh", "x", 0755), file("usr/bin/bash", "x", 0755),
                test::symlink("bin", "usr/bin"), folder("usr/share"), folder("usr/share/doc"),
                file("usr/share/doc/readme", "x")});
}

image::HistoryStep step(std::string created_by) {
    return {"", std::move(created_by), "", false};
}

}  // namespace

TEST_CASE("files of a COPY layer are the application's, files of the distribution are not") {
    image::Config config = runs({"/usr/bin/sh"});
    config.history = {step("/bin/sh -c #(nop) ADD file:1 in / "), step("COPY . /srv # buildkit"),
                      step("RUN /bin/sh -c make # buildkit")};
    const ClosureOf image(
        tree_of({distribution(),
                 tar({folder("srv"), file("srv/page", "x"), folder("srv/.git"),
                      file("srv/.git/config", "x"), folder("tmp"), file("tmp/left", "x")}),
                 tar({folder("usr/lib"), file("usr/lib/object.o", "x"), folder("data"),
                      folder("var"), folder("var/log"), test::symlink("var/log/out", "/dev/stdout"),
                      folder("opt"), folder("opt/app"), file("opt/app/built", "x")})}),
        config);
    CHECK(image.rules("/srv/page") == "application-file");
    CHECK_FALSE(image.keeps("/srv/.git/config"));
    CHECK_FALSE(image.keeps("/tmp/left"));
    CHECK_FALSE(image.keeps("/usr/share/doc/readme"));
    CHECK_FALSE(image.keeps("/usr/bin/bash"));
    CHECK_FALSE(image.keeps("/usr/lib/object.o"));
    CHECK(image.keeps("/data"));
    CHECK(image.keeps("/opt/app/built"));
    CHECK(image.keeps("/etc/passwd"));
}

TEST_CASE("what a COPY puts into /etc stays, whatever packages have in that place") {
    image::Config config = runs({"/usr/bin/sh"});
    config.history = {step("ADD file:1 in / "), step("COPY a b /etc/cron.d/ # buildkit"),
                      step("RUN /bin/sh -c true # buildkit")};
    const ClosureOf image(
        tree_of({distribution(), tar({folder("etc/cron.d"), file("etc/cron.d/own", "x")}),
                 tar({file("etc/cron.d/package", "x")})}),
        config);
    CHECK(image.rules("/etc/cron.d/own") == "application-file");
    CHECK_FALSE(image.keeps("/etc/cron.d/package"));
}

TEST_CASE(
    "what a builder that says nothing puts above the distribution is copied, packages are not") {
    for (const char* said : {"", "bazel build ...", "/bin/bash"}) {
        CAPTURE(said);
        image::Config config = runs({"/usr/bin/sh"});
        config.history = {step("ADD file:1 in / "), step(said), step(said), step("RUN make"),
                          step(said)};
        const ClosureOf image(
            tree_of({distribution(), tar({file("opt2/app/page", "x")}),
                     tar({file("usr/lib/other", "x"), file("var/lib/dpkg/status.d/a", "x")}),
                     tar({file("usr/lib/object", "x")}),
                     tar({file("etc/gshadow", "x"), file("etc/passwd-", "x")})}),
            config);
        CHECK(image.rules("/opt2/app/page") == "application-file");
        CHECK_FALSE(image.keeps("/usr/lib/other"));
        CHECK_FALSE(image.keeps("/usr/lib/object"));
        CHECK_FALSE(image.keeps("/etc/gshadow"));
    }
}

TEST_CASE("what was copied stays though a later build step changed its owner") {
    image::Config config = runs({"/usr/bin/sh"});
    config.history = {step("ADD file:1 in / "), step("COPY plugins /etc/app/ # buildkit"),
                      step("RUN /bin/sh -c chown -R app /etc/app # buildkit"),
                      step("COPY own /etc/app/ # buildkit")};
    const std::string changed =
        tar({file("etc/app/plugins", "x", 0640), file("etc/app/made", "x")});
    const ClosureOf image(
        tree_of({distribution(), tar({folder("etc/app"), file("etc/app/plugins", "x")}), changed,
                 tar({file("etc/app/own", "x")})}),
        config);
    CHECK(image.rules("/etc/app/plugins") == "application-file");
    CHECK(image.rules("/etc/app/own") == "application-file");
    CHECK_FALSE(image.keeps("/etc/app/made"));
}

TEST_CASE(
    "what a build step leaves where no distribution has anything stays, what builds leave goes") {
    image::Config config = runs({"/usr/bin/sh"});
    config.history = {step("ADD file:1 in / "), step("RUN /bin/sh -c fetch # buildkit")};
    std::vector<Member> made;
    const std::vector<std::string> stay{"root/.cache/puppeteer/chrome",
                                        "root/.cache/huggingface/model", "root/nltk_data/words",
                                        "root/.gitconfig", "models/model.bin"};
    const std::vector<std::string> go{
        "root/.cache/pip/a", "root/.cache/go-build/a", "root/.cargo/registry/a",
        "root/go/pkg/a",     "root/.bash_history",     "root/.rustup/a",
        "root/.m2/settings", "build/main.o",           "root/.yarn/berry/cache/a.zip",
        "usr/share/other/a"};
    for (const auto* list : {&stay, &go}) {
        for (const std::string& path : *list) {
            made.push_back(file(path, "x"));
        }
    }
    const ClosureOf image(tree_of({distribution(), tar(made)}), config);
    for (const std::string& path : stay) {
        CHECK_MESSAGE(image.rules("/" + path) == "application-file", path);
    }
    for (const std::string& path : go) {
        CHECK_FALSE_MESSAGE(image.keeps("/" + path), path);
    }
}

TEST_CASE("of a squashed image the application's places stay") {
    const ClosureOf image(
        tree({folder("etc"),
              file("etc/os-release", "ID=debian\n"),
              folder("app"),
              file("app/page", "x"),
              folder("usr"),
              folder("usr/bin"),
              folder("data"),
              file("data/page", "x"),
              file("server.conf", "x"),
              file(".dockerenv", ""),
              folder("etc/server"),
              file("etc/server/conf", "x"),
              folder("etc/packed"),
              file("etc/packed/a", "x"),
              file("etc/packed/own", "x"),
              folder("etc/rc2.d"),
              file("etc/rc2.d/a", "x"),
              file("usr/bin/sh", "x", 0755),
              folder("var/log"),
              test::symlink("var/log/out", "/dev/stdout"),
              test::symlink("var/log/in", "/dev/null"),
              test::symlink("dev/out", "/dev/stdout"),
              file("usr/bin/bash", "x", 0755),
              folder("var/own"),
              {.name = "run/own", .type = '5', .uid = 33},
              file("root/.config/tool.conf", "x"),
              file("root/.bashrc", "x"),
              file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n"),
              file("var/lib/dpkg/info/a.list", "/etc/packed/a\n")}),
        runs({"/usr/bin/sh"}));
    for (const char* path : {"/app/page", "/data/page", "/server.conf", "/etc/server/conf",
                             "/var/log/out", "/run/own", "/root/.config/tool.conf"}) {
        CHECK_MESSAGE(image.rules(path) == "application-file", path);
    }
    for (const char* path : {"/.dockerenv", "/etc/packed/own", "/etc/rc2.d/a", "/var/log/in",
                             "/dev/out", "/usr/bin/bash", "/var/own", "/root/.bashrc"}) {
        CHECK_FALSE_MESSAGE(image.keeps(path), path);
    }
}

TEST_CASE("usrmerge links stay where what they lead to stays") {
    const ClosureOf image(tree_of({distribution()}), runs({"/usr/bin/sh"}));
    CHECK(image.rules("/bin") == "usrmerge");
}

TEST_CASE("a script's first line is taken apart as the kernel does") {
    using Words = std::vector<std::string_view>;
    const closure::FirstLine line = closure::first_line("#! \t/bin/sh  -e\t-u\r\nexit\n");
    CHECK(line.words == Words{"/bin/sh", "-e", "-u"});
    CHECK(line.has_return);
    CHECK(line.interpreter() == "/bin/sh");
    CHECK(closure::first_line("#!sh").interpreter().empty());
    CHECK(closure::first_line("#!\n/bin/sh\n").words.empty());
    CHECK(closure::first_line(" #!/bin/sh\n").words.empty());
    CHECK_FALSE(closure::first_line("#!/bin/a\r/b\n").has_return);
}

TEST_CASE("shebangs keep their interpreter, through env too") {
    const auto members = [](std::string first_line) {
        return tree({file("run", std::move(first_line), 0755), folder("usr"), folder("usr/bin"),
                     file("usr/bin/env", "x", 0755), file("usr/bin/tool", "x", 0755),
                     file("usr/bin/other", "x", 0755)});
    };
    SUBCASE("a path") {
        const ClosureOf image(members("#! /usr/bin/tool -x\n"), runs({"/run"}));
        CHECK(image.rules("/usr/bin/tool") == "shebang");
        CHECK_FALSE(image.keeps("/usr/bin/env"));
    }
    SUBCASE("env with a name") {
        const ClosureOf image(members("#!/usr/bin/env tool\n"), runs({"/run"}));
        CHECK(image.keeps("/usr/bin/env"));
        CHECK(image.keeps("/usr/bin/tool"));
    }
    SUBCASE("env -S with variables") {
        const ClosureOf image(members("#!/usr/bin/env -S A=1 tool --flag\n"), runs({"/run"}));
        CHECK(image.keeps("/usr/bin/tool"));
    }
    SUBCASE("a carriage return is part of the name") {
        const ClosureOf path(members("#!/usr/bin/tool\r\n"), runs({"/run"}));
        CHECK(path.misses("/usr/bin/tool\r", "interpreter"));
        CHECK(path.keeps("/usr/bin/tool"));
        const ClosureOf env(members("#!/usr/bin/env tool\r\n"), runs({"/run"}));
        CHECK(env.misses("tool\r", "command"));
        CHECK(env.keeps("/usr/bin/tool"));
    }
    SUBCASE("nothing there") {
        const ClosureOf image(members("#!/usr/bin/env nothing\n"), runs({"/run"}));
        CHECK(image.misses("nothing", "command"));
    }
}

TEST_CASE("paths in the application's text are kept; comments, parts of words and lists are not") {
    const ClosureOf image(tree({file("app", "x", 0755), folder("etc"),
                                file("etc/app.conf",
                                     "include /etc/more.conf;\n# /etc/comment\npath=a/etc/word\n"
                                     "glob /etc/d/*.conf\n"),
                                file("etc/more.conf", "x"), file("etc/comment", "x"),
                                file("etc/word", "x"), folder("etc/d"), file("etc/d/1.conf", "x")}),
                          runs({"/app", "/etc/app.conf"}));
    CHECK(image.rules("/etc/more.conf") == "named-path");
    CHECK_FALSE(image.keeps("/etc/comment"));
    CHECK_FALSE(image.keeps("/etc/word"));
    CHECK(image.keeps("/etc/d/1.conf"));
}

TEST_CASE("a shared folder that is named stays without what is in it") {
    image::Config config = runs({"/app"});
    config.env = {"CONF=/etc", "DATA=/var/lib/app", "PATH=/mnt/tools"};
    const ClosureOf image(
        tree({file("app", "x", 0755), folder("etc"), file("etc/other", "x"),
              file("etc/os-release", "ID=debian\n"), folder("var"), folder("var/lib"),
              folder("var/lib/app"), file("var/lib/app/data", "x"), folder("mnt"),
              folder("mnt/tools"), file("mnt/tools/t", "x", 0755)}),
        config);
    CHECK(image.keeps("/etc"));
    CHECK_FALSE(image.keeps("/etc/other"));
    CHECK(image.keeps("/var/lib/app/data"));
    CHECK_FALSE(image.keeps("/mnt/tools/t"));
}

TEST_CASE("the locale that the environment asks for is kept by its normalized name") {
    image::Config config = runs({"/app"});
    config.env = {"LANG=en_US.UTF-8"};
    const ClosureOf image(
        tree({file("app", "x", 0755), folder("usr"), folder("usr/lib"), folder("usr/lib/locale"),
              folder("usr/lib/locale/en_US.utf8"), file("usr/lib/locale/en_US.utf8/LC_CTYPE", "x"),
              folder("usr/lib/locale/de_DE.utf8"),
              file("usr/lib/locale/de_DE.utf8/LC_CTYPE", "x")}),
        config);
    CHECK(image.rules("/usr/lib/locale/en_US.utf8/LC_CTYPE") == "locale");
    CHECK_FALSE(image.keeps("/usr/lib/locale/de_DE.utf8/LC_CTYPE"));
}

TEST_CASE("time zones stay where the image's maker added them, and the zone of TZ always") {
    const auto zones = [] {
        return tar({folder("usr/share/zoneinfo"), file("usr/share/zoneinfo/UTC", "x"),
                    file("usr/share/zoneinfo/Zulu", "x")});
    };
    image::Config config = runs({"/usr/bin/sh"});
    const ClosureOf added(tree_of({distribution(), zones()}), config);
    CHECK(added.keeps("/usr/share/zoneinfo/Zulu"));
    const ClosureOf none(tree_of({zones(), distribution()}), config);
    CHECK_FALSE(none.keeps("/usr/share/zoneinfo/Zulu"));
    config.env = {"TZ=Zulu"};
    const ClosureOf named(tree_of({zones(), distribution()}), config);
    CHECK(named.keeps("/usr/share/zoneinfo/Zulu"));
    CHECK_FALSE(named.keeps("/usr/share/zoneinfo/UTC"));
}

TEST_CASE("a Node.js package stays whole where Node.js runs and one of its modules is used") {
    const auto members = [](std::string interpreter) {
        return tree({file(std::move(interpreter), loadable({.type = 2}), 0755), folder("lib"),
                     folder("lib/p"), file("lib/p/package.json", "{}"), folder("lib/p/src"),
                     file("lib/p/src/a.js", "x"), file("lib/p/src/b.js", "x"),
                     file("lib/p/types.d.ts", "x")});
    };
    const ClosureOf image(members("node"), runs({"/node", "/lib/p/src/a.js"}));
    CHECK(image.rules("/lib/p/src/b.js") == "node-js");
    CHECK_FALSE(image.keeps("/lib/p/types.d.ts"));
    const ClosureOf in_modules(
        tree({file("node", loadable({.type = 2}), 0755), folder("node_modules/p"),
              file("node_modules/p/package.json", "{}"), file("node_modules/p/a.js", "x"),
              file("node_modules/p/a.d.ts", "x")}),
        runs({"/node", "/node_modules/p/a.js"}));
    CHECK_FALSE(in_modules.keeps("/node_modules/p/a.d.ts"));
    const ClosureOf browser(members("server"), runs({"/server", "/lib/p/src/a.js"}));
    CHECK_FALSE(browser.keeps("/lib/p/src/b.js"));
}

TEST_CASE("a program keeps its libraries, links on the way too, and tells of one that is missing") {
    const auto members = [](bool complete) {
        return tree(
            {file("app", loadable_program({.needed = {"liba.so.1"}}), 0755), folder("lib64"),
             file("lib64/ld-linux-x86-64.so.2", loadable({}), 0755), folder("usr"),
             folder("usr/lib"),
             test::symlink(complete ? "usr/lib/liba.so.1" : "usr/lib/other.so", "liba.so.1.2"),
             file("usr/lib/liba.so.1.2", loadable({.soname = "liba.so.1"}))});
    };
    const ClosureOf image(members(true), runs({"/app"}));
    CHECK(image.keeps("/usr/lib/liba.so.1"));
    CHECK(image.rules("/usr/lib/liba.so.1.2") == "link symlink");
    CHECK(image.keeps("/lib64/ld-linux-x86-64.so.2"));
    CHECK(image.closure.unresolved.empty());
    const ClosureOf broken(members(false), runs({"/app"}));
    REQUIRE(broken.misses("liba.so.1", "library"));
    CHECK(broken.closure.unresolved.front().fatal());
}

TEST_CASE("every name stays by which a library is found") {
    const ClosureOf image(
        tree({file("app", loadable_program({.needed = {"liba.so.7", "libb.so"}}), 0755),
              folder("usr"), folder("usr/lib"), test::symlink("usr/lib/liba.so.7", "liba.so.7.2"),
              test::symlink("usr/lib/liba.so.7.0", "liba.so.7.2"),
              test::symlink("usr/lib/liba.so", "liba.so.7.2"),
              file("usr/lib/liba.so.7.2", loadable({.soname = "liba.so.7"})),
              file("usr/lib/libb.so", loadable({.needed = {"liba.so.7.0"}}))}),
        runs({"/app"}));
    CHECK(image.keeps("/usr/lib/liba.so.7"));
    CHECK(image.keeps("/usr/lib/liba.so.7.0"));
    CHECK_FALSE(image.keeps("/usr/lib/liba.so"));
}

TEST_CASE("paths in a program's constant data are kept, a build record's are not") {
    const std::string data =
        "open %s\0/etc/app/app.conf\0/usr/share/app/%s.tmpl\0"
        "--with-cc=/usr/bin/cc --conf=/etc/built.conf\0/usr/bin/cc\0"s;
    const ClosureOf image(
        tree({file("app", loadable({.type = 2, .data = data}), 0755), folder("etc"),
              file("etc/os-release", "ID=debian\n"), file("etc/built.conf", "x"), folder("etc/app"),
              file("etc/app/app.conf", "x"), folder("usr"), folder("usr/share"),
              folder("usr/share/app"), file("usr/share/app/a.tmpl", "x"),
              file("usr/share/app/b.txt", "x"), folder("usr/share/other"),
              file("usr/share/other/c", "x")}),
        runs({"/app"}));
    CHECK(image.rules("/etc/app/app.conf") == "named-path");
    CHECK(image.keeps("/usr/share/app/a.tmpl"));
    CHECK_FALSE(image.keeps("/etc/built.conf"));
    CHECK_FALSE(image.keeps("/usr/share/other/c"));
}

TEST_CASE("a program completes the paths that it names with the endings that it has") {
    const auto image = [](const std::string& data) {
        return ClosureOf(tree({folder("var/data"), file("var/data/a.mgc", "x"),
                               file("run", program_with({}, "\0/var/data/a\0"s + data), 0755)}),
                         runs({"/run"}));
    };
    CHECK(image(".mgc\0"s).keeps("/var/data/a.mgc"));
    CHECK_FALSE(image(".mgcx\0"s).keeps("/var/data/a.mgc"));
}

TEST_CASE("strings without ends are read to the longest path that exists") {
    const std::string data("library/std/src/lib.rs/etc/motdno-motdlistening on ");
    const ClosureOf image(
        tree({file("app", loadable({.type = 2, .data = data}), 0755), folder("etc"),
              file("etc/os-release", "ID=debian\n"), file("etc/mot", "x"), file("etc/motd", "x")}),
        runs({"/app"}));
    CHECK(image.keeps("/etc/motd"));
    CHECK_FALSE(image.keeps("/etc/mot"));
}

TEST_CASE("a shell script keeps what it runs, sources and reads, not what it never reaches") {
    image::Config config = runs({"/run.sh"});
    config.cmd = {"tool"};
    const ClosureOf image(
        tree_of(
            {distribution(),
             tar({file("run.sh",
                       "#!/bin/sh\n. /etc/lib.sh\nhelper < /etc/input\n"
                       "never() { unused; }\nexec \"$@\"\n",
                       0755),
                  file("etc/lib.sh", "sourced_tool\n"), file("etc/input", "x"),
                  file("usr/bin/helper", "x", 0755), file("usr/bin/tool", "x", 0755),
                  file("usr/bin/sourced_tool", "x", 0755), file("usr/bin/unused", "x", 0755)})}),
        config);
    for (const char* const path : {"/etc/lib.sh", "/etc/input", "/usr/bin/helper", "/usr/bin/tool",
                                   "/usr/bin/sourced_tool", "/usr/bin/sh"}) {
        CHECK_MESSAGE(image.keeps(path), path);
    }
    CHECK_FALSE(image.keeps("/usr/bin/unused"));
}

TEST_CASE("a script without a first line is read where a shell is given it or starts it") {
    const auto keeps = [](const std::vector<std::string>& argv, const std::string& folder = "") {
        image::Config config = runs(argv);
        config.workdir = folder;
        const ClosureOf image(
            tree_of({distribution(),
                     tar({file("usr/lib/own/run", "set -e\nhelper \"$1\"\n", 0755),
                          file("usr/lib/own/plain", "# a comment\nhelper\n"),
                          file("usr/lib/own/marked.sh", "#!/bin/sh\nsh /usr/lib/own/plain\n", 0755),
                          file("usr/lib/own/nested",
                               "\n/usr/lib/own/run one\n/usr/lib/own/nested\n", 0755),
                          file("usr/lib/own/hooks/1.sh", "helper\n"),
                          file("usr/bin/helper", "#!/bin/sh\n", 0755),
                          file("usr/bin/one", "#!/bin/sh\n", 0755)})}),
            config);
        CHECK_FALSE(image.keeps("/usr/bin/one"));
        return image.keeps("/usr/bin/helper");
    };
    CHECK(keeps({"sh", "/usr/lib/own/plain"}));
    CHECK(keeps({"/bin/sh", "-e", "plain"}, "/usr/lib/own"));
    CHECK(keeps({"/bin/sh", "-o", "pipefail", "--", "/usr/lib/own/plain", "-c"}));
    CHECK(keeps({"sh", "-c", "/usr/lib/own/run"}));
    CHECK(keeps({"sh", "-c", "exec sh /usr/lib/own/plain"}));
    CHECK(keeps({"sh", "-c", "for hook in /usr/lib/own/hooks/*.sh; do sh \"$hook\"; done"}));
    CHECK(keeps({"/usr/lib/own/marked.sh"}));
    CHECK(keeps({"sh", "/usr/lib/own/nested"}));
    CHECK_FALSE(keeps({"sh", "-c", "cat /usr/lib/own/plain"}));
}

TEST_CASE("what a hook folder holds beside scripts is kept and not read as one") {
    const ClosureOf image(
        tree_of({distribution(),
                 tar({file("run.sh", "#!/bin/sh\nfor f in /hooks/*; do . \"$f\"; done\n", 0755),
                      folder("hooks"), file("hooks/seed.gz", std::string("\x1f\x8b\0`(", 5)),
                      file("hooks/first.sh", "helper\n"), file("usr/bin/helper", "x", 0755)})}),
        runs({"/run.sh"}));
    CHECK(image.keeps("/hooks/seed.gz"));
    CHECK(image.keeps("/usr/bin/helper"));
    CHECK(image.closure.diagnostics.empty());
}

TEST_CASE("the shell form of a command and of a health check is read as a script") {
    image::Config config = runs({"/bin/sh", "-c", "tool --x && other"});
    config.healthcheck = {"CMD-SHELL", "probe || exit 1"};
    const ClosureOf image(tree_of({distribution(), tar({file("usr/bin/tool", "x", 0755),
                                                        file("usr/bin/other", "x", 0755),
                                                        file("usr/bin/probe", "x", 0755)})}),
                          config);
    CHECK(image.keeps("/usr/bin/tool"));
    CHECK(image.keeps("/usr/bin/other"));
    CHECK(image.keeps("/usr/bin/probe"));
}
