#include <doctest/doctest.h>

#include "fixture.hpp"
#include "support/counting_progress.hpp"
#include "support/elf.hpp"
#include "support/pack.hpp"

using namespace slimimg;

namespace {

constexpr const char* config_json = R"({"architecture": "amd64", "os": "linux",
    "config": {"Entrypoint": ["/bin/app"]}})";

/// A program in one layer, its library in another, large enough for several pieces of inflate.
std::vector<std::string> layers() {
    return {
        test::tar({test::file("lib/ld.so", test::elf({.soname = "ld.so"}), 0755),
                   test::file("lib/liba.so", test::elf({.soname = "liba.so"})),
                   test::file("usr/share/doc/large", test::sample(3'000'000))}),
        test::tar({test::file(
            "bin/app", test::elf({.interpreter = "/lib/ld.so", .needed = {"liba.so"}}), 0755)})};
}

}  // namespace

TEST_CASE("each layer is inflated once, and only once, in a whole analyze and a whole rebuild") {
    const test::Folder folder;
    for (const test::Pack pack : {&test::gzip, &test::zstd, &test::xz}) {
        const std::string input =
            folder.file("app.tar", test::docker_archive(config_json, layers(), "app:1.0", pack));
        for (const unsigned threads : {1U, 3U}) {
            test::CountingProgress analyzed;
            test::CountingProgress rebuilt;
            RunOptions run{.threads = threads, .progress = &analyzed};
            static_cast<void>(slim::analyze(input, {}, run));
            CHECK(analyzed.begun["inflate"] == 2);
            CHECK(analyzed.ended["inflate"] == 2);

            run.progress = &rebuilt;
            static_cast<void>(slim::rebuild(input, {}, {.output = folder / "slim.tar"}, run));
            CHECK(rebuilt.begun["inflate"] == 2);
            CHECK(rebuilt.ended["inflate"] == 2);
        }
    }
}

TEST_CASE("an archive that is packed as a whole is inflated once, its plain layers never") {
    const test::Folder folder;
    const std::string input =
        folder.file("app.tar.gz", test::gzip(test::docker_archive(config_json, layers())));
    test::CountingProgress progress;
    const RunOptions run{.threads = 2, .progress = &progress};
    static_cast<void>(slim::rebuild(input, {}, {.output = folder / "slim.tar"}, run));
    CHECK(progress.begun["inflate"] == 1);
}
