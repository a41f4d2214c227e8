#include <doctest/doctest.h>

#include "support/closure.hpp"

// Commands that stand in configuration files and in tables of cron jobs, and files that these
// include.

using namespace slimimg;
using namespace test;

namespace {

std::string programs() {
    return tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                folder("usr/bin"), file("usr/bin/sh", "x", 0755), file("usr/bin/web", "x", 0755),
                file("usr/bin/php", "x", 0755), file("usr/bin/report", "x", 0755),
                file("usr/bin/cron", "x", 0755), file("usr/bin/other", "x", 0755),
                folder("etc/cron.d"), folder("var"), folder("var/spool"), folder("var/spool/cron"),
                folder("var/spool/cron/crontabs"), test::symlink("bin", "usr/bin")});
}

ClosureOf with(const std::string& name, const std::string& text,
               const std::vector<std::string>& argv = {"/usr/bin/cron"}) {
    std::vector<std::string> line = argv;
    line.push_back("/" + name);
    return {tree_of({programs(), tar({file(name, text)})}), runs(line)};
}

}  // namespace

TEST_CASE("a setting that holds a command keeps its program, whatever the form") {
    CHECK(with("etc/a.conf", "[program:web]\ncommand=web -g \"x;\" ; in front\n")
              .rules("/usr/bin/web") == "config-command");
    CHECK(with("etc/a.conf", "archive_command = 'report %p'\n").keeps("/usr/bin/report"));
    CHECK(with("etc/a.conf", "ExecStart: sh -c \"cd / && php x\"\n").keeps("/usr/bin/php"));
    CHECK(with("srv/Procfile", "web: A=1 php -S 0:80\n").keeps("/usr/bin/php"));
    CHECK(with("srv/app.ini", "attach-daemon = web\n").keeps("/usr/bin/web"));
}

TEST_CASE("a setting that holds none, a comment and a developer's file keep nothing") {
    CHECK_FALSE(with("etc/a.conf", "name = web\n").keeps("/usr/bin/web"));
    CHECK_FALSE(with("etc/a.conf", "#command = web\n; command = web\n").keeps("/usr/bin/web"));
    CHECK_FALSE(with("srv/.tool/a.conf", "command = web\n").keeps("/usr/bin/web"));
    CHECK_FALSE(with("srv/notes.txt", "command = web\n").keeps("/usr/bin/web"));
    const ClosureOf lacking = with("etc/a.conf", "command = elsewhere\n");
    CHECK(lacking.closure.unresolved.empty());
}

TEST_CASE("the table of jobs names commands behind the time, and in /etc behind the user") {
    CHECK(with("etc/crontab", "SHELL=/bin/sh\n*/5 * * * * root report > /x\n")
              .keeps("/usr/bin/report"));
    CHECK(with("srv/crontab", "@daily report\n").keeps("/usr/bin/report"));
    // Of a user's table the sixth word is the command itself.
    CHECK_FALSE(with("srv/crontab", "0 1 * * * other report\n").keeps("/usr/bin/report"));
    CHECK(with("srv/crontab", "0 1 * * * nothing\n").misses("nothing", "command"));
}

TEST_CASE("cron keeps the tables that the image's maker added, no other program does") {
    const auto image = [](const char* program) {
        return ClosureOf(
            tree_of({programs(),
                     tar({file("etc/cron.d/own", "0 1 * * * root report\n"),
                          file("var/spool/cron/crontabs/root", "0 1 * * * php x\n"),
                          file("etc/cron.d/package", "0 1 * * * root other\n"), folder("var/lib"),
                          folder("var/lib/dpkg"), folder("var/lib/dpkg/info"),
                          file("var/lib/dpkg/info/a.list", "/etc/cron.d/package\n"),
                          file("var/lib/dpkg/status",
                               "Package: a\nStatus: install ok installed\nVersion: 1\n\n")})}),
            runs({program, "-f"}));
    };
    const ClosureOf cron = image("/usr/bin/cron");
    CHECK(cron.keeps("/etc/cron.d/own"));
    CHECK(cron.keeps("/usr/bin/report"));
    CHECK(cron.keeps("/usr/bin/php"));
    CHECK_FALSE(cron.keeps("/etc/cron.d/package"));
    CHECK_FALSE(cron.keeps("/usr/bin/other"));
    CHECK_FALSE(image("/usr/bin/web").keeps("/etc/cron.d/own"));
}

TEST_CASE("what a configuration file includes stays, from its folder or one above") {
    const auto image = [](const std::string& text) {
        return ClosureOf(
            tree({folder("etc"), folder("etc/web"), folder("etc/web/sites"),
                  file("etc/web/sites/a.conf", text), folder("etc/web/snippets"),
                  file("etc/web/snippets/php.conf", "x"), folder("etc/web/sites/more.d"),
                  file("etc/web/sites/more.d/1.conf", "x"), file("etc/web/sites/more.d/2.off", "x"),
                  folder("etc/users.d"), file("etc/users.d/ann", "x"), file("run", "x", 0755)}),
            runs({"/run", "/etc/web/sites/a.conf"}));
    };
    const ClosureOf above = image("location / {\n  include snippets/php.conf;\n}\n");
    CHECK(above.rules("/etc/web/snippets/php.conf") == "config-include");
    const ClosureOf pattern = image("!include_try 'more.d/*.conf'\n");
    CHECK(pattern.keeps("/etc/web/sites/more.d/1.conf"));
    CHECK_FALSE(pattern.keeps("/etc/web/sites/more.d/2.off"));
    CHECK(image("[include]\nfiles = nothing.conf more.d/*.conf\n")
              .keeps("/etc/web/sites/more.d/1.conf"));
    CHECK(image("#includedir /etc/users.d\n").keeps("/etc/users.d/ann"));
    CHECK_FALSE(image("# include snippets/php.conf\nname snippets/php.conf\n")
                    .keeps("/etc/web/snippets/php.conf"));
}

TEST_CASE("patterns that an image names without end are searched for to a limit, which is told") {
    const std::string long_name(80, 'n');
    std::vector<Member> members{folder("etc"), folder("etc/d"), file("run", "x", 0755),
                                file("etc/d/first", "x"), file("etc/d/last", "x")};
    for (int i = 0; i < 200; ++i) {
        members.push_back(file("etc/d/" + long_name + std::to_string(i), "x"));
    }
    std::string text = "include d/fir*\n";
    for (int i = 0; i < 300; ++i) {
        text += "include d/[z]" + std::string(3000, 'z') + "\n";
    }
    text += "include d/las*\n";
    members.push_back(file("etc/a.conf", text));
    const ClosureOf image(tree_of({tar(members)}), runs({"/run", "/etc/a.conf"}));
    CHECK(image.keeps("/etc/d/first"));
    CHECK_FALSE(image.keeps("/etc/d/last"));
    const auto& told = image.closure.diagnostics;
    CHECK(std::count_if(told.begin(), told.end(), [](const Diagnostic& diagnostic) {
              return diagnostic.code == "search-limit" && diagnostic.path == "/etc/a.conf";
          }) == 1);
}

TEST_CASE("a line that includes what is nowhere costs what its path is long, to a limit") {
    std::string folders;
    std::vector<Member> members{file("run", "x", 0755)};
    for (int depth = 0; depth < 45; ++depth) {
        folders += (depth == 0 ? "d" : "/d");
        members.push_back(folder(folders));
    }
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += "include y\n";
    }
    members.push_back(file(folders + "/a.conf", text));
    const ClosureOf image(tree_of({tar(members)}), runs({"/run", "/" + folders + "/a.conf"}));
    CHECK(image.keeps("/" + folders + "/a.conf"));
    CHECK(image.closure.diagnostics.size() == 1);
    CHECK(image.closure.diagnostics.front().code == "search-limit");
}

TEST_CASE("commands in an application's JSON") {
    const auto image = [](const std::string& name, const std::string& text) {
        return ClosureOf(tree_of({programs(), tar({folder("app"), file("app/" + name, text)})}),
                         runs({"/usr/bin/web", "/app"}));
    };
    const std::string text = R"([{"id": "a", "command": "report -x | php"}, {"b": "other"}])";
    const ClosureOf flows = image("flows.json", text);
    CHECK(flows.rules("/usr/bin/report") == "config-command");
    CHECK(flows.keeps("/usr/bin/php"));
    CHECK_FALSE(flows.keeps("/usr/bin/other"));
    CHECK_FALSE(image("package.json", text).keeps("/usr/bin/report"));
    CHECK_FALSE(image("flows.txt", text).keeps("/usr/bin/report"));
}

TEST_CASE("services of s6: execline scripts, oneshots, shell scripts behind with-contenv") {
    const auto image = [](const std::string& text, const std::string& type = "longrun\n") {
        return ClosureOf(
            tree_of({programs(),
                     tar({folder("command"), file("command/execlineb", "x", 0755),
                          file("command/with-contenv", "x", 0755),
                          file("command/foreground", "x", 0755), folder("s"), file("s/type", type),
                          file("s/up", text, 0755), file("init", "", 0755)})}),
            runs({"/init", "/s/up"}));
    };
    const ClosureOf script =
        image("#!/command/execlineb -P\nforeground { report -x } # other\n\"web\" ${php}\n");
    CHECK(script.rules("/command/foreground") == "execline");
    CHECK(script.keeps("/usr/bin/report"));
    CHECK(script.keeps("/usr/bin/web"));
    CHECK_FALSE(script.keeps("/usr/bin/other"));
    CHECK_FALSE(script.keeps("/usr/bin/php"));
    CHECK(image("report\n", "oneshot\n").keeps("/usr/bin/report"));
    CHECK_FALSE(image("report\n").keeps("/usr/bin/report"));
    const ClosureOf shell = image("#!/command/with-contenv sh\nexec report\n");
    CHECK(shell.keeps("/command/with-contenv"));
    CHECK(shell.keeps("/usr/bin/report"));
}
