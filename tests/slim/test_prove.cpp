#include <set>

#include <doctest/doctest.h>

#include "fixture.hpp"
#include "slim/layer_writer.hpp"
#include "support/elf.hpp"

using namespace slimimg;
using test::ElfSpec;
using test::Member;
using Symbol = ElfSpec::Symbol;

namespace {

constexpr const char* loader_path = "/lib64/ld-linux-x86-64.so.2";

Member loader() {
    return test::file("lib64/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"}),
                      0755);
}

Member program(const std::string& path, ElfSpec spec) {
    spec.interpreter = loader_path;
    return test::file(path, test::elf(spec), 0755);
}

Member library(const std::string& path, ElfSpec spec) {
    if (!spec.soname) {
        spec.soname = path.substr(path.rfind('/') + 1);
    }
    return test::file(path, test::elf(spec));
}

Symbol wants(const std::string& name, const std::string& version = "") {
    return {.name = name, .version = version, .defined = false};
}
Symbol defines(const std::string& name, const std::string& version = "") {
    return {.name = name, .version = version};
}

/// An image whose closure keeps everything, and what was written of it: all but some paths.
struct Proved : test::ClosureOf {
    slim::Proof proof;

    Proved(rootfs::Rootfs tree, const std::set<std::string>& lost,
           image::Config image_config = test::runs({"/bin/app"}))
        : ClosureOf(std::move(tree), std::move(image_config), everything()) {
        slim::Plan plan = slim::make_plan(rootfs, config, packages, closure);
        std::erase_if(plan.items,
                      [&](const slim::PlanItem& item) { return lost.contains(item.path); });
        std::vector<archive::LayerScan> scans;
        scans.push_back(archive::scan_layer(slim::write_layer(plan, rootfs, {}, {}).stored, {},
                                            "written layer"));
        const rootfs::Rootfs written = rootfs::Rootfs::merge(std::move(scans), {});
        proof = slim::prove(written, rootfs, closure, config, {});
    }

    /// "kind name" of each failure, in order, separated by commas.
    [[nodiscard]] std::string failures() const {
        std::string all;
        for (const closure::Unresolved& failure : proof.failures) {
            all += (all.empty() ? "" : ", ") + failure.kind + " " + failure.name;
            CHECK(failure.fatal());
        }
        return all;
    }
    [[nodiscard]] std::string diagnostics() const {
        std::string all;
        for (const Diagnostic& diagnostic : proof.diagnostics) {
            all += (all.empty() ? "" : ", ") + diagnostic.code + " " + diagnostic.path;
        }
        return all;
    }

  private:
    static closure::Request everything() {
        closure::Request request;
        request.include = {"/"};
        return request;
    }
};

}  // namespace

TEST_CASE("a program whose libraries and symbols are all there is proved") {
    const Proved all(
        test::tree({loader(), program("bin/app", {.needed = {"liba.so"}, .symbols = {wants("a")}}),
                    library("lib/liba.so", {.symbols = {defines("a")}})}),
        {});
    CHECK(all.failures() == "");
    CHECK(all.diagnostics() == "");
    CHECK(all.proof.programs == 1);
    CHECK(all.proof.libraries == 2);
    CHECK(all.proof.symbols == 1);
}

TEST_CASE("a static program has nothing to link") {
    const Proved all(
        test::tree({test::file("bin/app", test::elf({.type = 2, .dynamic = false}), 0755)}), {});
    CHECK(all.failures() == "");
    CHECK(all.proof.programs == 1);
    CHECK(all.proof.libraries == 0);
}

TEST_CASE("a library that was lost is a failure, and so is what only it defines") {
    const Proved lost(
        test::tree({loader(), program("bin/app", {.needed = {"liba.so"}, .symbols = {wants("a")}}),
                    library("lib/liba.so", {.symbols = {defines("a")}})}),
        {"/lib/liba.so"});
    CHECK(lost.failures() == "library liba.so, symbol a");
    CHECK(lost.proof.failures[0].needed_by == lost.rootfs.find("/bin/app"));
}

TEST_CASE("a lost interpreter is a failure") {
    const Proved lost(test::tree({loader(), program("bin/app", {})}), {loader_path});
    CHECK(lost.failures() == "interpreter " + std::string(loader_path));
}

TEST_CASE("a library that takes the place of a lost one must have its versions") {
    const auto tree = [] {
        return test::tree(
            {loader(),
             program("bin/app", {.needed = {"liba.so"},
                                 .version_needs = {{"liba.so", {{"A_1"}, {"A_2"}, {"A_3", true}}}},
                                 .symbols = {wants("a", "A_2")}}),
             library("lib/liba.so", {.version_definitions = {"liba.so", "A_1", "A_2"},
                                     .symbols = {defines("a", "A_2")}}),
             library("usr/lib/liba.so", {.version_definitions = {"liba.so", "A_1"},
                                         .symbols = {defines("a", "A_1")}})});
    };
    CHECK(Proved(tree(), {}).failures() == "");
    CHECK(Proved(tree(), {"/lib/liba.so"}).failures() == "symbol a@A_2, version A_2");
}

TEST_CASE("a library without any version satisfies with a note, as the loader only warns") {
    const Proved all(test::tree({loader(),
                                 program("bin/app", {.needed = {"liba.so"},
                                                     .version_needs = {{"liba.so", {{"A_1"}}}},
                                                     .symbols = {wants("a", "A_1")}}),
                                 library("lib/liba.so", {.symbols = {defines("a")}})}),
                     {});
    CHECK(all.failures() == "");
    CHECK(all.diagnostics() == "library-unversioned /bin/app");
}

TEST_CASE("a version that a required file wants and the source lacks is a failure") {
    const auto image = [] {
        return test::tree(
            {loader(),
             program("bin/app", {.needed = {"liba.so"}, .version_needs = {{"liba.so", {{"A_9"}}}}}),
             library("lib/liba.so", {.version_definitions = {"liba.so", "A_1"}})});
    };
    CHECK(Proved(image(), {}).failures() == "version A_9");
}

TEST_CASE("a symbol that the source lacks too is told, once a file") {
    const Proved all(
        test::tree({loader(), program("bin/app", {.needed = {"liba.so"}}),
                    library("lib/liba.so", {.symbols = {wants("lazy1"), wants("lazy2")}})}),
        {});
    CHECK(all.failures() == "");
    CHECK(all.diagnostics() == "symbol-undefined /lib/liba.so");
    CHECK(all.proof.diagnostics[0].message.find("lazy1, lazy2") != std::string::npos);
    CHECK(all.proof.symbols == 0);
}

TEST_CASE("weak symbols may stay undefined") {
    const Proved all(
        test::tree(
            {loader(),
             program("bin/app", {.symbols = {{.name = "maybe", .defined = false, .weak = true}}})}),
        {});
    CHECK(all.failures() == "");
    CHECK(all.diagnostics() == "");
}

TEST_CASE("a versioned reference is answered by that version alone, hidden or not") {
    const auto undefined = [](const Symbol& definition,
                              const std::vector<std::string>& definitions) {
        const Proved proved(
            test::tree({loader(),
                        program("bin/app", {.needed = {"liba.so"},
                                            .version_needs = {{"liba.so", {{"A_2", true}}}},
                                            .symbols = {wants("a", "A_2")}}),
                        library("lib/liba.so",
                                {.version_definitions = definitions, .symbols = {definition}})}),
            {});
        CHECK(proved.failures() == "");
        return !proved.proof.diagnostics.empty() &&
               proved.proof.diagnostics.back().code == "symbol-undefined";
    };
    const std::vector<std::string> versions{"liba.so", "A_1", "A_2"};
    CHECK_FALSE(undefined({.name = "a", .version = "A_2"}, versions));
    CHECK_FALSE(undefined({.name = "a", .version = "A_2", .hidden = true}, versions));
    CHECK(undefined({.name = "a", .version = "A_1"}, versions));
    CHECK(undefined({.name = "a"}, versions));
    CHECK_FALSE(undefined({.name = "a"}, {}));
}

TEST_CASE("a reference without a version is answered by the default or the oldest version") {
    const auto undefined = [](const Symbol& definition) {
        const Proved proved(
            test::tree(
                {loader(), program("bin/app", {.needed = {"liba.so"}, .symbols = {wants("a")}}),
                 library("lib/liba.so", {.version_definitions = {"liba.so", "A_1", "A_2", "A_3"},
                                         .symbols = {definition}})}),
            {});
        return !proved.proof.diagnostics.empty();
    };
    CHECK_FALSE(undefined({.name = "a", .version = "A_3"}));
    CHECK_FALSE(undefined({.name = "a", .version = "A_1", .hidden = true}));
    CHECK(undefined({.name = "a", .version = "A_2", .hidden = true}));
}

TEST_CASE("musl looks symbols up by name alone") {
    const auto image = [](const std::string& version) {
        return test::tree(
            {library("lib/ld-musl-x86_64.so.1",
                     {.soname = "libc.musl-x86_64.so.1",
                      .sections = {{.name = ".rodata", .content = "musl libc (x86_64)"}}}),
             test::file("bin/app",
                        test::elf({.interpreter = "/lib/ld-musl-x86_64.so.1",
                                   .needed = {"liba.so"},
                                   .version_needs = {{"liba.so", {{"A_2"}}}},
                                   .symbols = {wants("a", "A_2")}}),
                        0755),
             library("lib/liba.so", {.version_definitions = {"liba.so", version},
                                     .symbols = {defines("a", version)}})});
    };
    const Proved other(image("A_1"), {});
    CHECK(other.failures() == "");
    CHECK(other.diagnostics() == "");
}

TEST_CASE("a symbol of a program must be defined in its own process, not in another's") {
    const auto image = [] {
        return test::tree(
            {loader(), program("bin/app", {.needed = {"liba.so"}, .symbols = {wants("b")}}),
             program("bin/other", {.needed = {"libb.so"}, .symbols = {wants("b")}}),
             library("lib/liba.so", {.needed = {"libb.so"}}), library("usr/lib/liba.so", {}),
             library("lib/libb.so", {.symbols = {defines("b")}})});
    };
    CHECK(Proved(image(), {}).failures() == "");
    CHECK(Proved(image(), {"/lib/liba.so"}).failures() == "symbol b");
}

TEST_CASE("a module finds its symbols in whichever program loads it") {
    const auto image = [] {
        return test::tree(
            {loader(), program("bin/app", {.symbols = {defines("host_api")}}),
             library("usr/lib/app/plugin.so",
                     {.needed = {"libp.so"}, .symbols = {wants("host_api"), wants("p")}}),
             library("lib/libp.so", {.symbols = {defines("p")}})});
    };
    const Proved all(image(), {});
    CHECK(all.failures() == "");
    CHECK(all.diagnostics() == "");
    CHECK(all.proof.symbols == 2);
    CHECK(Proved(image(), {"/lib/libp.so"}).failures() == "library libp.so, symbol p");
}

TEST_CASE("a module whose library lies in its program's RPATH is linked in that program") {
    const Proved all(test::tree({loader(), program("opt/bin/app", {.rpath = "/opt/lib"}),
                                 library("usr/lib/app/plugin.so", {.needed = {"libp.so"}}),
                                 library("opt/lib/libp.so", {})}),
                     {}, test::runs({"/opt/bin/app"}));
    CHECK(all.failures() == "");
}

TEST_CASE("a plugin that never had its library is the image's own affair") {
    const Proved all(test::tree({loader(), program("bin/app", {}),
                                 library("usr/lib/app/plugin.so", {.needed = {"libgone.so"}})}),
                     {});
    CHECK(all.failures() == "");
}

TEST_CASE("a symlink that lost its target is a failure; what dangled before may dangle") {
    const auto image = [] {
        return test::tree({test::file("bin/app", "#!/bin/sh", 0755),
                           test::file("bin/sh", "x", 0755), test::file("etc/real", "x"),
                           test::symlink("etc/name", "real"),
                           test::symlink("etc/dangling", "nowhere"),
                           test::symlink("var/log", "/dev/stdout"), test::file("dev/stdout", "x")});
    };
    CHECK(Proved(image(), {}).failures() == "");
    CHECK(Proved(image(), {"/dev/stdout"}).failures() == "");
    const Proved lost(image(), {"/etc/real"});
    CHECK(lost.failures() == "link /etc/real");
    CHECK(lost.proof.failures[0].needed_by == lost.rootfs.find("/etc/name"));
}

TEST_CASE("the entrypoint, the health check and interpreters of scripts must be found") {
    image::Config config = test::runs({"start", "now"});
    config.env = {"PATH=/opt/bin"};
    config.healthcheck = {"CMD", "/opt/bin/health"};
    const auto image = [] {
        return test::tree({test::file("opt/bin/start", "#! /bin/sh -e\n", 0755),
                           test::file("opt/bin/health", "#!/bin/sh", 0755),
                           test::file("bin/sh", "x", 0755)});
    };
    CHECK(Proved(image(), {}, config).failures() == "");
    CHECK(Proved(image(), {"/opt/bin/start"}, config).failures() == "command start");
    CHECK(Proved(image(), {"/opt/bin/health"}, config).failures() == "command /opt/bin/health");
    CHECK(Proved(image(), {"/bin/sh"}, config).failures() ==
          "interpreter /bin/sh, interpreter /bin/sh");
}

TEST_CASE("an entrypoint that another one replaced is told of") {
    closure::Request request;
    request.entrypoints = {{"/bin/other"}};
    const test::ClosureOf kept(
        test::tree({test::file("bin/app", "x", 0755), test::file("bin/other", "x", 0755)}),
        test::runs({"/bin/app"}), request);
    const rootfs::Rootfs written = test::tree({test::file("bin/other", "x", 0755)});
    const slim::Proof proof = slim::prove(written, kept.rootfs, kept.closure, kept.config, {});
    CHECK(proof.failures.empty());
    REQUIRE(proof.diagnostics.size() == 1);
    CHECK(proof.diagnostics[0].code == "command-not-kept");
    CHECK(proof.diagnostics[0].path == "/bin/app");
}

TEST_CASE("threads don't change what is proved") {
    const auto image = [] {
        return test::tree({loader(),
                           program("bin/app", {.needed = {"liba.so"}, .symbols = {wants("x")}}),
                           program("bin/two", {.needed = {"liba.so"}, .symbols = {wants("y")}}),
                           library("lib/liba.so", {.symbols = {wants("z"), defines("x")}}),
                           library("lib/module.so", {.symbols = {wants("m")}})});
    };
    const test::ClosureOf kept(image(), test::runs({"/bin/app"}));
    const auto proof_with = [&](unsigned threads) {
        RunOptions run;
        run.threads = threads;
        return slim::prove(image(), kept.rootfs, kept.closure, kept.config, run);
    };
    const slim::Proof one = proof_with(1);
    const slim::Proof four = proof_with(4);
    CHECK(one.diagnostics == four.diagnostics);
    CHECK(one.symbols == four.symbols);
    CHECK(one.diagnostics.size() == 3);
}
