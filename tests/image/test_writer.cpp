#include <filesystem>
#include <utility>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/image/writer.hpp"

#include "archive/expect_error.hpp"
#include "files.hpp"
#include "support/folder.hpp"

using namespace slimimg;
using image::Format;
using image::NewImage;
using image::StagedImage;
namespace fs = std::filesystem;

namespace {

enum class Written { in_place, elsewhere };

/// Adds a layer that holds a file of this name.
void add_layer(StagedImage& staged, NewImage& made, const std::string& name, Written where,
               archive::Codec codec = archive::Codec::none) {
    const std::string tar = test::layer(name);
    archive::BlobWriter writer(
        {.codec = codec, .level = {}}, {},
        where == Written::in_place ? staged.next_layer(tar.size()) : nullptr);
    writer.write(as_bytes(tar));
    made.layers.push_back({writer.finish(), codec, {}});
}

NewImage with_config() {
    NewImage made;
    made.config.platform = {.os = "linux", .architecture = "amd64", .variant = ""};
    made.names = {"app:1"};
    return made;
}

/// The texts of the layers of an image that was written.
std::vector<std::string> layers_of(const std::string& location) {
    std::vector<std::string> texts;
    for (const image::Layer& layer : image::read_image(location, {}, {}).layers) {
        texts.emplace_back(layer.blob.text());
    }
    return texts;
}

}  // namespace

TEST_CASE("a layer stands in the archive wherever it was written first") {
    for (const Format format : {Format::docker, Format::oci}) {
        for (const auto codec : {archive::Codec::none, archive::Codec::gzip}) {
            const test::Folder folder("writer");
            const std::string target = folder.file("image.tar");
            NewImage made = with_config();
            StagedImage staged(format, target);
            add_layer(staged, made, "a", Written::in_place, codec);
            add_layer(staged, made, "b", Written::elsewhere, codec);
            add_layer(staged, made, "c", Written::in_place, codec);
            CHECK(staged.holds(made.layers[0].blob.stored));
            CHECK_FALSE(staged.holds(made.layers[1].blob.stored));
            staged.finish(made);
            CHECK_FALSE(fs::exists(target));
            staged.commit();
            CHECK(fs::file_size(target) == staged.bytes());
            std::vector<std::string> wanted;
            for (const image::NewLayer& layer : made.layers) {
                wanted.emplace_back(layer.blob.stored.text());
            }
            CHECK(layers_of(target) == wanted);
        }
    }
}

TEST_CASE("equal layers that were each written in their place are read") {
    const test::Folder folder("writer");
    const std::string target = folder.file("image.tar");
    NewImage made = with_config();
    StagedImage staged(Format::docker, target);
    add_layer(staged, made, "a", Written::in_place);
    add_layer(staged, made, "a", Written::in_place);
    staged.finish(made);
    staged.commit();
    CHECK(layers_of(target) == std::vector(2, test::layer("a")));
}

TEST_CASE("equal layers that come from elsewhere are stored once") {
    const test::Folder folder("writer");
    const auto bytes_with = [&](int layers) {
        NewImage made = with_config();
        StagedImage staged(Format::docker, folder.file("image.tar"));
        for (int i = 0; i < layers; ++i) {
            add_layer(staged, made, "a", Written::elsewhere);
        }
        staged.finish(made);
        return staged.bytes();
    };
    CHECK(bytes_with(2) < bytes_with(1) + test::layer("a").size());
}

TEST_CASE("a layer that was written and is not of the image is a defect") {
    const test::Folder folder("writer");
    {
        NewImage made = with_config();
        StagedImage staged(Format::docker, folder.file("image.tar"));
        add_layer(staged, made, "a", Written::in_place);
        made.layers.clear();
        test::expect_error(
            "blob-name", "not of the image", [&] { staged.finish(made); }, Exit::internal);
    }
    CHECK(fs::is_empty(folder.path));
}

TEST_CASE("a folder takes no layer before its digest is known, nor an archive a very large one") {
    const test::Folder folder("writer");
    StagedImage layout(Format::oci_dir, folder.file("layout"));
    CHECK(layout.next_layer(1) == nullptr);
    StagedImage archive(Format::oci, folder.file("image.tar"));
    CHECK(archive.next_layer(9ULL << 30) == nullptr);
}
