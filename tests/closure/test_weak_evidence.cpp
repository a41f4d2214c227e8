#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/program.hpp"

// What a file names, but doesn't need: each case has a sibling that needs it.

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// The libraries of a process: a loader, and what the test adds, below /lib.
rootfs::Rootfs system_with(std::initializer_list<Member> members) {
    return tree_of({tar({folder("lib"), file("lib/ld.so", test::elf({.soname = "ld.so"}), 0755)}),
                    tar(members)});
}

std::string library(std::string soname, const std::vector<std::string>& imports,
                    std::string data = "") {
    return object_with({.soname = std::move(soname)}, imports, std::move(data));
}

}  // namespace

TEST_CASE("zones are for programs that open them: Go's that load a location, no users of ICU") {
    const auto keeps_zones = [](const std::string& program) {
        return ClosureOf(tree({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                               folder("usr/share"), folder("usr/share/zoneinfo"),
                               file("usr/share/zoneinfo/UTC", "x"), file("run", program, 0755)}),
                         runs({"/run"}))
            .keeps("/usr/share/zoneinfo/UTC");
    };
    const std::string named = "\0/usr/share/zoneinfo/\0"s;
    const std::string go = "\xff Go buildinf:"s + named;
    CHECK(keeps_zones(program_with({}, named)));
    CHECK_FALSE(keeps_zones(program_with({}, go)));
    CHECK(keeps_zones(program_with({}, go + "time.LoadLocation\0"s)));
    CHECK_FALSE(keeps_zones(library("libicuuc.so.72", {}, named)));
}

TEST_CASE("drivers of hardware, and libraries that only init opens, are hints") {
    const auto image = [](const std::string& name) {
        return ClosureOf(
            system_with({file("lib/" + name, library(name, {})),
                         file("run", program_with({"dlopen"}, "\0"s + name + "\0"s), 0755)}),
            runs({"/run"}));
    };
    for (const char* name : {"libcuda.so.1", "libvulkan_intel.so", "libsepol.so.2"}) {
        CAPTURE(name);
        CHECK_FALSE(image(name).keeps("/lib/"s + name));
        CHECK(image(name).hints("/lib/"s + name));
    }
    CHECK(image("libcue.so.1").keeps("/lib/libcue.so.1"));

    const ClosureOf drivers(
        tree({folder("usr"), folder("usr/lib"), folder("usr/lib/dri"), folder("usr/lib/plugins"),
              file("usr/lib/dri/a_drv.so", "x"), file("usr/lib/plugins/a.so", "x"),
              file("run", program_with({}, "\0/usr/lib/dri\0/usr/lib/plugins\0"s), 0755)}),
        runs({"/run"}));
    CHECK_FALSE(drivers.keeps("/usr/lib/dri/a_drv.so"));
    CHECK(drivers.keeps("/usr/lib/plugins/a.so"));
}

TEST_CASE("what extensions of PostgreSQL are built from is no part of a folder") {
    const ClosureOf image(
        tree({folder("pg"), folder("pg/lib"), folder("pg/lib/pgxs"), folder("pg/lib/bitcode"),
              folder("pg/lib/bitcode/postgres"), file("pg/lib/plpgsql.so", "x"),
              file("pg/lib/pgxs/Makefile", "x"), file("pg/lib/bitcode/postgres/a.bc", "x"),
              file("run", "load /pg/lib\n", 0755)}),
        runs({"/run"}));
    CHECK(image.keeps("/pg/lib/plpgsql.so"));
    CHECK_FALSE(image.keeps("/pg/lib/pgxs/Makefile"));
    CHECK_FALSE(image.keeps("/pg/lib/bitcode/postgres/a.bc"));
}

TEST_CASE("OpenSSL's plugins stay where a program or openssl.cnf asks for their kind") {
    const auto image = [](const std::vector<std::string>& calls, const char* settings = "") {
        ElfSpec spec;
        spec.interpreter = "/lib/ld.so";
        spec.needed = {"libcrypto.so.3"};
        return ClosureOf(
            system_with({file("lib/libcrypto.so.3",
                              library("libcrypto.so.3", {},
                                      "\0/lib/ossl-modules\0/lib/engines-3\0/etc/ssl\0"s)),
                         folder("lib/ossl-modules"), file("lib/ossl-modules/legacy.so", "x"),
                         folder("lib/engines-3"), file("lib/engines-3/padlock.so", "x"),
                         folder("etc"), folder("etc/ssl"), file("etc/ssl/openssl.cnf", settings),
                         file("run", object_with(spec, calls), 0755)}),
            runs({"/run"}));
    };
    const char* const provider = "/lib/ossl-modules/legacy.so";
    const char* const engine = "/lib/engines-3/padlock.so";
    CHECK(image({}).keeps("/lib/libcrypto.so.3"));
    CHECK_FALSE(image({}).keeps(provider));
    CHECK_FALSE(image({}).keeps(engine));
    CHECK(image({"OSSL_PROVIDER_load"}).rules(provider) == "openssl");
    CHECK_FALSE(image({"OSSL_PROVIDER_load"}).keeps(engine));
    CHECK(image({"ENGINE_by_id"}).rules(engine) == "openssl");
    CHECK_FALSE(image({"ENGINE_by_id"}).keeps(provider));
    CHECK(image({}, "[providers]\nlegacy = legacy_sect\n").keeps(provider));
    CHECK_FALSE(image({}, "# legacy = legacy_sect\n").keeps(provider));
    CHECK(image({}, "engines = engine_section # one\n").keeps(engine));
}

TEST_CASE("glibc opens libgcc_s to end threads and trace calls, not to start threads") {
    const auto keeps = [](const char* call) {
        return ClosureOf(system_with({file("lib/libgcc_s.so.1", library("libgcc_s.so.1", {})),
                                      file("run", program_with({call}, ""), 0755)}),
                         runs({"/run"}))
            .keeps("/lib/libgcc_s.so.1");
    };
    CHECK(keeps("pthread_exit"));
    CHECK(keeps("pthread_cancel"));
    CHECK(keeps("backtrace"));
    CHECK_FALSE(keeps("pthread_create"));
}

TEST_CASE("libstdc++ converts characters for programs that import iconv_open themselves") {
    const auto keeps = [](const std::vector<std::string>& imports) {
        ElfSpec spec;
        spec.interpreter = "/lib/ld.so";
        spec.needed = {"libstdc++.so.6"};
        return ClosureOf(system_with(
                             {file("lib/libstdc++.so.6", library("libstdc++.so.6", {"iconv_open"})),
                              folder("lib/gconv"), file("lib/gconv/UTF-16.so", "x"),
                              file("run", object_with(spec, imports), 0755)}),
                         runs({"/run"}))
            .keeps("/lib/gconv/UTF-16.so");
    };
    CHECK_FALSE(keeps({}));
    CHECK(keeps({"iconv_open"}));
}

TEST_CASE("files and dns are libraries of the name service before glibc 2.34 only") {
    const auto image = [](std::vector<std::string> versions) {
        ElfSpec program;
        program.interpreter = "/lib/ld.so";
        program.needed = {"libc.so.6"};
        return ClosureOf(
            system_with(
                {file("lib/libc.so.6", test::elf({.soname = "libc.so.6",
                                                  .version_definitions = std::move(versions)})),
                 file("lib/libnss_dns.so.2", library("libnss_dns.so.2", {})),
                 file("lib/libnss_ldap.so.2", library("libnss_ldap.so.2", {})), folder("etc"),
                 file("etc/nsswitch.conf", "hosts: files dns ldap\n"),
                 file("run", object_with(program, {"getaddrinfo"}), 0755)}),
            runs({"/run"}));
    };
    const ClosureOf older = image({"libc.so.6", "GLIBC_2.31"});
    CHECK(older.keeps("/lib/libnss_dns.so.2"));
    const ClosureOf newer = image({"libc.so.6", "GLIBC_2.31", "GLIBC_2.34"});
    CHECK_FALSE(newer.keeps("/lib/libnss_dns.so.2"));
    CHECK(newer.keeps("/lib/libnss_ldap.so.2"));
}

TEST_CASE("a program that runs its arguments needs none of the programs that its help names") {
    const auto keeps = [](const std::string& name) {
        return ClosureOf(tree({folder("bin"), file("bin/other", "x", 0755),
                               file("bin/" + name, program_with({"execvp"}, "\0other\0"s), 0755)}),
                         runs({"/bin/" + name}))
            .keeps("/bin/other");
    };
    CHECK(keeps("starter"));
    CHECK_FALSE(keeps("env"));
}

TEST_CASE("Perl's modules stay where code mentions them, not in comments or documentation") {
    const ClosureOf image(
        tree({folder("usr"), folder("usr/share"), folder("usr/share/perl5"),
              folder("usr/share/perl5/Encode"), file("usr/share/perl5/Used.pm", "package Used;\n"),
              file("usr/share/perl5/Commented.pm", "x"), file("usr/share/perl5/Described.pm", "x"),
              file("usr/share/perl5/After.pm", "x"), file("usr/share/perl5/Prefix.pm", "x"),
              file("usr/share/perl5/Encode/CN.pm", "x"), file("usr/share/perl5/Encode/JP.pm", "x"),
              folder("app"),
              file("app/main.pl",
                   "use Used;\n# use Commented;\n\n=head1 Described\n\nuse Described;\n\n=cut\n"
                   "Prefix::call();\nmy $text = decode('euc-jp', $bytes);\n__END__\nuse After;\n",
                   0755),
              file("perl", program_with({}, "\0/usr/share/perl5\0"s), 0755)}),
        runs({"/perl", "/app/main.pl"}));
    CHECK(image.rules("/usr/share/perl5/Used.pm") == "perl");
    CHECK(image.keeps("/usr/share/perl5/Prefix.pm"));
    CHECK_FALSE(image.keeps("/usr/share/perl5/Commented.pm"));
    CHECK_FALSE(image.keeps("/usr/share/perl5/Described.pm"));
    CHECK_FALSE(image.keeps("/usr/share/perl5/After.pm"));
    CHECK(image.keeps("/usr/share/perl5/Encode/JP.pm"));
    CHECK_FALSE(image.keeps("/usr/share/perl5/Encode/CN.pm"));
}
