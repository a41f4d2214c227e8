#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/installed.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"

// What applications of every kind were found to need: tests/apps runs them.

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// The first layer of an image, which the rules take for a distribution's.
std::string distribution() {
    return tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                folder("usr/bin"), file("usr/bin/sh", "x", 0755), folder("run"), folder("var"),
                folder("var/cache")});
}

}  // namespace

TEST_CASE("folders for sockets and caches that a build step makes stay, files in them do not") {
    const ClosureOf image(
        tree_of({distribution(),
                 tar({folder("run/web"), file("run/web/pid", "1"), folder("var/cache/web"),
                      file("var/cache/web/1", "x"), folder("tmp"), folder("tmp/build")})}),
        runs({"/usr/bin/sh"}));
    CHECK(image.keeps("/run/web"));
    CHECK_FALSE(image.keeps("/run/web/pid"));
    CHECK(image.keeps("/var/cache/web"));
    CHECK_FALSE(image.keeps("/var/cache/web/1"));
    CHECK_FALSE(image.keeps("/tmp/build"));
}

TEST_CASE("links of update-alternatives are no preparation of a build step, other links are") {
    const ClosureOf image(
        tree_of({distribution(),
                 tar({folder("etc/alternatives"),
                      test::symlink("etc/alternatives/tool", "/usr/bin/tool.basic"),
                      file("usr/bin/tool.basic", "x", 0755),
                      test::symlink("usr/bin/tool", "/etc/alternatives/tool"),
                      file("usr/bin/other", "x", 0755), test::symlink("other", "usr/bin/other")})}),
        runs({"/usr/bin/sh"}));
    CHECK_FALSE(image.keeps("/usr/bin/tool.basic"));
    CHECK(image.keeps("/usr/bin/other"));
}

TEST_CASE("a package's pattern for scripts does not need their interpreter, a user's text does") {
    const auto image = [](const char* owned) {
        return ClosureOf(
            tree_of(installed(
                tar({folder("etc"), file("etc/magic", "0 string #!\\ /usr/bin/tool tool script\n"),
                     folder("usr"), folder("usr/bin"), file("usr/bin/tool", "x", 0755),
                     file("run", "#!/etc/magic\n", 0755)}),
                {{"a", "", owned}})),
            runs({"/run"}));
    };
    CHECK_FALSE(image("/etc/magic\n").keeps("/usr/bin/tool"));
    CHECK(image("/etc/other\n").keeps("/usr/bin/tool"));
}

TEST_CASE("translations inside an application's folder stay, those of the system go") {
    const ClosureOf image(
        tree({folder("app"), folder("app/locale"), folder("app/locale/de"),
              folder("app/locale/de/LC_MESSAGES"), file("app/locale/de/LC_MESSAGES/app.mo", "x"),
              folder("app/share"), folder("app/share/locale"), folder("app/share/locale/de"),
              folder("app/share/locale/de/LC_MESSAGES"),
              file("app/share/locale/de/LC_MESSAGES/tool.mo", "x"), file("run", "x", 0755)}),
        runs({"/run", "/app"}));
    CHECK(image.keeps("/app/locale/de/LC_MESSAGES/app.mo"));
    CHECK_FALSE(image.keeps("/app/share/locale/de/LC_MESSAGES/tool.mo"));
}

TEST_CASE("a Java archive of a package keeps the archives of the packages that it depends on") {
    const ClosureOf image(
        tree_of(installed(
            tar({folder("usr"), folder("usr/share"), folder("usr/share/java"),
                 file("usr/share/java/a.jar", "x"), file("usr/share/java/b-1.jar", "x"),
                 test::symlink("usr/share/java/b.jar", "b-1.jar"),
                 file("usr/share/java/c.jar", "x"), file("usr/share/java/d.jar", "x"),
                 file("run", "x", 0755)}),
            {{"liba-java", "libb-java", "/usr/share/java/a.jar\n"},
             {"libb-java", "libc-java", "/usr/share/java/b-1.jar\n/usr/share/java/b.jar\n"},
             {"libc-java", "", "/usr/share/java/c.jar\n"},
             {"libd-java", "", "/usr/share/java/d.jar\n"}})),
        runs({"/run", "/usr/share/java/a.jar"}));
    CHECK(image.rules("/usr/share/java/b.jar") == "java");
    CHECK(image.keeps("/usr/share/java/b-1.jar"));
    CHECK(image.keeps("/usr/share/java/c.jar"));
    CHECK_FALSE(image.keeps("/usr/share/java/d.jar"));
}

TEST_CASE("a program that logs users in keeps its PAM services, their modules and the shells") {
    const auto image = [](const std::vector<std::string>& imports) {
        ElfSpec helped;
        helped.soname = "pam_unix.so";
        helped.sections.push_back({.name = ".rodata", .content = std::string("/bin/helper\0", 12)});
        return ClosureOf(
            tree(
                {folder("bin"),
                 file("bin/login", program_with(imports, std::string("\0remote\0", 8)), 0755),
                 file("bin/helper", program_with({}, "x"), 0755),
                 file("bin/bash", "x", 0755),
                 file("bin/fish", "x", 0755),
                 folder("etc"),
                 file("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"),
                 folder("etc/pam.d"),
                 file("etc/pam.d/login", "# text\n@include common-auth\nsession substack deeper\n"),
                 file("etc/pam.d/remote", "auth required pam_deny.so\n"),
                 file("etc/pam.d/common-auth",
                      "auth [success=1 default=ignore] pam_unix.so nullok\n"),
                 file("etc/pam.d/deeper", "-session optional pam_extra.so\n"),
                 file("etc/pam.d/other", ""),
                 file("etc/pam.d/unrelated", ""),
                 folder("lib"),
                 file("lib/libpam.so.0", test::elf({.soname = "libpam.so.0"})),
                 folder("lib/security"),
                 file("lib/security/pam_unix.so", test::elf(helped)),
                 file("lib/security/pam_deny.so", test::elf({.soname = "pam_deny.so"})),
                 file("lib/security/pam_extra.so", test::elf({.soname = "pam_extra.so"})),
                 file("lib/security/pam_other.so", test::elf({.soname = "pam_other.so"}))}),
            runs({"/bin/login", "/lib/libpam.so.0"}));
    };
    const ClosureOf logs_in = image({"pam_start", "execve"});
    for (const char* path :
         {"/etc/pam.d/login", "/etc/pam.d/remote", "/etc/pam.d/common-auth", "/etc/pam.d/deeper",
          "/etc/pam.d/other", "/lib/security/pam_unix.so", "/lib/security/pam_deny.so",
          "/lib/security/pam_extra.so", "/bin/helper", "/bin/bash"}) {
        CAPTURE(path);
        CHECK(logs_in.rules(path) == "pam");
    }
    CHECK_FALSE(logs_in.keeps("/etc/pam.d/unrelated"));
    CHECK_FALSE(logs_in.keeps("/lib/security/pam_other.so"));
    CHECK_FALSE(logs_in.keeps("/bin/fish"));
    const ClosureOf asks = image({"pam_start"});
    CHECK(asks.keeps("/lib/security/pam_unix.so"));
    CHECK_FALSE(asks.keeps("/bin/bash"));
    CHECK_FALSE(image({"execve"}).keeps("/etc/pam.d/login"));
}

TEST_CASE("libtool's archives stay beside plugins, not beside libraries") {
    const ClosureOf image(tree({folder("usr"), folder("usr/lib"), file("usr/lib/liba.la", "x"),
                                folder("usr/lib/ldap"), file("usr/lib/ldap/back_mdb.la", "x"),
                                file("usr/lib/ldap/back_mdb.a", "x"),
                                file("run", "read /usr/lib/ldap /usr/lib/liba.la\n", 0755)}),
                          runs({"/run"}));
    CHECK(image.keeps("/usr/lib/ldap/back_mdb.la"));
    CHECK_FALSE(image.keeps("/usr/lib/ldap/back_mdb.a"));
    CHECK_FALSE(image.keeps("/usr/lib/liba.la"));
}

TEST_CASE("Lua's modules stay, in the folders that the interpreter has compiled in") {
    const ClosureOf image(
        tree({folder("usr"), folder("usr/share"), folder("usr/share/lua"),
              folder("usr/share/lua/5.4"), file("usr/share/lua/5.4/socket.lua", "x"),
              folder("usr/lib"), folder("usr/lib/lua"), folder("usr/lib/lua/5.4"),
              folder("usr/lib/lua/5.4/socket"), file("usr/lib/lua/5.4/socket/core.so", "x"),
              folder("usr/lib/other"), file("usr/lib/other/file", "x"),
              file("lua",
                   program_with({}, std::string("\0/usr/share/lua/5.4/?.lua;./?.lua\0"
                                                "/usr/lib/lua/5.4/?.so\0/?.so\0",
                                                62)),
                   0755)}),
        runs({"/lua"}));
    CHECK(image.keeps("/usr/share/lua/5.4/socket.lua"));
    CHECK(image.keeps("/usr/lib/lua/5.4/socket/core.so"));
    CHECK_FALSE(image.keeps("/usr/lib/other/file"));
}

TEST_CASE("libraries that scripts open by name stay, found as ctypes finds them") {
    const auto image = [](const char* code) {
        return ClosureOf(
            tree({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("app"),
                  file("app/main.py", code), folder("sbin"),
                  file("sbin/ldconfig", program_with({}, "x"), 0755), folder("lib"),
                  file("lib/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"})),
                  test::symlink("lib64", "lib"), file("lib/libc.so.6", test::elf({})),
                  test::symlink("lib/libmagic.so.1", "libmagic.so.1.0.0"),
                  file("lib/libmagic.so.1.0.0", test::elf({.soname = "libmagic.so.1"})),
                  file("lib/libpango-1.0.so.0", test::elf({.soname = "libpango-1.0.so.0"})),
                  file("lib/libother.so.2", test::elf({.soname = "libother.so.2"})),
                  file("python3.11", program_with({}, std::string("\0/app\0", 6)), 0755)}),
            runs({"/python3.11", "/app/main.py"}));
    };
    const ClosureOf finds = image("magic = ctypes.util.find_library('magic')\n");
    CHECK(finds.rules("/lib/libmagic.so.1") == "foreign-function");
    CHECK(finds.keeps("/lib/libmagic.so.1.0.0"));
    CHECK(finds.keeps("/sbin/ldconfig"));
    CHECK_FALSE(finds.keeps("/lib/libother.so.2"));
    const ClosureOf opens = image("pango = ffi.dlopen(\"libpango-1.0.so.0\")\n");
    CHECK(opens.keeps("/lib/libpango-1.0.so.0"));
    CHECK_FALSE(opens.keeps("/sbin/ldconfig"));
    CHECK_FALSE(image("print('magic')\n").keeps("/lib/libmagic.so.1"));
}

TEST_CASE("command lines that a program hands to the shell keep their commands") {
    const std::string data =
        "\0cd %s && tool -x | filter '%s'\0other is not needed\0third\0exec fourth -o %s\0"s;
    const auto image = [&](const char* call) {
        return ClosureOf(
            tree({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("bin"),
                  file("bin/sh", "x", 0755), file("bin/tool", "x", 0755),
                  file("bin/filter", "x", 0755), file("bin/other", "x", 0755),
                  file("bin/third", "x", 0755), file("bin/fourth", "x", 0755), folder("opt"),
                  folder("opt/app"), file("opt/app/run", program_with({call}, data), 0755)}),
            runs({"/opt/app/run"}));
    };
    const ClosureOf by_shell = image("system");
    for (const char* path : {"/bin/sh", "/bin/tool", "/bin/filter", "/bin/fourth"}) {
        CAPTURE(path);
        CHECK(by_shell.rules(path) == "child-program");
    }
    CHECK_FALSE(by_shell.keeps("/bin/other"));
    CHECK_FALSE(by_shell.keeps("/bin/third"));
    CHECK_FALSE(image("execve").keeps("/bin/tool"));
}

TEST_CASE("a compiler keeps its parts, the headers and what it links") {
    const auto image = [](const std::string& data) {
        return ClosureOf(
            tree({folder("usr"), folder("usr/bin"),
                  file("usr/bin/gcc", program_with({}, data), 0755), file("usr/bin/as", "x", 0755),
                  file("usr/bin/ld", "x", 0755), folder("usr/include"),
                  file("usr/include/stdio.h", "x"), folder("usr/lib"), folder("usr/lib/gcc"),
                  file("usr/lib/gcc/cc1", "x", 0755), file("usr/lib/gcc/libgcc.a", "x"),
                  folder("usr/lib/x86_64-linux-gnu"), file("usr/lib/x86_64-linux-gnu/crt1.o", "x"),
                  file("usr/lib/x86_64-linux-gnu/libc_nonshared.a", "x"),
                  file("usr/lib/x86_64-linux-gnu/libother.so.1", "x")}),
            runs({"/usr/bin/gcc"}));
    };
    const ClosureOf driver = image("\0collect2\0"s);
    for (const char* path :
         {"/usr/bin/as", "/usr/bin/ld", "/usr/include/stdio.h", "/usr/lib/gcc/cc1",
          "/usr/lib/gcc/libgcc.a", "/usr/lib/x86_64-linux-gnu/crt1.o",
          "/usr/lib/x86_64-linux-gnu/libc_nonshared.a"}) {
        CAPTURE(path);
        CHECK(driver.rules(path) == "compiler");
    }
    CHECK_FALSE(driver.keeps("/usr/lib/x86_64-linux-gnu/libother.so.1"));
    CHECK_FALSE(image("\0collects\0"s).keeps("/usr/include/stdio.h"));
}

TEST_CASE(
    "a program that loads what nothing in it names leaves the result unsure, and that is told") {
    const auto asked = [](const std::vector<std::string>& imports, std::string data) {
        const ClosureOf image(
            tree({folder("bin"), file("bin/run", program_with(imports, std::move(data)), 0755),
                  folder("lib"), file("lib/libplug.so.1", program_with({}, "x"), 0755)}),
            runs({"/bin/run"}));
        return std::count_if(image.closure.diagnostics.begin(), image.closure.diagnostics.end(),
                             [](const slimimg::Diagnostic& diagnostic) {
                                 return diagnostic.open && diagnostic.code == "dlopen-unknown" &&
                                        diagnostic.path == "/bin/run";
                             });
    };
    CHECK(asked({"dlopen"}, "x") == 1);
    CHECK(asked({"dlopen"}, std::string("\0/lib/libplug.so.1\0", 19)) == 0);
    CHECK(asked({"open"}, "x") == 0);
}

TEST_CASE("a library among a package's helpers is data of the program that names it only") {
    const auto image = [](std::string text) {
        return ClosureOf(
            tree_of(installed(tar({folder("usr"), folder("usr/bin"),
                                   file("usr/bin/tool", program_with({}, std::move(text)), 0755),
                                   folder("usr/libexec"), folder("usr/libexec/tools"),
                                   file("usr/libexec/tools/libpre.so", "x")}),
                              {{"tools", "", "/usr/bin/tool\n/usr/libexec/tools/libpre.so\n"}})),
            runs({"/usr/bin/tool"}));
    };
    CHECK_FALSE(image("other.so\0"s).keeps("/usr/libexec/tools/libpre.so"));
    CHECK(image("/libpre.so\0"s).keeps("/usr/libexec/tools/libpre.so"));
}

TEST_CASE("a library whose version the program appends stays in the versions that there are") {
    const auto image = [](std::string text) {
        return ClosureOf(
            tree({folder("usr"), folder("usr/bin"), folder("usr/lib"),
                  file("usr/bin/app", program_with({"dlopen"}, std::move(text)), 0755),
                  test::symlink("usr/lib/libicuuc.so.72", "libicuuc.so.72.1"),
                  file("usr/lib/libicuuc.so.72.1", loadable({.soname = "libicuuc.so.72"})),
                  file("usr/lib/libicuuc.so.72.py", "x"),
                  file("usr/lib/libicuucx.so.1", loadable({.soname = "libicuucx.so.1"}))}),
            runs({"/usr/bin/app"}));
    };
    CHECK_FALSE(image("libicuuc.so\0%s/%d\0"s).keeps("/usr/lib/libicuuc.so.72"));
    CHECK_FALSE(image("libicuuc\0%s.%d\0"s).keeps("/usr/lib/libicuuc.so.72"));
    for (const std::string& text :
         {"libicuuc.so\0%s.%s%d\0"s, "libicuuc.so\0%s.%d\0"s, "libicuuc.so.%d\0"s}) {
        CAPTURE(text);
        const ClosureOf kept = image(text);
        CHECK(kept.rules("/usr/lib/libicuuc.so.72") == "library-name");
        CHECK(kept.keeps("/usr/lib/libicuuc.so.72.1"));
        CHECK_FALSE(kept.keeps("/usr/lib/libicuuc.so.72.py"));
        CHECK_FALSE(kept.keeps("/usr/lib/libicuucx.so.1"));
    }
}

TEST_CASE("settings that no package owns stay in the folder of a package whose program stays") {
    const auto image = [](const std::string& program) {
        std::vector<std::string> layers = installed(
            tar({folder("usr"), folder("usr/bin"), file("usr/bin/server", program, 0755),
                 file("usr/bin/other", "#!/usr/bin/server\n", 0755), folder("etc/server.d/more"),
                 file("etc/server.conf", "x"), file("etc/server.d/own.conf", "x"),
                 folder("etc/both"), folder("var/log/server"), folder("var/lib/other"),
                 folder("usr/share/server"), file("usr/share/server/data", "x")}),
            {{"server", "",
              "/usr/bin/server\n/etc\n/etc/server.conf\n/etc/server.d\n/etc/server.d/own.conf\n"
              "/etc/both\n/var/log/server\n/usr/share/server\n/usr/share/server/data\n"},
             {"other", "", "/usr/bin/other\n/etc\n/etc/both\n/var/lib/other\n"}});
        layers.push_back(tar({file("etc/server.d/plugins", "x"), file("etc/server.d/more/a", "x"),
                              file("etc/both/a", "x"), file("etc/nobodys", "x")}));
        return ClosureOf(tree_of(layers), runs({"/usr/bin/server"}));
    };
    for (const bool script : {false, true}) {
        CAPTURE(script);
        const ClosureOf kept = image(script ? "#!/usr/bin/other\n" : program_with({}, "x"));
        for (const char* path : {"/etc/server.d/plugins", "/etc/server.d/more/a",
                                 "/etc/server.d/own.conf", "/etc/server.conf", "/var/log/server"}) {
            CHECK_MESSAGE(kept.rules(path) == "package-data", path);
        }
        for (const char* path : {"/etc/both/a", "/etc/nobodys"}) {
            CHECK_FALSE_MESSAGE(kept.keeps(path), path);
        }
        CHECK(kept.keeps("/usr/share/server/data") == !script);
        CHECK(kept.keeps("/var/lib/other") == script);
    }
}

TEST_CASE("a package of many programs and many files is gone over in bounded time") {
    constexpr int many = 1200;
    std::vector<Member> members;
    std::string list;
    std::string script = "#!/usr/bin/p0\n";
    for (int i = 0; i < many; ++i) {
        const std::string number = std::to_string(i);
        members.push_back(file("usr/bin/p" + number, "#!/usr/bin/p0\n", 0755));
        members.push_back(file("etc/server/f" + number, "x"));
        list += "/usr/bin/p" + number + "\n/etc/server/f" + number + "\n";
        script += "/usr/bin/p" + number + "\n";
    }
    members.push_back(file("run", "#!/bin/sh\n" + script, 0755));
    members.push_back(file("bin/sh", "x", 0755));
    const ClosureOf image(tree_of(installed(tar(members), {{"server", "", list}})), runs({"/run"}));
    CHECK(image.keeps("/etc/server/f0"));
    const auto limited = [](const Diagnostic& diagnostic) {
        return diagnostic.code == "search-limit" && diagnostic.open;
    };
    CHECK(std::any_of(image.closure.diagnostics.begin(), image.closure.diagnostics.end(), limited));
}

TEST_CASE("a program that a library starts others for runs what it names") {
    const auto image = [](const char* symbol) {
        return ClosureOf(
            tree({folder("bin"), file("bin/wrap", program_with({symbol}, "/bin/tool\0"s), 0755),
                  file("bin/tool", test::program_with({}, "x"), 0755)}),
            runs({"/bin/wrap"}));
    };
    CHECK(image("xexec_ae").keeps("/bin/tool"));
    CHECK(image("g_spawn_async").keeps("/bin/tool"));
    CHECK_FALSE(image("puts").keeps("/bin/tool"));
}

TEST_CASE("Qt's libraries keep the plugins that they load") {
    const std::string lib = "usr/lib/x86_64-linux-gnu/";
    const std::string plugins = lib + "qt5/plugins/";
    const ClosureOf image(
        tree(
            {folder(lib), file(lib + "libQt5Gui.so.5", loadable({.soname = "libQt5Gui.so.5"})),
             folder(plugins), folder(plugins + "platforms"),
             file(plugins + "platforms/libqoffscreen.so", loadable({.soname = "libqoffscreen.so"})),
             folder(plugins + "sqldrivers"), file(plugins + "sqldrivers/libqsqlite.so", "x"),
             file("usr/bin/run", loadable_program({.needed = {"libQt5Gui.so.5"}}), 0755)}),
        runs({"/usr/bin/run"}));
    CHECK(image.rules("/" + plugins + "platforms/libqoffscreen.so") == "qt-plugin");
    CHECK_FALSE(image.keeps("/" + plugins + "sqldrivers/libqsqlite.so"));
}
