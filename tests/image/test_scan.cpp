#include <doctest/doctest.h>

#include "archive/expect_error.hpp"
#include "image/files.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"

using slimimg::Limits;
using slimimg::RunOptions;
using slimimg::image::Image;
using slimimg::image::scan_layers;
using slimimg::image::with_layers;
using test::config_json;
using test::expect_error;
using test::layer;

namespace {

using Scans = std::vector<slimimg::archive::LayerScan>;

Image image_of(const std::vector<std::string>& claimed, const std::vector<std::string>& layers) {
    return test::read(test::docker_files(config_json(claimed), layers).tar());
}

}  // namespace

TEST_CASE("all layers are scanned, the same for any number of threads") {
    std::vector<std::string> layers;
    for (int i = 0; i < 20; ++i) {
        layers.push_back(
            layer("file" + std::to_string(i), std::string(static_cast<std::size_t>(i * 300), 'x')));
    }
    const Image image = image_of(layers, layers);
    for (const unsigned threads : {1U, 4U}) {
        RunOptions options;
        options.threads = threads;
        const auto scans = scan_layers(image, options);
        REQUIRE(scans.size() == layers.size());
        for (std::size_t i = 0; i < layers.size(); ++i) {
            CHECK(scans[i].tar.text() == layers[i]);
            CHECK(scans[i].diff_id == image.layers[i].diff_id);
        }
    }
}

TEST_CASE("a layer that is not what the config says is refused, unless nothing is verified") {
    const Image image = image_of({layer("a"), layer("b")}, {layer("a"), layer("c")});
    expect_error("digest-mismatch", "layer 1 of ", [&] { scan_layers(image, {}); });
    expect_error("digest-mismatch", "where the config says " + test::digest_of(layer("b")),
                 [&] { scan_layers(image, {}); });
    RunOptions options;
    options.verify = false;
    CHECK(scan_layers(image, options)[1].entries[0].path == "/c");
}

TEST_CASE("a layer that is not what the manifest says is refused") {
    test::Files files = test::layout_files(config_json({layer("a", "1")}), {layer("a", "1")});
    files["blobs/sha256/" + test::digest_of(layer("a", "1")).substr(7)] = layer("a", "2");
    const Image image = test::read(files.tar());
    expect_error("digest-mismatch", "where the manifest says", [&] { scan_layers(image, {}); });
}

TEST_CASE("layers can be worked with while they are hashed, and a lie comes out all the same") {
    const std::vector<std::string> claimed{layer("a"), layer("b"), layer("c")};
    const Image good = image_of(claimed, claimed);
    const Image bad = image_of(claimed, {layer("a"), layer("x"), layer("y")});
    for (const unsigned threads : {1U, 2U, 8U}) {
        RunOptions options;
        options.threads = threads;
        Scans seen;
        with_layers(good, options, [&](Scans scans) { seen = std::move(scans); });
        REQUIRE(seen.size() == 3);
        CHECK(seen[1].diff_id == good.layers[1].diff_id);

        // The first wrong layer is told, also where the work has met what is wrong with it.
        for (const bool fails : {false, true}) {
            expect_error("digest-mismatch", "layer 1 of ", [&] {
                with_layers(bad, options, [&](const Scans& scans) {
                    CHECK(scans[1].entries[0].path == "/x");
                    if (fails) {
                        throw slimimg::Error(slimimg::Exit::usage, "other", "something else");
                    }
                });
            });
        }
        expect_error(
            "other", "something else",
            [&] {
                with_layers(good, options, [](const Scans&) {
                    throw slimimg::Error(slimimg::Exit::usage, "other", "something else");
                });
            },
            slimimg::Exit::usage);
    }
}

TEST_CASE("what goes wrong while layers are hashed is told as any error") {
    class Failing : public slimimg::Progress {
        void begin(std::string_view step, std::string_view, std::uint64_t) override {
            if (step == "hash") {
                throw slimimg::Error(slimimg::Exit::internal, "memory", "no memory");
            }
        }
    };
    const std::vector<std::string> layers{layer("a"), layer("b"), layer("c")};
    const Image image = image_of(layers, layers);
    Failing progress;
    for (const unsigned threads : {1U, 2U, 8U}) {
        RunOptions options;
        options.threads = threads;
        options.progress = &progress;
        expect_error(
            "memory", "no memory", [&] { scan_layers(image, options); }, slimimg::Exit::internal);
    }
}

TEST_CASE("a plain layer that is listed often is hashed once, and each claim is compared") {
    const std::string one = layer("a");
    const std::string list = R"([{"Config":"config.json","Layers":["a.tar","a.tar","a.tar"]}])";
    for (const bool lies : {false, true}) {
        test::Files files;
        files.add("config.json", config_json({one, one, lies ? layer("b") : one}));
        files.add("a.tar", one);
        files.add("manifest.json", list);
        const Image image = test::read(files.tar());
        test::CountingProgress progress;
        RunOptions options;
        options.progress = &progress;
        if (lies) {
            expect_error("digest-mismatch", "layer 2 of ", [&] { scan_layers(image, options); });
        } else {
            CHECK(scan_layers(image, options).size() == 3);
        }
        CHECK(progress.begun["hash"] == 1);
    }
}

TEST_CASE("a damaged layer is told with its number") {
    const std::string garbage(2000, 'x');
    const Image image = image_of({layer("a"), garbage}, {layer("a"), garbage});
    expect_error("layer-damaged", "layer 1 of ", [&] { scan_layers(image, {}); });
}

TEST_CASE("entries are counted over all layers, repeated ones too") {
    RunOptions options;
    options.limits.entries = 3;
    CHECK(scan_layers(
              image_of({layer("a"), layer("a"), layer("b")}, {layer("a"), layer("a"), layer("b")}),
              options)
              .size() == 3);
    const std::vector<std::string> four(4, layer("a"));
    test::Files files;
    files.add("config.json", config_json(four));
    files.add("a.tar", layer("a"));
    files.add("manifest.json", R"([{"Config":"config.json",
        "Layers":["a.tar","a.tar","a.tar","a.tar"]}])");
    const Image image = test::read(files.tar());
    expect_error("too-many-entries", "layer 3 of ", [&] { scan_layers(image, options); });
}

TEST_CASE("layers that inflate far beyond the archive they came in are refused together") {
    // Each is within its own bounds; the archive around them makes the equal ones small again.
    std::vector<std::string> layers;
    std::vector<std::string> packed;
    for (int i = 0; i < 20; ++i) {
        layers.push_back(layer("zeros" + std::to_string(i), std::string(1 << 20, '\0')));
        packed.push_back(test::gzip(layers.back()));
    }
    const std::string archive = test::zstd(test::docker_files(config_json(layers), packed).tar());
    RunOptions options;
    const Image image = test::read(archive, {}, options);
    REQUIRE(image.archive_bytes == archive.size());
    options.limits.expansion_floor = 2 << 20;
    options.limits.expansion_ratio = 1'000'000;
    CHECK(scan_layers(image, options).size() == 20);
    options.limits.expansion_ratio = Limits().expansion_ratio;
    CHECK(slimimg::archive::scan_layer(image.layers[0].blob, options, "one").entries.size() == 1);
    expect_error("decompression-bomb", "the layers of ", [&] { scan_layers(image, options); });
}
