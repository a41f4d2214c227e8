#include <doctest/doctest.h>
#include <elf.h>

#include "checked.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using test::Checked;
using test::with_policy;
using Texts = std::vector<std::string>;

namespace {

constexpr const char* nothing = "{}";

std::string layer(const std::vector<test::Member>& members) {
    return test::tar(members);
}

/// An image whose program is a static ELF file made as told.
Checked program(test::ElfSpec spec, const std::string& id) {
    return Checked({layer({test::file("app/run", test::elf(spec), 0755)})},
                   R"({"Entrypoint": ["/app/run"]})", with_policy(id));
}

/// dpkg's record of a package that owns these files.
std::vector<test::Member> package(const std::string& files) {
    return {test::file("var/lib/dpkg/status",
                       "Package: p\nStatus: install ok installed\nArchitecture: all\nVersion: 1\n"),
            test::file("var/lib/dpkg/info/p.list", files)};
}

std::string large(char letter = 'x', std::size_t bytes = 1'100'000) {
    return std::string(bytes, letter);
}

}  // namespace

TEST_CASE("every policy has an id of its own, a title and a reason") {
    std::vector<std::string_view> ids;
    for (const check::PolicyInfo& policy : check::policy_infos()) {
        CHECK(std::find(ids.begin(), ids.end(), policy.id) == ids.end());
        CHECK_FALSE(policy.title.empty());
        CHECK_FALSE(policy.reason.empty());
        ids.push_back(policy.id);
    }
    CHECK(ids.size() == 31);
    CHECK(check::find_policy("secret")->level == check::Level::error);
    CHECK(check::find_policy("nothing") == nullptr);
}

TEST_CASE("a policy passes that is on and finds nothing") {
    const Checked checked({layer({test::file("app/run", test::elf({}), 0755)})},
                          R"({"Entrypoint": ["/app/run"]})");
    CHECK(checked.finds("root-user"));
    const auto& passed = checked.report.passed;
    const auto passes = [&](std::string_view id) {
        return std::find(passed.begin(), passed.end(), id) != passed.end();
    };
    CHECK_FALSE(passes("root-user"));
    CHECK(passes("unresolved"));
    std::size_t on = 0;
    for (const check::PolicyInfo& policy : check::policy_infos()) {
        const bool is_off = check::CheckSettings().level_of(policy) == check::Level::off;
        on += is_off ? 0 : 1;
        CHECK(passes(policy.id) == (!is_off && !checked.finds(policy.id)));
    }
    CHECK(on > passed.size());
}

TEST_CASE("a link that leads nowhere is told; one of a package, a mount or a registry is not") {
    CHECK(Checked({layer({test::symlink("app/lib", "none")})}, nothing).of("dangling-link") ==
          Texts{"/app/lib links to none, which is not in the image"});
    for (const test::Member& member :
         {test::symlink("app/log", "/dev/stdout"), test::symlink("etc/mtab", "../proc/mounts"),
          test::symlink("etc/alternatives/vi", "/usr/bin/vim"),
          test::symlink("app/lib", "../etc")}) {
        CHECK_FALSE(
            Checked({layer({test::folder("etc"), member})}, nothing).finds("dangling-link"));
    }
    std::vector<test::Member> owned = package("/usr/bin/x\n");
    owned.push_back(test::symlink("usr/bin/x", "none"));
    CHECK_FALSE(Checked({layer(owned)}, nothing).finds("dangling-link"));
    CHECK_FALSE(
        Checked({layer({test::symlink("app/data", "/data/x")})}, R"({"Volumes": {"/data": {}}})")
            .finds("dangling-link"));
}

TEST_CASE("a command whose interpreter is missing is told, a script elsewhere is not") {
    const auto script = [](const char* path, const char* text) {
        return layer({test::file("bin/sh", "x", 0755), test::file(path, text, 0755)});
    };
    CHECK(Checked({script("usr/local/bin/tool", "#!/usr/bin/python3\n")}, nothing)
              .of("script-interpreter") ==
          Texts{"/usr/local/bin/tool starts with #!/usr/bin/python3, which is not in the image"});
    CHECK(Checked({script("usr/local/bin/tool", "#!/bin/sh\r\n")}, nothing)
              .one("script-interpreter")
              .fix == "save the script with Unix line ends");
    CHECK_FALSE(Checked({script("usr/local/bin/tool", "#! /bin/sh -e\n")}, nothing)
                    .finds("script-interpreter"));
    CHECK_FALSE(
        Checked({script("app/tool", "#!/usr/bin/python3\n")}, nothing).finds("script-interpreter"));
}

TEST_CASE("USER and its group are looked up by name") {
    const std::string accounts = layer({test::file("etc/passwd", "app:x:1000:1000::/:/bin/sh\n"),
                                        test::file("etc/group", "staff:x:50:\n")});
    CHECK(Checked({accounts}, R"({"User": "web"})").of("user") ==
          Texts{"the user web of USER web is not in /etc/passwd"});
    CHECK(Checked({accounts}, R"({"User": "app:web"})").of("user") ==
          Texts{"the group web of USER app:web is not in /etc/group"});
    CHECK_FALSE(Checked({accounts}, R"({"User": "app:staff"})").finds("user"));
    CHECK_FALSE(Checked({accounts}, R"({"User": "4711:4711"})").finds("user"));
    CHECK(Checked({accounts}, R"({"User": "4711"})").finds("user-number"));
    CHECK_FALSE(Checked({accounts}, R"({"User": "1000"})").finds("user-number"));
}

TEST_CASE("a program as root is a note, unless it has something to give root up with") {
    const auto image = [](const char* container, const char* script = "#!/bin/sh\nexec app\n") {
        return Checked({layer({test::file("bin/sh", "x", 0755), test::file("bin/gosu", "x", 0755),
                               test::file("run", script, 0755)})},
                       container);
    };
    CHECK(image(R"({"Entrypoint": ["/run"]})").one("root-user").level == check::Level::note);
    CHECK_FALSE(image(R"({"Entrypoint": ["/run"], "User": "1000"})").finds("root-user"));
    CHECK_FALSE(
        image(R"({"Entrypoint": ["/run"]})", "#!/bin/sh\nexec gosu app app\n").finds("root-user"));
    CHECK_FALSE(image(nothing).finds("root-user"));
}

TEST_CASE("WORKDIR and VOLUME are to be there") {
    const std::string tree = layer({test::folder("srv"), test::file("file", "x")});
    CHECK(Checked({tree}, R"({"WorkingDir": "/app"})").finds("workdir"));
    CHECK(Checked({tree}, R"({"WorkingDir": "/file"})").finds("workdir"));
    CHECK_FALSE(Checked({tree}, R"({"WorkingDir": "/srv"})").finds("workdir"));
    CHECK(Checked({tree}, R"({"User": "7", "Volumes": {"/data": {}}})").finds("volume"));
    CHECK_FALSE(Checked({tree}, R"({"Volumes": {"/data": {}}})").finds("volume"));
    CHECK_FALSE(Checked({tree}, R"({"User": "7", "Volumes": {"/srv": {}}})").finds("volume"));
}

TEST_CASE("an advised command quotes what the image names") {
    const std::string tree = layer({test::file("it's; rm x", "x", 04755)});
    const Checked checked({tree}, R"json({"User": "7", "Volumes": {"/a $(b)": {}}})json");
    CHECK(checked.one("volume").fix == "RUN install -d -o 7 '/a $(b)' before VOLUME");
    CHECK(checked.one("set-id").fix == R"(RUN chmod u-s '/it'\''s; rm x', or remove it)");
}

TEST_CASE("sizes are held against limits and baselines") {
    const std::string tree = layer({test::file("a", std::string(1000, 'a'))});
    check::CheckSettings settings;
    settings.thresholds.size = 999;
    CHECK(Checked({tree}, nothing, settings).of("size") ==
          Texts{"the image has 1.0 kB, its limit is 999 B"});
    settings.thresholds.size = 1000;
    CHECK_FALSE(Checked({tree}, nothing, settings).finds("size"));
    settings.thresholds.baseline_bytes = 900;
    CHECK(Checked({tree}, nothing, settings).finds("growth"));
    settings.thresholds.growth = 12;
    CHECK_FALSE(Checked({tree}, nothing, settings).finds("growth"));
}

TEST_CASE("what rebuild would save is a note from half on") {
    const auto image = [](std::size_t ballast) {
        return Checked({layer({test::file("app", test::elf({.dynamic = false}), 0755),
                               test::file("ballast", std::string(ballast, 'x'))})},
                       R"({"Entrypoint": ["/app"]})");
    };
    CHECK(image(100'000).one("reduction").level == check::Level::note);
    CHECK_FALSE(image(10).finds("reduction"));
    CHECK_FALSE(Checked({layer({test::file("data", large())})}, nothing).finds("reduction"));
}

TEST_CASE("dive's figures: copies count but the one that stays, a deleted folder's files once") {
    const std::string base =
        layer({test::file("a", std::string(100, 'a')), test::file("d/x", std::string(50, 'x')),
               test::file("d/y", std::string(50, 'y'))});
    // One layer alone: dive divides by zero.
    const Checked one({base}, nothing);
    CHECK(one.report.efficiency.efficiency == 1);
    CHECK(one.report.efficiency.wasted_percent == 0);
    const Checked replaced({base, layer({test::file("a", std::string(100, 'b'))})}, nothing);
    CHECK(replaced.report.efficiency.wasted_bytes == 100);
    CHECK(replaced.report.efficiency.efficiency == doctest::Approx(200.0 / 300));
    CHECK(replaced.report.efficiency.wasted_percent == 1);
    CHECK(replaced.report.layers[0].wasted == 100);
    const Checked deleted({base, layer({test::file(".wh.d", "")})}, nothing);
    CHECK(deleted.report.efficiency.wasted_bytes == 100);
    CHECK(deleted.report.efficiency.efficiency == doctest::Approx(100.0 / 200));
    CHECK(deleted.report.efficiency.wasted_percent == doctest::Approx(0.5));
    const Checked opaque({base, layer({test::file("d/.wh..wh..opq", "")})}, nothing);
    CHECK(opaque.report.efficiency.wasted_bytes == 100);
}

TEST_CASE("what is deleted again and again is looked for but once") {
    std::vector<test::Member> files;
    std::vector<test::Member> whiteouts;
    for (int i = 0; i < 100'000; ++i) {
        files.push_back(test::file("a/" + std::to_string(i), ""));
        whiteouts.push_back(test::file("a/.wh..wh..opq", ""));
    }
    files.push_back(test::file("a/x", std::string(1000, 'x')));
    const Checked checked({test::tar(files), test::tar(whiteouts)}, "{}");
    CHECK(checked.report.efficiency.wasted_bytes == 1000);
    CHECK(checked.report.layers.at(0).wasted == 1000);
}

TEST_CASE("dive's policies have its limits, and a default that small images are not held to") {
    const std::string base = layer({test::file("a", std::string(100, 'a'))});
    const std::string over = layer({test::file("a", std::string(100, 'b'))});
    CHECK_FALSE(Checked({base, over}, nothing).finds("dive-efficiency"));
    check::CheckSettings settings;
    settings.thresholds.lowest_efficiency = 0.6;
    settings.thresholds.highest_wasted_bytes = 99;
    settings.thresholds.highest_wasted_percent = 0.9;
    const Checked strict({base, over}, nothing, settings);
    CHECK(strict.finds("dive-efficiency"));
    CHECK(strict.finds("dive-wasted-bytes"));
    CHECK(strict.finds("dive-wasted-percent"));
    settings.thresholds.lowest_efficiency = 0.5;
    settings.thresholds.highest_wasted_bytes = 100;
    settings.thresholds.highest_wasted_percent = 1;
    const Checked loose({base, over}, nothing, settings);
    CHECK_FALSE(loose.finds("dive-efficiency"));
    CHECK_FALSE(loose.finds("dive-wasted-bytes"));
    CHECK_FALSE(loose.finds("dive-wasted-percent"));
}

TEST_CASE("a layer that only deletes is told, one that also adds is not") {
    const std::string base = layer({test::file("big", large())});
    CHECK(Checked({base, layer({test::file(".wh.big", "")})}, nothing).finds("deleting-layer"));
    CHECK_FALSE(
        Checked({base, layer({test::file(".wh.big", ""), test::file("new", large('y'))})}, nothing)
            .finds("deleting-layer"));
}

TEST_CASE("set-id programs are told, a package's own only with the profile distroless") {
    const Checked own({layer({test::file("app/su", "x", 04755)})}, nothing);
    CHECK(own.of("set-id") == Texts{"/app/su is set-user-ID: whoever runs it becomes user 0"});
    CHECK_FALSE(Checked({layer({test::file("app/su", "x", 0755)})}, nothing).finds("set-id"));
    std::vector<test::Member> owned = package("/usr/bin/su\n");
    owned.push_back(test::file("usr/bin/su", "x", 04755));
    CHECK_FALSE(Checked({layer(owned)}, nothing).finds("set-id"));
    check::CheckSettings distroless;
    distroless.distroless = true;
    CHECK(Checked({layer(owned)}, nothing, distroless).finds("set-id"));
}

TEST_CASE("programs and system folders that all may write to are told, data folders are not") {
    const auto finds = [](const test::Member& member) {
        return Checked({layer({member})}, nothing).finds("world-writable");
    };
    CHECK(finds(test::file("app/run", "x", 0777)));
    CHECK(finds(test::file("etc/app.conf", "x", 0666)));
    CHECK(finds(test::folder("usr/lib", 0777)));
    CHECK_FALSE(finds(test::file("app/run", "x", 0775)));
    CHECK_FALSE(finds(test::folder("data", 0777)));
    CHECK_FALSE(finds(test::folder("tmp", 01777)));
}

TEST_CASE("shells and package managers are told with the profile distroless alone") {
    const std::string tree =
        layer({test::file("bin/sh", "x", 0755), test::file("usr/bin/apt", "x", 0755)});
    check::CheckSettings distroless;
    distroless.distroless = true;
    CHECK_FALSE(Checked({tree}, nothing).finds("shell"));
    const Checked strict({tree}, nothing, distroless);
    CHECK(strict.paths_of("shell") == Texts{"/bin/sh"});
    CHECK(strict.paths_of("package-manager") == Texts{"/usr/bin/apt"});
    CHECK_FALSE(
        Checked({layer({test::file("app/sh", "x", 0755)})}, nothing, distroless).finds("shell"));
    CHECK_FALSE(Checked({layer({test::file("usr/share/bash-completion/apt", "x", 0755)})}, nothing,
                        distroless)
                    .finds("package-manager"));
}

TEST_CASE("caches are told from a megabyte on, with what clears them") {
    const auto finds = [](const char* path, std::size_t bytes) {
        return Checked({layer({test::file(path, std::string(bytes, 'x'))})}, nothing)
            .finds("cache-files");
    };
    CHECK(finds("var/cache/apt/archives/a.deb", 1'000'000));
    CHECK(finds("root/.cache/pip/http/a", 1'000'000));
    CHECK(finds("home/app/.npm/_cacache/a", 1'000'000));
    CHECK_FALSE(finds("var/cache/apt/archives/a.deb", 900'000));
    CHECK_FALSE(finds("var/cache/app/a", 1'000'000));
}

TEST_CASE("copies are told, hard links are not") {
    CHECK(Checked({layer({test::file("a", large()), test::file("b", large())})}, nothing)
              .one("duplicate-files")
              .bytes == 1'100'000);
    CHECK_FALSE(Checked({layer({test::file("a", large()), test::file("b", large('y'))})}, nothing)
                    .finds("duplicate-files"));
    CHECK_FALSE(Checked({layer({test::file("a", large()), test::hardlink("b", "a")})}, nothing)
                    .finds("duplicate-files"));
}

TEST_CASE("sparse files are no copies: their size is not what they take") {
    const auto file = [](const std::string& name, bool sparse) {
        test::Member member = test::file(name, large());
        const std::string size = std::to_string(large().size());
        if (sparse) {
            member.pax = test::pax_record("GNU.sparse.major", "0") +
                         test::pax_record("GNU.sparse.minor", "1") +
                         test::pax_record("GNU.sparse.name", name) +
                         test::pax_record("GNU.sparse.size", size) +
                         test::pax_record("GNU.sparse.numblocks", "1") +
                         test::pax_record("GNU.sparse.map", "0," + size);
        }
        return member;
    };
    for (const bool sparse : {false, true}) {
        CHECK(Checked({layer({file("a", sparse), file("b", sparse)})}, nothing)
                  .finds("duplicate-files") != sparse);
    }
}

TEST_CASE("debug sections of what is needed are told from a megabyte on") {
    const auto spec = [](std::size_t bytes) {
        return test::ElfSpec{
            .sections = {{.name = ".debug_info", .content = std::string(bytes, 'd'), .flags = 0}},
            .dynamic = false};
    };
    CHECK(program(spec(1'000'000), "debug-sections").finds("debug-sections"));
    CHECK_FALSE(program(spec(900'000), "debug-sections").finds("debug-sections"));
}

TEST_CASE("a program at a fixed address is told") {
    CHECK(program({.type = 2, .dynamic = false}, "elf-pie").finds("elf-pie"));
    CHECK_FALSE(program({.type = 3, .flags_1 = 0x08000000}, "elf-pie").finds("elf-pie"));
}

TEST_CASE("search paths that are relative, empty or open to all are told") {
    const auto finds = [](const char* runpath) {
        return program({.needed = {"libc.so.6"}, .runpath = runpath, .flags_1 = 0x08000000},
                       "elf-search-path")
            .finds("elf-search-path");
    };
    CHECK(finds("lib"));
    CHECK(finds("/usr/lib:"));
    CHECK(finds("/tmp/build/lib"));
    CHECK_FALSE(finds("$ORIGIN/../lib:/usr/lib"));
}

TEST_CASE("a stack that can be executed is told, and what packages bring is not") {
    const auto with_stack = [](std::uint32_t flags) {
        return test::ElfSpec{.segments = {{PT_GNU_STACK, flags}}};
    };
    const Checked checked = program(with_stack(PF_R | PF_W | PF_X), "elf-executable-stack");
    CHECK(checked.of("elf-executable-stack") ==
          Texts{"/app/run asks for a stack that can be executed"});
    CHECK_FALSE(
        program(with_stack(PF_R | PF_W), "elf-executable-stack").finds("elf-executable-stack"));
    std::vector<test::Member> owned = package("/app/run\n");
    owned.push_back(test::file("app/run", test::elf(with_stack(PF_R | PF_W | PF_X)), 0755));
    CHECK_FALSE(
        Checked({layer(owned)}, R"({"Entrypoint": ["/app/run"]})").finds("elf-executable-stack"));
}

TEST_CASE("a dynamic program whose relocations stay writable is told") {
    const auto finds = [](bool dynamic, std::vector<test::ElfSpec::Segment> segments) {
        return program({.needed = dynamic ? Texts{"libc.so.6"} : Texts{},
                        .segments = std::move(segments),
                        .dynamic = dynamic},
                       "elf-relro")
            .finds("elf-relro");
    };
    CHECK(finds(true, {}));
    CHECK(finds(true, {{PT_GNU_STACK, PF_R | PF_W}}));
    CHECK_FALSE(finds(true, {{PT_GNU_RELRO}}));
    CHECK_FALSE(finds(false, {}));
}

TEST_CASE("a program that copies without a limit and has no stack protector is told, if asked") {
    const auto spec = [](const Texts& imported) {
        test::ElfSpec made{.needed = {"libc.so.6"}};
        for (const std::string& name : imported) {
            made.symbols.push_back({.name = name, .defined = false});
        }
        return made;
    };
    const auto finds = [&](const Texts& imported) {
        return program(spec(imported), "elf-stack-protector").finds("elf-stack-protector");
    };
    CHECK(finds({"puts", "strcpy"}));
    CHECK_FALSE(finds({"__stack_chk_fail", "strcpy"}));
    CHECK_FALSE(finds({"puts", "strncpy"}));
    CHECK_FALSE(Checked({layer({test::file("app/run", test::elf(spec({"strcpy"})), 0755)})},
                        R"({"Entrypoint": ["/app/run"]})")
                    .finds("elf-stack-protector"));
}
