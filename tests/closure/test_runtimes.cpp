#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/installed.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"
#include "support/zip.hpp"

// Ruby, Java, Perl and PHP in the layouts of Docker's official images, where no package owns them.

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// A distribution, and in a layer of a RUN step `more`.
rootfs::Rootfs image_of(const std::vector<Member>& more) {
    const std::string program = loadable({.type = 2});
    return tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                         folder("usr/bin"), file("usr/bin/dash", program, 0755), folder("usr/lib"),
                         file("usr/lib/libused.so.1", loadable({.soname = "libused.so.1"})),
                         folder("usr/local"), folder("usr/local/bin"), folder("usr/local/lib"),
                         test::symlink("lib", "usr/lib")}),
                    tar(more)});
}

const std::string gems = "usr/local/lib/ruby/gems/3.1.0/";

ClosureOf ruby_app(const std::string& code, const std::string& lock = "") {
    const std::string bundle = "usr/local/bundle/gems/puma-5.6.5/";
    return {image_of({file("usr/local/bin/ruby", loadable({.type = 2}), 0755),
                      folder("usr/local/lib/ruby"),
                      folder("usr/local/lib/ruby/3.1.0"),
                      file("usr/local/lib/ruby/3.1.0/json.rb", "require 'rdoc'\n"),
                      file("usr/local/lib/ruby/3.1.0/rdoc.rb", "x"),
                      folder(gems + "gems/minitest-5.15.0/lib"),
                      file(gems + "gems/minitest-5.15.0/lib/minitest.rb", "require 'debug'\n"),
                      file(gems + "specifications/minitest-5.15.0.gemspec", "\"minitest\""),
                      file(gems + "gems/test-unit-3.5.3/lib/test/unit.rb", "x"),
                      file(gems + "gems/power_assert-2.0.1/lib/power_assert.rb", "x"),
                      file(gems + "gems/debug-1.6.3/lib/debug.rb", "x"),
                      file(gems + "gems/minitest-like-1.0/lib/a.rb", "x"),
                      file(gems + "cache/minitest-5.15.0.gem", "x"),
                      folder(bundle + "ext"),
                      file(bundle + "lib/puma.rb", "x"),
                      file(bundle + "ext/puma/http.c", "x"),
                      file(bundle + "ext/puma/http.rb", "x"),
                      file(bundle + "test/test_a.rb", "x"),
                      file(bundle + "lib/test/b.rb", "x"),
                      file(bundle + "lib/puma/cache/store.rb", "x"),
                      file("app/main.rb", code),
                      file("app/Gemfile.lock", lock)}),
            runs({"/usr/local/bin/ruby", "/app/main.rb"})};
}

}  // namespace

TEST_CASE("of Ruby the gems for developers, packed gems, sources and tests of gems go") {
    const ClosureOf image = ruby_app("require 'json' # minitest\n");
    const std::string bundle = "/usr/local/bundle/gems/puma-5.6.5/";
    for (const std::string& path :
         {"/usr/local/lib/ruby/3.1.0/json.rb"s, "/" + gems + "gems/minitest-like-1.0/lib/a.rb",
          bundle + "lib/puma.rb", bundle + "lib/test/b.rb", bundle + "lib/puma/cache/store.rb",
          bundle + "ext/puma/http.rb"}) {
        CHECK_MESSAGE(image.keeps(path), path);
    }
    for (const std::string& path :
         {"/usr/local/lib/ruby/3.1.0/rdoc.rb"s, "/" + gems + "gems/minitest-5.15.0/lib/minitest.rb",
          "/" + gems + "specifications/minitest-5.15.0.gemspec",
          "/" + gems + "gems/power_assert-2.0.1/lib/power_assert.rb",
          "/" + gems + "gems/debug-1.6.3/lib/debug.rb", "/" + gems + "cache/minitest-5.15.0.gem",
          bundle + "ext/puma/http.c", bundle + "test/test_a.rb"}) {
        CHECK_FALSE_MESSAGE(image.keeps(path), path);
    }
}

TEST_CASE("a gem for developers stays where code or a list of dependencies names it") {
    const std::string minitest = "/" + gems + "gems/minitest-5.15.0/lib/minitest.rb";
    const ClosureOf required = ruby_app("require 'minitest/autorun'\n");
    CHECK(required.keeps(minitest));
    CHECK(required.keeps("/" + gems + "specifications/minitest-5.15.0.gemspec"));
    CHECK_FALSE(required.keeps("/" + gems + "gems/debug-1.6.3/lib/debug.rb"));
    CHECK(ruby_app("x", "    activesupport (7.0)\n      minitest (>= 5.1)\n").keeps(minitest));
    CHECK_FALSE(ruby_app("x", "    minitest-like (1.0)\n").keeps(minitest));
    CHECK(ruby_app("require \"test/unit\"\n")
              .keeps("/" + gems + "gems/power_assert-2.0.1/lib/power_assert.rb"));
}

TEST_CASE("gems of many packages stay, with the specifications that RubyGems finds them by") {
    const std::string all = "usr/share/rubygems-integration/all/";
    std::vector<Member> members{folder("usr"),
                                folder("usr/bin"),
                                file("usr/bin/ruby3.1", loadable({.type = 2}), 0755),
                                file("app.rb", "require 'a'\n"),
                                folder("usr/share"),
                                folder("usr/share/rubygems-integration"),
                                folder("usr/share/rubygems-integration/all"),
                                folder(all + "gems"),
                                folder(all + "specifications")};
    std::vector<Installed> packages;
    for (const char* const name : {"a", "b", "c", "d", "e"}) {
        const std::string gem = name + "-1.0"s;
        const std::string specification = all + "specifications/" + gem + ".gemspec";
        members.push_back(folder(all + "gems/" + gem));
        members.push_back(file(all + "gems/" + gem + "/main.rb", "x"));
        members.push_back(file(specification, "x"));
        packages.push_back({"ruby-"s + name, "",
                            "/" + all + "gems/" + gem + "/main.rb\n/" + specification + "\n"});
    }
    const ClosureOf image(tree_of(installed(tar(members), packages)),
                          runs({"/usr/bin/ruby3.1", "/app.rb"}));
    CHECK(image.keeps("/" + all + "gems/e-1.0/main.rb"));
    CHECK(image.keeps("/" + all + "specifications/a-1.0.gemspec"));
}

TEST_CASE("a jar needs those that its manifest names in its Class-Path") {
    const std::string manifest =
        "Manifest-Version: 1.0\r\nClass-Path: /usr/lib/far.jar lib/ne\r\n ar.jar "
        "file:/usr/lib/url.jar http://host/a.jar\r\nX: y\r\n z.jar\r\n\r\nClass-Path: "
        "other.jar\r\n";
    const ClosureOf image(
        image_of({file("usr/lib/far.jar", "x"), file("usr/lib/url.jar", "x"), folder("usr/share"),
                  folder("usr/share/java"), folder("usr/share/java/lib"),
                  file("usr/share/java/z.jar", "x"), file("usr/share/java/other.jar", "x"),
                  file("usr/share/java/lib/near.jar", "x"),
                  file("usr/share/java/lib/unnamed.jar", "x"),
                  test::symlink("opt/link.jar", "/usr/share/java/app.jar"),
                  file("opt/java", loadable_program({}), 0755),
                  file("usr/share/java/app.jar", zip({{"META-INF/MANIFEST.MF", manifest}}))}),
        runs({"/opt/java", "-jar", "/opt/link.jar"}));
    for (const char* const name :
         {"/usr/lib/far.jar", "/usr/share/java/lib/near.jar", "/usr/lib/url.jar"}) {
        CHECK_MESSAGE(image.rules(name) == "java", name);
    }
    for (const char* const name : {"/usr/share/java/z.jar", "/usr/share/java/other.jar",
                                   "/usr/share/java/lib/unnamed.jar"}) {
        CHECK_FALSE_MESSAGE(image.keeps(name), name);
    }
}

TEST_CASE("a library inside a jar, and in a jar inside it, needs libraries of the system") {
    const auto image = [](unsigned machine) {
        const std::string library =
            loadable({.machine = static_cast<std::uint16_t>(machine), .needed = {"libused.so.1"}});
        const std::string inner = zip({{"native/libjni.so", library}});
        return ClosureOf(image_of({folder("opt"), folder("opt/java"), folder("opt/java/bin"),
                                   file("opt/java/bin/java", loadable_program({}), 0755),
                                   folder("opt/java/lib"), file("opt/java/lib/modules", "x"),
                                   file("app/app.jar", zip({{"A.class", "libused.so.1"},
                                                            {"BOOT-INF/lib/jni.jar", inner}}))}),
                         runs({"/opt/java/bin/java", "-jar", "/app/app.jar"}));
    };
    CHECK(image(62).rules("/usr/lib/libused.so.1").find("packed-library") != std::string::npos);
    CHECK_FALSE(image(183).keeps("/usr/lib/libused.so.1"));
}

TEST_CASE("options of Java name files: argument files, agents, class paths") {
    image::Config config = runs({"/opt/java/bin/java", "@/data/run.args", "-cp",
                                 "/data/classes:/data/lib/*", "-Dx=file:/data/x.properties"});
    config.env = {"JAVA_TOOL_OPTIONS=-javaagent:/data/agent.jar=a,b -Dlog=/data/log.xml"};
    const ClosureOf image(
        image_of({folder("opt/java/bin"), file("opt/java/bin/java", loadable_program({}), 0755),
                  folder("data"), file("data/run.args", "x"), folder("data/classes"),
                  file("data/classes/a.class", "x"), folder("data/lib"),
                  file("data/lib/a.jar", "x"), file("data/x.properties", "x"),
                  file("data/agent.jar", "x"), file("data/log.xml", "x"), file("var/other", "x")}),
        config);
    for (const char* const name :
         {"run.args", "classes/a.class", "lib/a.jar", "x.properties", "agent.jar", "log.xml"}) {
        CHECK_MESSAGE(image.keeps("/data/"s + name), name);
    }
    CHECK_FALSE(image.keeps("/var/other"));
}

TEST_CASE("Perl built into a prefix: its own modules by mention, site_perl whole") {
    const std::string core = "usr/local/lib/perl5/5.36.0/";
    const std::string site = "usr/local/lib/perl5/site_perl/5.36.0/";
    const ClosureOf image(
        image_of({file("usr/local/bin/perl",
                       program_with({},
                                    "\0/usr/local/lib/perl5/5.36.0\0"
                                    "/usr/local/lib/perl5/site_perl/5.36.0\0"s),
                       0755),
                  folder(core), folder(core + "CPAN"), file(core + "Used.pm", "use CPAN::Meta;\n"),
                  file(core + "CPAN/Meta.pm", "x"), file(core + "Unused.pm", "x"), folder(site),
                  file(site + "Plugin.pm", "use Used;\n"), file(site + "Plugin.pod", "x"),
                  file("app/main.pl", "1;\n")}),
        runs({"/usr/local/bin/perl", "/app/main.pl"}));
    CHECK(image.keeps("/" + site + "Plugin.pm"));
    CHECK(image.keeps("/" + core + "Used.pm"));
    CHECK_FALSE(image.keeps("/" + core + "Unused.pm"));
    CHECK_FALSE(image.keeps("/" + core + "CPAN/Meta.pm"));
    CHECK_FALSE(image.keeps("/" + site + "Plugin.pod"));
}

TEST_CASE("Perl has the modules that command lines and shell scripts give it code with") {
    const std::string core = "usr/local/lib/perl5/5.36.0/";
    const auto image = [&](const std::vector<std::string>& argv, const std::string& script = "") {
        return ClosureOf(
            image_of({file("usr/local/bin/perl",
                           program_with({}, "\0/usr/local/lib/perl5/5.36.0\0"s), 0755),
                      folder(core), folder(core + "Time"), file(core + "Time/Piece.pm", "1;\n"),
                      file(core + "POSIX.pm", "1;\n"), file(core + "integer.pm", "1;\n"),
                      file(core + "Unused.pm", "1;\n"), file("app/run", script, 0755)}),
            runs(argv));
    };
    const auto uses_all = [&](const ClosureOf& closure) {
        CHECK(closure.rules("/" + core + "Time/Piece.pm") == "perl");
        CHECK(closure.rules("/" + core + "POSIX.pm") == "perl");
        CHECK(closure.rules("/" + core + "integer.pm") == "perl");
        CHECK_FALSE(closure.keeps("/" + core + "Unused.pm"));
    };
    uses_all(image({"perl", "-MPOSIX=floor", "-Minteger", "-e", "print Time::Piece->new"}));
    uses_all(image({"sh", "-c", "perl -MPOSIX -e 'use Time::Piece; use integer; 1'"}));
    uses_all(image({"/app/run"},
                   "#!/bin/dash\n# perl -MUnused\ndate=$(perl -MTime::Piece -mPOSIX -e 1)\n"
                   "perl <<'END'\nuse integer;\nEND\n"));
    const ClosureOf without = image({"/app/run"}, "#!/bin/dash\necho Time::Piece -MPOSIX\n");
    CHECK_FALSE(without.keeps("/" + core + "Time/Piece.pm"));
}

TEST_CASE("Perl in a server has the modules that its code, the server and Perl itself ask for") {
    const std::string core = "usr/share/perl/5.36.0/";
    const auto image = [&](const char* needed) {
        return ClosureOf(
            image_of({file("usr/local/bin/server",
                           object_with({.needed = {needed}}, {},
                                       "\0use IO::Run; sub { 1 };\0IO::Gone\0"s),
                           0755),
                      file("usr/lib/libperl.so.5.36", object_with({.soname = "libperl.so.5.36"}, {},
                                                                  "\0/usr/share/perl/5.36.0\0"s)),
                      folder(core), file(core + "strict.pm", "1;\n"), folder(core + "IO"),
                      file(core + "IO/Run.pm", "1;\n"), file(core + "IO/Gone.pm", "1;\n"),
                      file(core + "Used.pm", "1;\n"), file(core + "Unused.pm", "1;\n"),
                      file("app/main.psgi", "use Used;\n")}),
            runs({"/usr/local/bin/server", "/app/main.psgi"}));
    };
    const ClosureOf embeds = image("libperl.so.5.36");
    CHECK(embeds.rules("/" + core + "strict.pm") == "perl");
    CHECK(embeds.rules("/" + core + "Used.pm") == "perl");
    CHECK(embeds.rules("/" + core + "IO/Run.pm") == "perl");
    CHECK_FALSE(embeds.keeps("/" + core + "IO/Gone.pm"));
    CHECK_FALSE(embeds.keeps("/" + core + "Unused.pm"));
    CHECK_FALSE(image("libused.so.1").keeps("/" + core + "strict.pm"));
}

TEST_CASE("a file that a program looks for in a folder of its configuration") {
    const auto image = [](const std::string& data) {
        return ClosureOf(image_of({file("usr/local/bin/fpm", program_with({}, data), 0755),
                                   folder("usr/local/etc"), file("usr/local/etc/fpm.conf", "x"),
                                   file("usr/local/etc/other.conf", "x")}),
                         runs({"/usr/local/bin/fpm"}));
    };
    const ClosureOf used = image("\0%s/fpm.conf\0/usr/local/etc\0"s);
    CHECK(used.keeps("/usr/local/etc/fpm.conf"));
    CHECK_FALSE(used.keeps("/usr/local/etc/other.conf"));
    CHECK_FALSE(image("\0%s/fpm.conf\0"s).keeps("/usr/local/etc/fpm.conf"));
    CHECK_FALSE(image("\0fpm.conf\0/usr/local/etc\0"s).keeps("/usr/local/etc/fpm.conf"));
}

TEST_CASE("a file that stands in /etc beside a path that a program names, by its own name") {
    const auto image = [](const std::string& data) {
        return ClosureOf(
            image_of({file("usr/local/bin/show", program_with({}, data), 0755), folder("etc/fonts"),
                      folder("etc/fonts/conf.d"), file("etc/fonts/fonts.conf", "x"),
                      file("etc/fonts/other.conf", "x"), file("etc/host.conf", "x")}),
            runs({"/usr/local/bin/show"}));
    };
    const ClosureOf used = image("\0<dir>/etc/fonts/conf.d</dir>\0fonts.conf\0host.conf\0"s);
    CHECK(used.keeps("/etc/fonts/fonts.conf"));
    CHECK_FALSE(used.keeps("/etc/fonts/other.conf"));
    CHECK_FALSE(image("\0/etc/fonts\0host.conf\0"s).keeps("/etc/host.conf"));
    CHECK_FALSE(image("\0fonts.conf\0"s).keeps("/etc/fonts/fonts.conf"));
    CHECK_FALSE(image("\0/etc/fonts/conf.d\0no fonts.conf\0"s).keeps("/etc/fonts/fonts.conf"));
}

TEST_CASE("what an interpreter only knows by name is not started") {
    const ClosureOf image(
        image_of({file("usr/local/bin/php",
                       program_with({"popen"},
                                    "\0#! /usr/bin/awk\0eval \"exec /usr/bin/old\0"
                                    "/usr/bin/used\0phpdbg\0size %u\0count -a\0"s),
                       0755),
                  file("usr/local/bin/phpdbg", loadable({.type = 2}), 0755),
                  file("usr/bin/awk", loadable({.type = 2}), 0755),
                  file("usr/bin/old", loadable({.type = 2}), 0755),
                  file("usr/bin/used", loadable({.type = 2}), 0755),
                  file("usr/bin/size", loadable({.type = 2}), 0755),
                  file("usr/bin/count", loadable({.type = 2}), 0755)}),
        runs({"/usr/local/bin/php"}));
    CHECK(image.keeps("/usr/bin/used"));
    CHECK(image.keeps("/usr/bin/count"));
    for (const char* const path :
         {"/usr/bin/awk", "/usr/bin/old", "/usr/bin/size", "/usr/local/bin/phpdbg"}) {
        CHECK_FALSE_MESSAGE(image.keeps(path), path);
    }
}

TEST_CASE("what PHP's image installs extensions with goes where nothing runs it") {
    const auto image = [](std::vector<std::string> argv) {
        image::Config config = runs(std::move(argv));
        config.history = {{.created_by = "RUN base"}, {.created_by = "COPY scripts /"}};
        return ClosureOf(
            image_of({file("usr/local/bin/docker-php-ext-install", "#!/bin/sh\nphpize\n", 0755),
                      file("usr/local/bin/docker-php-entrypoint", "#!/bin/sh\nexec \"$@\"\n", 0755),
                      file("usr/local/bin/phpize", "#!/bin/sh\n", 0755)}),
            config);
    };
    const ClosureOf served = image({"docker-php-entrypoint"});
    CHECK(served.keeps("/usr/local/bin/docker-php-entrypoint"));
    CHECK_FALSE(served.keeps("/usr/local/bin/docker-php-ext-install"));
    CHECK_FALSE(served.keeps("/usr/local/bin/phpize"));
    CHECK(image({"docker-php-ext-install"}).keeps("/usr/local/bin/phpize"));
}

TEST_CASE("what builds PHP's extensions goes, what the interpreter names stays") {
    const std::string php = "usr/local/lib/php/";
    const ClosureOf image(
        image_of({file("usr/local/bin/php", program_with({}, "\0.:/usr/local/lib/php\0"s), 0755),
                  folder(php), folder(php + "build"), file(php + "build/phpize.m4", "x"),
                  folder(php + "extensions"), folder(php + "extensions/no-debug"),
                  file(php + "extensions/no-debug/gmp.so", "x"), file(php + "PEAR.php", "x"),
                  folder(php + "test"), file(php + "test/a.phpt", "x"), file("app/main.php", "x")}),
        runs({"/usr/local/bin/php", "/app/main.php"}));
    CHECK(image.keeps("/" + php + "extensions/no-debug/gmp.so"));
    CHECK(image.keeps("/" + php + "PEAR.php"));
    CHECK_FALSE(image.keeps("/" + php + "build/phpize.m4"));
    CHECK_FALSE(image.keeps("/" + php + "test/a.phpt"));
}

namespace {

/// A chunk of a compiled module.
std::string beam_chunk(const std::string& name, const std::string& content) {
    std::string text = name;
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        text += static_cast<char>(content.size() >> shift & 0xFFU);
    }
    return text + content + std::string((4 - content.size() % 4) % 4, '\0');
}

std::string word_of(unsigned value) {
    return {'\0', '\0', '\0', static_cast<char>(value)};
}

/// A compiled module that names `atoms`, and calls functions of the first `called` of them.
std::string beam(const std::vector<std::string>& atoms, unsigned called = 0,
                 const std::string& literals = "") {
    std::string table = word_of(static_cast<unsigned>(atoms.size()));
    for (const std::string& atom : atoms) {
        table += static_cast<char>(atom.size()) + atom;
    }
    std::string imports = word_of(called);
    for (unsigned i = 1; i <= called; ++i) {
        imports += word_of(i) + word_of(1) + word_of(0);
    }
    return "FOR1" + word_of(0) + "BEAM" + beam_chunk("AtU8", table) + beam_chunk("ImpT", imports) +
           (literals.empty() ? "" : beam_chunk("LitT", literals));
}

/// Erlang, with a script that has the virtual machine run `code`.
ClosureOf erlang_app(const std::string& code, const std::vector<Member>& more = {}) {
    const std::string root = "usr/lib/erlang/";
    const std::string lib = root + "lib/";
    const std::string literal = "\x83w\x05jinet"s;  // as OTP 28 has them: not deflated
    std::vector<Member> members{
        file("usr/bin/erlang-app", "#!/bin/dash\nexec " + code + "\n", 0755),
        file(root + "bin/erl", "#!/bin/dash\nexec /usr/lib/erlang/erts-13.1/bin/erlexec\n", 0755),
        file(root + "bin/start.boot", "x"),
        file(root + "erts-13.1/bin/erlexec", loadable({.type = 2}), 0755),
        file(root + "erts-13.1/bin/beam.smp", loadable({.type = 2}), 0755),
        file(root + "erts-13.1/bin/erl_child_setup", loadable({.type = 2}), 0755),
        file(root + "releases/25/installed_application_versions",
             "kernel-8.5\nstdlib-4.2\nssl-10.8\ncrypto-5.1\nsnmp-5.13\ntools-3.5\n"),
        file(lib + "kernel-8.5/ebin/kernel.app", "{application, kernel, []}."),
        file(lib + "kernel-8.5/ebin/code.beam", beam({"cover", "snmpa"}, 1)),
        file(lib + "stdlib-4.2/ebin/stdlib.app", "{application, stdlib, []}."),
        file(lib + "stdlib-4.2/ebin/lists.beam", beam({"lists"})),
        file(lib + "ssl-10.8/ebin/ssl.app",
             "{application, ssl, [{applications, [kernel,\n crypto]}]}."),
        file(lib + "ssl-10.8/ebin/ssl.beam", beam({"ssl"})),
        file(lib + "ssl-10.8/ebin/tls.beam", beam({"tls"})),
        file(lib + "ssl-10.8/src/tls.erl", "x"),
        file(lib + "crypto-5.1/ebin/crypto.app", "{application, crypto, []}."),
        file(lib + "crypto-5.1/ebin/crypto.beam", beam({"crypto"})),
        file(lib + "crypto-5.1/priv/lib/crypto.so", loadable({.needed = {"libused.so.1"}})),
        file(lib + "snmp-5.13/ebin/snmp.app", "{application, snmp, []}."),
        file(lib + "snmp-5.13/ebin/snmpa.beam", beam({"snmpa"})),
        file(lib + "tools-3.5/ebin/tools.app", "{application, tools, []}."),
        file(lib + "tools-3.5/ebin/cover.beam", beam({"cover"})),
        file("usr/lib/chat/ebin/chat.app", "{application, chat, [{applications, [ssl]}]}."),
        file("usr/lib/chat/ebin/chat.beam", beam({"chat"})),
        file("usr/lib/chat/ebin/chat_room.beam",
             beam({"chat_room"}, 0, word_of(0) + word_of(1) + word_of(8) + literal)),
        file("usr/bin/date", loadable({.type = 2}), 0755),
        file("usr/bin/cal", loadable({.type = 2}), 0755),
        file("app/main.exs", "{o, 0} = System.cmd(\"date\", [\"cal\"])\n"),
        file("usr/lib/jinet/ebin/jinet.beam", beam({"jinet"})),
        file("usr/lib/jinet/ebin/jinet.app", "{application, jinet, []}."),
        file("usr/lib/other/ebin/other.app", "{application, other, []}."),
        file("usr/lib/other/ebin/other.beam", beam({"other"}))};
    members.insert(members.end(), more.begin(), more.end());
    return {image_of(members), runs({"/usr/bin/erlang-app"})};
}

}  // namespace

TEST_CASE("Erlang's applications stay where a command, an application or a module names them") {
    const ClosureOf image = erlang_app("/usr/lib/erlang/bin/erl -pa /usr/lib/x -s chat");
    const std::string lib = "/usr/lib/erlang/lib/";
    for (const std::string& path :
         {"/usr/lib/erlang/bin/start.boot"s, "/usr/lib/erlang/erts-13.1/bin/beam.smp"s,
          "/usr/lib/erlang/erts-13.1/bin/erl_child_setup"s, lib + "kernel-8.5/ebin/code.beam",
          lib + "stdlib-4.2/ebin/lists.beam", "/usr/lib/chat/ebin/chat_room.beam"s,
          lib + "ssl-10.8/ebin/tls.beam", lib + "crypto-5.1/ebin/crypto.beam",
          lib + "crypto-5.1/priv/lib/crypto.so", "/usr/lib/libused.so.1"s,
          "/usr/lib/jinet/ebin/jinet.beam"s}) {
        CHECK_MESSAGE(image.keeps(path), path);
    }
    for (const std::string& path :
         {lib + "snmp-5.13/ebin/snmpa.beam", lib + "tools-3.5/ebin/cover.beam",
          lib + "ssl-10.8/src/tls.erl", "/usr/lib/other/ebin/other.beam"s}) {
        CHECK_FALSE_MESSAGE(image.keeps(path), path);
    }
}

TEST_CASE("what Erlang has for developers stays where a command names it, and what scripts start") {
    CHECK(erlang_app("/usr/lib/erlang/bin/erl").keeps("/usr/bin/date"));
    CHECK_FALSE(erlang_app("/usr/lib/erlang/bin/erl").keeps("/usr/bin/cal"));
    const std::string cover = "/usr/lib/erlang/lib/tools-3.5/ebin/cover.beam";
    CHECK(erlang_app("/usr/lib/erlang/bin/erl -s cover").keeps(cover));
    CHECK_FALSE(erlang_app("/usr/lib/erlang/bin/erl").keeps("/usr/lib/chat/ebin/chat.beam"));
}

TEST_CASE("a chain of Erlang's applications may be of any length") {
    constexpr int length = 60000;
    std::vector<Member> chain;
    for (int i = 0; i < length; ++i) {
        const std::string name = "a" + std::to_string(i);
        chain.push_back(file(
            "usr/lib/" + name + "/ebin/" + name + ".app",
            "{application, " + name + ", [{applications, [a" + std::to_string(i + 1) + "]}]}."));
    }
    const ClosureOf image = erlang_app("/usr/lib/erlang/bin/erl -s a0", chain);
    CHECK(image.keeps("/usr/lib/a59999/ebin/a59999.app"));
}

TEST_CASE("a script that a link leads to finds what has links beside that one") {
    const ClosureOf image(
        image_of({file("opt/broker/sbin/server",
                       "#!/bin/dash\nhere=$(dirname \"$0\")\n. \"$here/env\"\n", 0755),
                  file("opt/broker/sbin/env", "x=1\n"),
                  test::symlink("usr/lib/broker/server", "/opt/broker/sbin/server"),
                  test::symlink("usr/lib/broker/env", "/opt/broker/sbin/env"),
                  test::symlink("usr/lib/broker/other", "/usr/lib/libused.so.1")}),
        runs({"/usr/lib/broker/server"}));
    CHECK(image.keeps("/usr/lib/broker/env"));
    CHECK_FALSE(image.keeps("/usr/lib/broker/other"));
}
