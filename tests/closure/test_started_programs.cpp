#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/installed.hpp"
#include "support/program.hpp"

// Programs that other programs, the config and scripts start, and what those read.

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// Programs in /usr/bin of a distribution, and `more`.
rootfs::Rootfs with_programs(const std::vector<std::string>& names,
                             const std::vector<Member>& more = {}) {
    std::vector<Member> members{folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                                folder("usr/bin")};
    for (const std::string& name : names) {
        members.push_back(file("usr/bin/" + name, program_with({}, name), 0755));
    }
    return tree_of({tar(members), tar(more)});
}

}  // namespace

TEST_CASE("what the config's program is told to run stays, wherever it stands") {
    using Argv = std::vector<std::string>;
    for (const Argv& argv :
         {Argv{"gosu", "nobody", "app"}, Argv{"init", "-g", "-e", "143", "--", "dumb", "-c", "app"},
          Argv{"timeout", "-k", "5", "-s", "INT", "5", "app"}, Argv{"su", "nobody", "-c", "app -x"},
          Argv{"find", "/srv", "-exec", "app", "{}", ";"}, Argv{"poetry", "run", "app"}}) {
        CAPTURE(argv.front());
        const ClosureOf image(with_programs({"gosu", "init", "dumb", "timeout", "su", "find",
                                             "poetry", "app", "other"}),
                              runs(argv));
        CHECK(image.keeps("/usr/bin/app"));
        CHECK_FALSE(image.keeps("/usr/bin/other"));
    }
    image::Config checked = runs({"/usr/bin/other"});
    checked.healthcheck = {"CMD", "timeout", "5", "app"};
    CHECK(ClosureOf(with_programs({"timeout", "app", "other"}), checked).keeps("/usr/bin/app"));
    CHECK(ClosureOf(with_programs({"timeout"}), runs({"timeout", "5", "gone"}))
              .misses("gone", "command"));
}

TEST_CASE(
    "a program of a package that the starter's own one asks for is found by the end of a text") {
    const auto image = [](const std::string& relations, const std::string& data,
                          const char* symbol = "execvp") {
        return ClosureOf(
            tree_of(installed(tar({folder("usr"), folder("usr/bin"),
                                   file("usr/bin/sync", program_with({symbol}, data), 0755),
                                   file("usr/bin/shell", program_with({}, "x"), 0755),
                                   file("usr/bin/less", program_with({}, "x"), 0755)}),
                              {{"client", "libc\nProvides: shell-client", "/usr/bin/shell\n"},
                               {"pager", "", "/usr/bin/less\n"},
                               {"sync", relations, "/usr/bin/sync\n"}})),
            runs({"/usr/bin/sync"}));
    };
    const std::string data = "\0sync+shell\0less\0"s;
    CHECK(image("client", data).rules("/usr/bin/shell") == "child-program");
    CHECK(image("libc\nRecommends: a | shell-client, pager", data).keeps("/usr/bin/shell"));
    CHECK(image("libc\nSuggests: client", data).keeps("/usr/bin/shell"));
    CHECK_FALSE(image("libc", data).keeps("/usr/bin/shell"));
    CHECK_FALSE(image("client", "\0shells\0"s).keeps("/usr/bin/shell"));
    CHECK_FALSE(image("client", "\0seashell\0"s).keeps("/usr/bin/shell"));
    CHECK_FALSE(image("client", data, "puts").keeps("/usr/bin/shell"));
    // A pager is for somebody at a terminal.
    CHECK_FALSE(image("pager", data).keeps("/usr/bin/less"));
}

TEST_CASE("a program of the application's own has the names of what it starts as literals") {
    const auto image = [](const std::string& data, const char* symbol = "execvp",
                          const std::string& name = "app") {
        return ClosureOf(
            tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                          folder("usr/bin"), file("usr/bin/base", program_with({}, "x"), 0755),
                          file("usr/bin/tar", program_with({}, "x"), 0755)}),
                     tar({file("usr/bin/video", program_with({}, "x"), 0755),
                          file("usr/bin/ld", program_with({}, "x"), 0755),
                          file(name, program_with({symbol}, data), 0755)})}),
            runs({"/" + name}));
    };
    const std::string data = "\0video\0base\0tar\0ld\0"s;
    CHECK(image(data).rules("/usr/bin/video") == "named-program");
    CHECK(image(data).keeps("/usr/bin/tar"));
    CHECK_FALSE(image(data).keeps("/usr/bin/base"));
    CHECK_FALSE(image(data).keeps("/usr/bin/ld"));
    CHECK_FALSE(image("\0videos\0"s).keeps("/usr/bin/video"));
    CHECK_FALSE(image(data, "puts").keeps("/usr/bin/video"));
    CHECK_FALSE(image(data, "execvp", "python3.11").keeps("/usr/bin/video"));
    // Go programs import nothing; the names of their functions stand in a table.
    const std::string go = "\xff Go buildinf:\0"s;
    CHECK(image(go + data + "os/exec.(*Cmd).Start\0"s, "puts").keeps("/usr/bin/video"));
    CHECK_FALSE(image(go + data, "execvp").keeps("/usr/bin/video"));
}

TEST_CASE("a package's program has those that were installed by name beside it") {
    const auto image = [](const std::string& automatic) {
        auto layers =
            installed(tar({folder("usr"), folder("usr/bin"),
                           file("usr/bin/backup", program_with({"execvp"}, "\0cloud\0"s), 0755),
                           file("usr/bin/cloud", program_with({}, "x"), 0755), folder("var"),
                           folder("var/lib"), folder("var/lib/apt"),
                           file("var/lib/apt/extended_states", automatic)}),
                      {{"backup", "", "/usr/bin/backup\n"}, {"cloud", "", "/usr/bin/cloud\n"}});
        layers.insert(layers.begin(), tar({folder("etc"), file("etc/os-release", "ID=debian\n")}));
        return ClosureOf(tree_of(layers), runs({"/usr/bin/backup"}));
    };
    CHECK(image("").rules("/usr/bin/cloud") == "named-program");
    CHECK_FALSE(image("Package: cloud\nArchitecture: amd64\nAuto-Installed: 1\n\n")
                    .keeps("/usr/bin/cloud"));
}

TEST_CASE("siblings are named behind a folder too, and started by a library of the same package") {
    const auto image = [](const std::string& data, std::vector<std::string> imports,
                          const std::string& source) {
        const std::string starter =
            test::elf({.interpreter = "/lib64/ld.so",
                       .needed = {"libown.so"},
                       .symbols = {{.name = imports.front(), .defined = false}},
                       .sections = {{.name = ".rodata", .content = data}}});
        return ClosureOf(
            tree_of(installed(
                tar({folder("lib64"), file("lib64/ld.so", test::elf({.soname = "ld.so"}), 0755),
                     folder("usr"), folder("usr/bin"), file("usr/bin/mail", starter, 0755),
                     file("usr/bin/drop", program_with({}, "x"), 0755), folder("usr/lib"),
                     file("usr/lib/libown.so", object_with({.soname = "libown.so"}, {"execv"}))}),
                {{"mail", "libc\nSource: post", "/usr/bin/mail\n/usr/bin/drop\n"},
                 {"libown", "libc\nSource: " + source, "/usr/lib/libown.so\n"}})),
            runs({"/usr/bin/mail"}));
    };
    CHECK(image("\0/agent/drop\0"s, {"execv"}, "other").keeps("/usr/bin/drop"));
    CHECK(image("\0%s/drop -r\0"s, {"puts"}, "post").keeps("/usr/bin/drop"));
    CHECK_FALSE(image("\0%s/drop -r\0"s, {"puts"}, "other").keeps("/usr/bin/drop"));
    CHECK_FALSE(image("\0/agent/dropped\0"s, {"execv"}, "post").keeps("/usr/bin/drop"));
    CHECK_FALSE(image("\0/proc/self/drop\0"s, {"execv"}, "post").keeps("/usr/bin/drop"));
}

TEST_CASE("tar has its compressors, and xargs the program that it runs unasked") {
    const auto tools = [](const char* program) {
        return ClosureOf(
            with_programs({"gzip", "xz", "echo"}, {file("usr/bin/" + std::string(program),
                                                        program_with({"execlp"}, "x"), 0755)}),
            runs({"/usr/bin/" + std::string(program)}));
    };
    CHECK(tools("tar").keeps("/usr/bin/gzip"));
    CHECK(tools("tar").keeps("/usr/bin/xz"));
    CHECK_FALSE(tools("tar").keeps("/usr/bin/echo"));
    CHECK(tools("xargs").keeps("/usr/bin/echo"));
    CHECK_FALSE(tools("other").keeps("/usr/bin/gzip"));
}

TEST_CASE("pg_wrapper starts the program that it is called as") {
    const ClosureOf image(
        with_programs({}, {file("usr/share/wrap/pg_wrapper", "#!/usr/bin/perl\n", 0755),
                           test::symlink("usr/bin/psql", "../share/wrap/pg_wrapper"),
                           file("usr/lib/postgresql/15/bin/psql", program_with({}, "x"), 0755),
                           file("usr/lib/postgresql/15/bin/pg_dump", program_with({}, "x"), 0755)}),
        runs({"psql"}));
    CHECK(image.rules("/usr/lib/postgresql/15/bin/psql") == "postgresql-client");
    CHECK_FALSE(image.keeps("/usr/lib/postgresql/15/bin/pg_dump"));
}

TEST_CASE("a program of which a script knows only the end is looked for in PATH and its package") {
    const ClosureOf image(
        tree_of(installed(
            tar({folder("bin"), file("bin/sh", program_with({}, "x"), 0755),
                 file("bin/super", program_with({}, "x"), 0755), folder("usr"), folder("usr/lib"),
                 file("usr/lib/mail/run", "#!/bin/sh\n$folder/super || exit\n$folder/own\n", 0755),
                 file("usr/lib/mail/own", program_with({}, "x"), 0755)}),
            {{"mail", "", "/usr/lib/mail/run\n/usr/lib/mail/own\n"}})),
        runs({"/usr/lib/mail/run"}));
    CHECK(image.keeps("/bin/super"));
    CHECK(image.keeps("/usr/lib/mail/own"));
}

TEST_CASE("an application's script without a first line is read for its name") {
    const auto image = [](const std::string& name) {
        return ClosureOf(
            with_programs({"sh", "nl"},
                          {folder("app"), file("app/run", "#!/usr/bin/sh\nls | sh -s\n", 0755),
                           file("app/" + name, "nl /etc/passwd\n")}),
            runs({"/app/run"}));
    };
    CHECK(image("step.sh").keeps("/usr/bin/nl"));
    CHECK_FALSE(image("notes.txt").keeps("/usr/bin/nl"));
}

TEST_CASE("a script that changes its folder reads and runs what is there") {
    const auto image = [](const std::string& lines) {
        return ClosureOf(
            with_programs({"sh", "nl"}, {folder("app"), file("app/part", "nl /etc/passwd\n"),
                                         file("app/tool", program_with({}, "x"), 0755),
                                         file("run", "#!/usr/bin/sh\n" + lines + "\n", 0755)}),
            runs({"/run"}));
    };
    CHECK(image("cd /app; . ./part").keeps("/usr/bin/nl"));
    CHECK(image("cd app && sh part").keeps("/usr/bin/nl"));
    CHECK_FALSE(image("cd /srv; . ./part").keeps("/usr/bin/nl"));
    CHECK(image("cd /app; ./tool").rules("/app/tool").find("shell-script") != std::string::npos);
}

TEST_CASE("commands of awk programs are a shell's") {
    const auto keeps = [](const std::string& program) {
        return ClosureOf(
                   with_programs({"sh", "awk", "nl"},
                                 {file("run", "#!/usr/bin/sh\nawk '" + program + "' /x\n", 0755)}),
                   runs({"/run"}))
            .keeps("/usr/bin/nl");
    };
    CHECK(keeps("{ system(\"nl \" $1) }"));
    CHECK(keeps("{ print $1 | \"exec nl -b a\" }"));
    CHECK(keeps("BEGIN { \"nl\" | getline x; print \"\\\"\" }"));
    CHECK_FALSE(keeps("{ print \"nl\" }"));
    CHECK_FALSE(keeps("$1 == \"a\" || \"nl\" == $2 { exit }"));
    CHECK_FALSE(keeps("{ print \"nl"));
}

TEST_CASE("commands that options hold are run") {
    const auto keeps = [](const std::string& command) {
        return ClosureOf(with_programs({"sh", "split", "sort", "tar", "mkfs", "mkfs.nl", "nl"},
                                       {file("run", "#!/usr/bin/sh\n" + command + "\n", 0755)}),
                         runs({"/run"}))
            .keeps(command.starts_with("mkfs") ? "/usr/bin/mkfs.nl" : "/usr/bin/nl");
    };
    CHECK(keeps("tar -I nl -cf /y /x"));
    CHECK(keeps("mkfs -t nl /dev/sda"));
    CHECK_FALSE(keeps("mkfs nl /dev/sda"));
    CHECK(keeps("split --filter='cat | nl > $FILE' /x"));
    CHECK(keeps("sort --compress-program=nl /x"));
    CHECK_FALSE(keeps("split --prefix=nl /x"));
}

TEST_CASE("a script that a script writes is read") {
    const auto keeps = [](const std::string& text) {
        return ClosureOf(
                   with_programs(
                       {"sh", "cat", "nl"},
                       {file("run", "#!/usr/bin/sh\ncat > /tmp/x <<'E'\n" + text + "\nE\n/tmp/x\n",
                             0755)}),
                   runs({"/run"}))
            .keeps("/usr/bin/nl");
    };
    CHECK(keeps("#!/bin/sh\nnl /etc/passwd"));
    CHECK(keeps("#!/usr/bin/env bash\nnl /etc/passwd"));
    CHECK_FALSE(keeps("nl /etc/passwd"));
    CHECK_FALSE(keeps("#!/usr/bin/python3\nnl /etc/passwd"));
}

TEST_CASE("login shells read the profiles") {
    const auto image = [](const std::vector<std::string>& argv) {
        return ClosureOf(
            with_programs({"bash", "su", "id", "app"},
                          {file("etc/profile", "for f in /etc/profile.d/*.sh; do . $f; done\n"),
                           folder("etc/profile.d"), file("etc/profile.d/paths.sh", "id -u\n"),
                           folder("root"), file("root/.profile", "x=1\n")}),
            runs(argv));
    };
    for (const std::vector<std::string>& argv : {std::vector<std::string>{"bash", "-lc", "app"},
                                                 {"bash", "--login", "-c", "app"},
                                                 {"su", "-", "nobody", "-c", "app"},
                                                 {"bash", "-c", "exec bash -l -c app"}}) {
        CAPTURE(argv[1]);
        const ClosureOf login = image(argv);
        CHECK(login.keeps("/etc/profile"));
        CHECK(login.keeps("/etc/profile.d/paths.sh"));
        CHECK(login.keeps("/usr/bin/id"));
        CHECK(login.keeps("/root/.profile"));
        CHECK(login.keeps("/usr/bin/app"));
    }
    CHECK_FALSE(image({"bash", "-ec", "app"}).keeps("/etc/profile"));
}

TEST_CASE("a profile that stays anyway is read where a script starts a login shell") {
    const auto keeps = [](const std::string& line) {
        return ClosureOf(with_programs({"bash", "id"},
                                       {file("etc/profile", "id -u\n"),
                                        file("run", "#!/usr/bin/bash\n" + line + "\n", 0755)}),
                         runs({"/run"}))
            .keeps("/usr/bin/id");
    };
    CHECK(keeps("bash -o pipefail -lc true"));
    CHECK_FALSE(keeps("bash -o pipefail -c true"));
}

TEST_CASE("a zone that a script sets stays") {
    const auto keeps = [](const std::string& line) {
        return ClosureOf(tree({file("etc/os-release", "ID=debian\n"), file("usr/bin/sh", "x", 0755),
                               file("usr/share/zoneinfo/Asia/Tokyo", "x"),
                               file("run", "#!/usr/bin/sh\n" + line + "\n", 0755)}),
                         runs({"/run"}))
            .keeps("/usr/share/zoneinfo/Asia/Tokyo");
    };
    CHECK(keeps("export TZ=Asia/Tokyo"));
    CHECK(keeps("TZ=\"${TZ:-Asia/Tokyo}\""));
    CHECK(keeps("date -d 'TZ=\"Asia/Tokyo\" 10:00'"));
    CHECK(keeps("$ENV{TZ} = 'Asia/Tokyo';"));
    CHECK_FALSE(keeps("TZX=Asia/Tokyo"));
    CHECK_FALSE(keeps("echo Asia/Tokyo"));
}

TEST_CASE("a folder of plug-ins stays, of however many packages they are") {
    const auto image = [](const std::string& last) {
        const std::string plugins = "usr/lib/app/2022/";
        return ClosureOf(
            tree_of(installed(
                tar({folder("usr"), folder("usr/bin"),
                     file("usr/bin/app", program_with({"dlopen"}, "\0/usr/lib/app/2022\0"s), 0755),
                     folder("usr/lib"), folder("usr/lib/app"), folder(plugins),
                     file(plugins + "a.so", "x"), file(plugins + "b.so", "x"),
                     file(plugins + "c.so", "x"), file(plugins + last, "x")}),
                {{"a", "", "/" + plugins + "a.so\n"},
                 {"b", "", "/" + plugins + "b.so\n"},
                 {"c", "", "/" + plugins + "c.so\n"},
                 {"d", "", "/" + plugins + last + "\n"}})),
            runs({"/usr/bin/app"}));
    };
    CHECK(image("d.so").keeps("/usr/lib/app/2022/a.so"));
    CHECK_FALSE(image("manual.txt").keeps("/usr/lib/app/2022/a.so"));
}

TEST_CASE("plug-ins are found by a link among the settings of many packages") {
    const std::string conf = "usr/share/web/available/";
    const ClosureOf image(
        tree_of(installed(
            tar({folder("usr"), folder("usr/bin"),
                 file("usr/bin/web", program_with({"dlopen"}, "\0/usr/share/web\0"s), 0755),
                 folder("usr/lib"), folder("usr/lib/web"), file("usr/lib/web/a.so", "x"),
                 folder("usr/share"), folder("usr/share/web"), folder(conf),
                 file(conf + "a.conf", "x"), file(conf + "b.conf", "x"), file(conf + "c.conf", "x"),
                 file(conf + "d.conf", "x"),
                 test::symlink("usr/share/web/modules", "../../lib/web")}),
            {{"a", "", "/" + conf + "a.conf\n/usr/lib/web/a.so\n"},
             {"b", "", "/" + conf + "b.conf\n"},
             {"c", "", "/" + conf + "c.conf\n"},
             {"d", "", "/" + conf + "d.conf\n"}})),
        runs({"/usr/bin/web"}));
    CHECK(image.keeps("/usr/lib/web/a.so"));
    CHECK(image.keeps("/usr/share/web/modules"));
    CHECK_FALSE(image.keeps("/" + conf + "a.conf"));
}

TEST_CASE("the folder stays that a file is made in") {
    const auto image = [](const std::string& data) {
        return ClosureOf(
            tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("var"),
                          folder("var/spool"), folder("var/spool/own"), folder("usr"),
                          folder("usr/share"), folder("usr/share/own")}),
                     tar({file("app", program_with({}, data), 0755)})}),
            runs({"/app"}));
    };
    CHECK(image("\0/var/spool/own/queue\0"s).keeps("/var/spool/own"));
    CHECK_FALSE(image("\0/var/other/queue\0"s).keeps("/var/spool/own"));
    CHECK_FALSE(image("\0/usr/share/own/gone\0"s).keeps("/usr/share/own"));
}

TEST_CASE("what the recipes of make's targets run stays") {
    std::string twentyfold = "V7 =\n";  // nothing, after a billion references
    for (int i = 0; i < 7; ++i) {
        twentyfold += "V" + std::to_string(i) + " =";
        for (int j = 0; j < 20; ++j) {
            twentyfold += "$(V" + std::to_string(i + 1) + ")";
        }
        twentyfold += "\n";
    }
    const std::string makefile =
        "TOOL ?= first\nOTHER = $(NAME) --flag\nNAME := second\nEXTRA = a\nEXTRA += b\n"
        ".PHONY: all\nall: build\n\techo nothing\n"
        "run: prepare | later # sixth\n\t@$(TOOL) x; \\\n\t  $(OTHER)\n\t$(MAKE) inner\n"
        "prepare: ; third $@ '$(shell fourth -v)' $(patsubst %.a,%.b,x)\n"
        "inner:\n\t-+fifth \"$$HOME\" ${computed}\nunused:\n\tsixth\n"
        "A = $(A) $(A)\nloop: loop\n\t$(A)\n\t$(MAKE) loop\n" +
        twentyfold + "last: ; $(V0) own\n";
    const auto image = [&](const std::vector<std::string>& argv, std::string workdir = "/app") {
        image::Config config = runs(argv);
        config.workdir = std::move(workdir);
        return ClosureOf(with_programs({"make", "sh", "bash", "first", "second", "third", "fourth",
                                        "fifth", "sixth", "own"},
                                       {file("app/Makefile", makefile),
                                        file("app/other.mk", "SHELL = /usr/bin/bash\nx:\n\town\n"),
                                        test::symlink("bin", "usr/bin")}),
                         config);
    };
    const ClosureOf run = image({"make", "run"});
    for (const char* name : {"first", "second", "third", "fourth", "fifth", "sh"}) {
        CHECK_MESSAGE(run.keeps("/usr/bin/"s + name), name);
    }
    CHECK_FALSE(run.keeps("/usr/bin/sixth"));
    CHECK_FALSE(run.keeps("/usr/bin/own"));
    CHECK(image({"sh", "-c", "exec make -C /app TOOL=sixth run"}, "/").keeps("/usr/bin/sixth"));
    CHECK_FALSE(image({"make"}).keeps("/usr/bin/first"));
    const ClosureOf other = image({"make", "--file=other.mk"});
    CHECK(other.keeps("/usr/bin/own"));
    CHECK(other.keeps("/usr/bin/bash"));
    CHECK_FALSE(image({"make", "loop"}).keeps("/usr/bin/first"));
    CHECK_FALSE(image({"make", "last"}).keeps("/usr/bin/first"));
}

TEST_CASE("a script reads what is beside it, though where it is depends on a run") {
    const std::string script = "#!/bin/sh\nwhere=`echo $0 | sed 's,/.*,,'`\n. $where/utils.sh\n";
    const ClosureOf image(
        tree_of(installed(
            tar({folder("bin"), file("bin/sh", program_with({}, "x"), 0755),
                 file("bin/tool", program_with({}, "x"), 0755), folder("usr"), folder("usr/lib"),
                 folder("usr/lib/checks"), file("usr/lib/checks/utils.sh", "tool\n"),
                 file("usr/lib/checks/one", script, 0755)}),
            {{"checks", "", "/usr/lib/checks/utils.sh\n/usr/lib/checks/one\n"}})),
        runs({"/usr/lib/checks/one"}));
    CHECK(image.rules("/usr/lib/checks/utils.sh") == "shell-script");
    CHECK(image.keeps("/bin/tool"));
}

TEST_CASE("a tool that was installed on top stays where a script asks whether it is there") {
    const auto image = [](const std::string& script, bool on_top) {
        std::vector<Member> base{folder("etc"), file("etc/os-release", "ID=debian\n"),
                                 folder("usr"), folder("usr/bin"),
                                 file("usr/bin/sh", program_with({}, "x"), 0755)};
        std::vector<Member> top{folder("app"), file("app/run", script, 0755)};
        (on_top ? top : base).push_back(file("usr/bin/jq", program_with({}, "x"), 0755));
        return ClosureOf(tree_of({tar(base), tar(top)}), runs({"/app/run"}));
    };
    for (const char* line : {"command -v jq >/dev/null || exit 1", "which jq || exit 1",
                             "[ -x \"$(command -v jq)\" ] || exit 1",
                             "for t in jq; do command -v $t || exit 1; done"}) {
        INFO(line);
        const std::string script = "#!/usr/bin/sh\n" + std::string(line) + "\n";
        CHECK(image(script, true).rules("/usr/bin/jq") == "shell-script");
        CHECK_FALSE(image(script, false).keeps("/usr/bin/jq"));
    }
}
