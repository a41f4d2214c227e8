#include <fstream>
#include <random>

#include <doctest/doctest.h>

#include "slimimg/base/cache.hpp"

#include "archive/expect_error.hpp"
#include "archive/scratch.hpp"
#include "image/files.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"

using namespace slimimg;
using test::config_json;
using test::expect_error;
using test::layer;
using test::Scratch;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t plenty = 1 << 30;

/// Large enough to be spooled.
const std::string& large() {
    static const std::string tar = layer("large", test::sample(3'000'000));
    return tar;
}

image::Image plain_image(const std::vector<std::string>& layers) {
    return test::read(test::docker_files(config_json(layers), layers).tar());
}

/// An OCI layout whose blobs are packed.
image::Image packed_image(const std::vector<std::string>& layers) {
    std::vector<std::string> packed;
    for (const std::string& each : layers) {
        packed.push_back(test::gzip(each));
    }
    return test::read(test::layout_files(config_json(layers), packed).tar());
}

/// A scan, and what was done for it.
struct Run {
    std::vector<archive::LayerScan> scans;
    std::map<std::string, int> steps;
};

Run scan(const image::Image& image, Cache* cache, RunOptions options = {}) {
    test::CountingProgress progress;
    options.progress = &progress;
    options.cache = cache;
    options.threads = 2;
    return {image::scan_layers(image, options), progress.begun};
}

void check_same(const std::vector<archive::LayerScan>& a,
                const std::vector<archive::LayerScan>& b) {
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK((a[i].tar.text() == b[i].tar.text()));
        CHECK(a[i].diff_id == b[i].diff_id);
        CHECK(a[i].blob == b[i].blob);
        CHECK(a[i].codec == b[i].codec);
        CHECK(a[i].diagnostics == b[i].diagnostics);
        REQUIRE(a[i].entries.size() == b[i].entries.size());
        for (std::size_t k = 0; k < a[i].entries.size(); ++k) {
            CHECK(a[i].entries[k].path == b[i].entries[k].path);
            CHECK(a[i].entries[k].header == b[i].entries[k].header);
        }
    }
}

std::vector<fs::path> files_with(const fs::path& folder, const std::string& ending) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (entry.path().string().ends_with(ending)) {
            files.push_back(entry.path());
        }
    }
    return files;
}

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// In place of the old file, which is mapped.
void replace(const fs::path& file, const std::string& content) {
    fs::remove(file);
    std::ofstream(file, std::ios::binary) << content;
}

}  // namespace

TEST_CASE("a layer that is in the cache is neither inflated, hashed nor listed again") {
    const std::vector<std::string> layers{large(), layer("small"), layer("end") + "more"};
    for (const image::Image& image : {plain_image(layers), packed_image(layers)}) {
        const Scratch scratch;
        const Run cold = scan(image, nullptr);
        {
            FolderCache cache(scratch.path, plenty);
            Run filling = scan(image, &cache);
            check_same(filling.scans, cold.scans);
            CHECK(filling.steps["keep"] == 3);
        }
        FolderCache cache(scratch.path, plenty);
        Run warm = scan(image, &cache);
        check_same(warm.scans, cold.scans);
        CHECK(warm.steps["inflate"] == 0);
        CHECK(warm.steps["hash"] == 0);
        CHECK(warm.steps["scan"] == 0);
        CHECK(warm.steps["keep"] == 0);
        CHECK(warm.steps["recall"] == 3);
        CHECK(warm.steps["compare"] >= 3);
        CHECK(cache.problem().empty());
    }
}

TEST_CASE("an image of which one layer is new reads that layer") {
    MemoryCache cache;
    scan(packed_image({large(), layer("a")}), &cache);
    Run second = scan(packed_image({large(), layer("b")}), &cache);
    CHECK(second.steps["inflate"] == 1);
    CHECK(second.scans[1].entries[0].path == "/b");
    // Packed otherwise it is another blob, though the same layer.
    CHECK(scan(plain_image({large()}), &cache).steps["scan"] == 1);
}

TEST_CASE("a layer that claims the digest of another one is refused") {
    const std::string known = layer("known", "1");
    const std::string other = layer("known", "2");
    REQUIRE(known.size() == other.size());
    MemoryCache cache;
    scan(plain_image({known}), &cache);
    const image::Image lies = test::read(test::docker_files(config_json({known}), {other}).tar());
    for (int round = 0; round < 2; ++round) {
        expect_error("digest-mismatch", "layer 0 of ", [&] { scan(lies, &cache); });
    }
    // Nor does what it holds get into the cache.
    Run after = scan(plain_image({known}), &cache);
    CHECK(after.steps["hash"] == 0);
    CHECK(after.scans[0].tar.text() == known);
}

TEST_CASE("of several wrong layers the first is told, also where the cache knew it") {
    const std::vector<std::string> claimed{layer("known", "1"), layer("b", "1")};
    MemoryCache cache;
    scan(plain_image({claimed[0]}), &cache);
    const image::Image lies = test::read(
        test::docker_files(config_json(claimed), {layer("known", "2"), layer("b", "2")}).tar());
    expect_error("digest-mismatch", "layer 0 of ", [&] { scan(lies, nullptr); });
    expect_error("digest-mismatch", "layer 0 of ", [&] { scan(lies, &cache); });
    const std::string garbage(2000, 'x');
    const image::Image damaged = test::read(
        test::docker_files(config_json({claimed[0], garbage}), {layer("known", "2"), garbage})
            .tar());
    expect_error("layer-damaged", "layer 1 of ", [&] { scan(damaged, nullptr); });
    expect_error("layer-damaged", "layer 1 of ", [&] { scan(damaged, &cache); });
}

TEST_CASE("a config that lies about a known blob is refused") {
    MemoryCache cache;
    scan(packed_image({layer("a")}), &cache);
    const image::Image lies =
        test::read(test::layout_files(config_json({layer("b")}), {test::gzip(layer("a"))}).tar());
    expect_error("digest-mismatch", "where the config says", [&] { scan(lies, &cache); });
}

TEST_CASE("an entry that is damaged is not used, and replaced") {
    const image::Image image = packed_image({large()});
    const Scratch scratch;
    FolderCache cache(scratch.path, plenty);
    const Run cold = scan(image, &cache);
    std::mt19937 random(1);
    for (const std::string ending : {".scan", ".tar"}) {
        const fs::path file = files_with(scratch.path, ending).at(0);
        const std::string good = content_of(file);
        std::vector<std::string> bad{"",
                                     good + "x",
                                     good.substr(0, 16),
                                     good.substr(0, 15),
                                     good.substr(0, good.size() - 1),
                                     std::string(good.size(), '\0')};
        for (int i = 0; i < 20; ++i) {
            bad.push_back(good);
            bad.back()[random() % good.size()] ^= static_cast<char>(1 << random() % 8);
            bad.push_back(good.substr(0, random() % good.size()));
        }
        for (const std::string& damaged : bad) {
            replace(file, damaged);
            Run again = scan(image, &cache);
            CHECK(again.steps["inflate"] == 1);
            check_same(again.scans, cold.scans);
            CHECK((content_of(file) == good));
        }
        fs::remove(file);
        CHECK(scan(image, &cache).steps["inflate"] == 1);
        CHECK(scan(image, &cache).steps["inflate"] == 0);
    }
}

TEST_CASE("work with a damaged entry is done again, whatever came of it") {
    const image::Image image = packed_image({large()});
    const Scratch scratch;
    FolderCache cache(scratch.path, plenty);
    const Run cold = scan(image, &cache);
    const fs::path file = files_with(scratch.path, ".tar").at(0);
    std::string content = content_of(file);
    content[content.size() / 2] ^= 1;
    for (const bool fails : {false, true}) {
        replace(file, content);
        RunOptions options;
        options.cache = &cache;
        std::vector<bool> is_right;
        image::with_layers(image, options, [&](std::vector<archive::LayerScan> scans) {
            is_right.push_back(scans.at(0).tar.text() == cold.scans[0].tar.text());
            if (fails && !is_right.back()) {
                throw std::runtime_error("met the damage");
            }
        });
        CHECK(is_right == std::vector{false, true});
    }
}

TEST_CASE("an entry in the place of another one is not used") {
    const Scratch scratch;
    FolderCache cache(scratch.path, plenty);
    scan(plain_image({layer("a", "1")}), &cache);
    const fs::path first = files_with(scratch.path, ".scan").at(0);
    const std::string content = content_of(first);
    fs::remove(first);
    const image::Image other = plain_image({layer("a", "2")});
    scan(other, &cache);
    replace(files_with(scratch.path, ".scan").at(0), content);
    CHECK(scan(other, &cache).steps["hash"] == 1);
}

TEST_CASE("entries of another key or form are not used") {
    const Scratch scratch;
    const image::Image image = plain_image({large()});
    { scan(image, &*std::make_unique<FolderCache>(scratch.path, plenty)); }
    fs::remove(scratch.path / "key");
    FolderCache cache(scratch.path, plenty);
    CHECK(scan(image, &cache).steps["hash"] == 1);
    CHECK(scan(image, &cache).steps["hash"] == 0);
    RunOptions other;
    other.limits.path_bytes = 1000;
    CHECK(scan(image, &cache, other).steps["hash"] == 1);
    const fs::path file = files_with(scratch.path, ".scan").at(0);
    CHECK(file.filename().string().find(".1-") == 64);  // the form's number, the program's version
    fs::rename(file, file.string() + "2.scan");
    CHECK(scan(image, &cache).steps["hash"] == 1);
}

TEST_CASE("without verification nothing is kept, and what is known is not trusted blindly") {
    const std::string known = layer("known", "1");
    const std::string other = layer("known", "2");
    REQUIRE(test::gzip(known).size() == test::gzip(other).size());
    const Scratch scratch;
    FolderCache cache(scratch.path, plenty);
    RunOptions trusting;
    trusting.verify = false;
    scan(packed_image({known}), &cache, trusting);
    CHECK(files_with(scratch.path, ".scan").empty());
    scan(packed_image({known}), &cache);
    CHECK(scan(packed_image({known}), &cache, trusting).steps["inflate"] == 0);
    test::Files files = test::layout_files(config_json({known}), {test::gzip(known)});
    files[files.name_with(test::gzip(known))] = test::gzip(other);
    const Run lies = scan(test::read(files.tar(), {}, trusting), &cache, trusting);
    CHECK((lies.scans[0].tar.text() == other));
}

TEST_CASE("a cache without room is done without") {
    const image::Image image = packed_image({large()});
    const Scratch scratch;
    {
        FolderCache cache(scratch.path, 1'000'000);
        scan(image, &cache);
        CHECK(scan(image, &cache).steps["inflate"] == 1);
        fs::remove_all(scratch.path);
        CHECK(scan(image, &cache).scans[0].diff_id == image.layers[0].diff_id);
        CHECK_FALSE(cache.problem().empty());
    }
    fs::create_directory(scratch.path);
}
