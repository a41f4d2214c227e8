#include <doctest/doctest.h>

#include "archive/expect_error.hpp"
#include "image/files.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

using slimimg::image::Format;
using slimimg::image::Image;
using slimimg::image::Platform;
using test::config_json;
using test::docker_files;
using test::expect_error;
using test::Files;
using test::layer;
using test::read;

namespace {

using Texts = std::vector<std::string>;

const std::string bottom = layer("a");
const std::string top = layer("b");
const std::string history = R"(,"history":[{"created_by":"ADD a"},
    {"created_by":"ENV x","empty_layer":true},{"created_by":"COPY b"}])";

Files two_layers() {
    return docker_files(config_json({bottom, top}, "amd64", "{}", history), {bottom, top});
}

}  // namespace

TEST_CASE("a docker-archive is read with its layers in order") {
    const Files files = two_layers();
    const std::string tar = files.tar();
    const Image image = read(tar);
    CHECK(image.format == Format::docker);
    CHECK(image.names == Texts{"app:1"});
    CHECK_FALSE(image.manifest_digest);
    CHECK(image.config_digest.str() == test::digest_of(image.config.raw));
    CHECK(image.archive_bytes == tar.size());
    CHECK(image.diagnostics.empty());
    REQUIRE(image.layers.size() == 2);
    CHECK(image.layers[0].blob.text() == bottom);
    CHECK(image.layers[0].diff_id.str() == test::digest_of(bottom));
    CHECK(image.layers[0].created_by == "ADD a");
    CHECK(image.layers[1].blob.text() == top);
    CHECK(image.layers[1].created_by == "COPY b");
}

TEST_CASE("a docker-archive's layer may be a link, and listed twice") {
    Files files;
    const std::string config = config_json({bottom, top, bottom});
    files.add("config.json", config);
    files.add("blob.tar", bottom);
    files.add_link("id1/layer.tar", "../blob.tar");
    files.add("id2/layer.tar", top);
    files.add("manifest.json",
              R"([{"Config":"config.json","RepoTags":null,
                   "Layers":["id1/layer.tar","id2/layer.tar","id1/layer.tar"]}])");
    const Image image = read(files.tar());
    CHECK(image.names.empty());
    REQUIRE(image.layers.size() == 3);
    CHECK(image.layers[2].blob.text() == bottom);
    const auto scans = slimimg::image::scan_layers(image, {});
    CHECK(scans[2].entries.front().path == "/a");
    CHECK(scans[2].tar.bytes.data() == scans[0].tar.bytes.data());
}

TEST_CASE("kaniko's names and compressed layers are read") {
    const std::string config = config_json({bottom});
    const std::string packed = test::gzip(bottom);
    Files files;
    const std::string name = test::digest_of(config);
    files.add(name, config);
    files.add("abc.tar.gz", packed);
    files.add("manifest.json",
              R"([{"Config":")" + name + R"(","RepoTags":["app:1"],"Layers":["abc.tar.gz"]}])");
    const Image image = read(files.tar());
    const auto scans = slimimg::image::scan_layers(image, {});
    CHECK(scans[0].codec == slimimg::archive::Codec::gzip);
    CHECK(scans[0].tar.text() == bottom);
}

TEST_CASE("an archive of Docker 25 is a docker-archive that knows its manifest's digest") {
    Files files;
    const std::string config = config_json({bottom});
    const std::string manifest = test::add_image(files, config, {bottom});
    files.add("index.json", test::index_json({manifest}));
    files.add("manifest.json", R"([{"Config":"blobs/sha256/)" + test::digest_of(config).substr(7) +
                                   R"(","RepoTags":["app:1"],"Layers":["blobs/sha256/)" +
                                   test::digest_of(bottom).substr(7) + R"("]}])");
    const Image image = read(files.tar());
    CHECK(image.format == Format::docker);
    CHECK(image.names == Texts{"app:1"});
    REQUIRE(image.manifest_digest);
    CHECK(manifest.find(image.manifest_digest->str()) != std::string::npos);

    SUBCASE("its OCI part may be damaged") {
        files["index.json"] = "{";
        const Image again = read(files.tar());
        CHECK_FALSE(again.manifest_digest);
        REQUIRE(again.diagnostics.size() == 1);
        CHECK(again.diagnostics[0].code == "oci-part-damaged");
    }
    SUBCASE("another platform may stand in its OCI part only") {
        const std::string other = config_json({top}, "arm64");
        const std::string second =
            test::add_image(files, other, {top}, test::platform_json("arm64"));
        files["index.json"] = test::index_json({manifest, second});
        const Image arm =
            read(files.tar(), {.platform = Platform{"linux", "arm64", ""}, .tag = ""});
        CHECK(arm.config.platform.architecture == "arm64");
        CHECK(arm.format == Format::docker);
        CHECK(read(files.tar()).config.platform.architecture == "amd64");
    }
}

TEST_CASE("of several images in a docker-archive the tag chooses, else the first with a note") {
    Files files;
    files.add("one.json", config_json({bottom}));
    files.add("two.json", config_json({top}));
    files.add("a.tar", bottom);
    files.add("b.tar", top);
    files.add("manifest.json",
              R"([{"Config":"one.json","RepoTags":["app:1","app:new"],"Layers":["a.tar"]},
                  {"Config":"two.json","RepoTags":["docker.io/library/other:latest"],
                   "Layers":["b.tar"]}])");
    const std::string tar = files.tar();
    const Image first = read(tar);
    CHECK(first.names == Texts{"app:1", "app:new"});
    REQUIRE(first.diagnostics.size() == 1);
    CHECK(first.diagnostics[0].code == "several-images");
    CHECK(first.diagnostics[0].severity == slimimg::Severity::note);
    CHECK(first.diagnostics[0].message.find("docker.io/library/other:latest") != std::string::npos);
    CHECK(read(tar, {.platform = {}, .tag = "app:new"}).layers[0].blob.text() == bottom);
    const Image other = read(tar, {.platform = {}, .tag = "other"});
    CHECK(other.layers[0].blob.text() == top);
    CHECK(other.diagnostics.empty());
    expect_error(
        "tag-unknown", "no image tagged app:2",
        [&] { read(tar, {.platform = {}, .tag = "app:2"}); }, slimimg::Exit::usage);
}

TEST_CASE("a docker-archive of another platform than asked for is refused") {
    expect_error(
        "platform", "no image for linux/s390x",
        [] {
            read(two_layers().tar(), {.platform = Platform{"linux", "s390x", ""}, .tag = ""});
        },
        slimimg::Exit::usage);
    CHECK(read(two_layers().tar(), {.platform = Platform{"linux", "x86_64", ""}, .tag = ""})
              .layers.size() == 2);
}

TEST_CASE("an image without layers is an image") {
    CHECK(read(docker_files(config_json({}), {}).tar()).layers.empty());
}

TEST_CASE("what is wrong with a docker-archive is told") {
    Files files = two_layers();
    const std::string config_name = files.name_with("ADD a");
    const auto check = [&](const char* code, const std::string& part) {
        expect_error(code, part, [&] { read(files.tar()); });
    };
    SUBCASE("a layer is missing") {
        files.remove("layer1.tar");
        check("image", "lacks layer1.tar, which its manifest names");
    }
    SUBCASE("the config is missing") {
        files.remove(config_name);
        check("image", "lacks " + config_name);
    }
    SUBCASE("the config is another than its name says") {
        files[config_name] += " ";
        check("digest-mismatch", "a config named sha256:");
        slimimg::RunOptions options;
        options.verify = false;
        CHECK(read(files.tar(), {}, options).layers.size() == 2);
    }
    SUBCASE("the config is damaged") {
        files[config_name] = "{";
        files["manifest.json"].replace(files["manifest.json"].find(config_name), config_name.size(),
                                       "c.json");
        files.add("c.json", "{");
        check("json", "config c.json");
    }
    SUBCASE("layers and diff IDs don't match in number") {
        files.remove("layer1.tar");
        files["manifest.json"].erase(files["manifest.json"].find(",\"layer1.tar\""), 13);
        check("image", "has 1 layers where its config has 2 diff IDs");
    }
    SUBCASE("manifest.json is damaged") {
        files["manifest.json"] = "[{";
        check("json", "manifest.json of ");
    }
    SUBCASE("manifest.json lists nothing") {
        files["manifest.json"] = "[]";
        check("image", "lists no image");
    }
    SUBCASE("manifest.json is no list") {
        files["manifest.json"] = "{}";
        check("json", "is no list");
    }
    SUBCASE("there are too many layers") {
        slimimg::RunOptions options;
        options.limits.layers = 1;
        expect_error("image", "2 layers, over the limit of 1",
                     [&] { read(files.tar(), {}, options); });
    }
}

TEST_CASE("a tar that holds something else is told for what it is") {
    using test::file;
    using test::tar;
    expect_error("image", "files of a system (docker export?)",
                 [] { read(tar({file("etc/passwd", "x")})); });
    expect_error("image", "neither manifest.json nor index.json",
                 [] { read(tar({file("x", "y")})); });
    expect_error("image", "in a folder, as app/index.json",
                 [] { read(tar({file("app/index.json", "{}")})); });
    expect_error("image", "before 1.10", [] {
        read(tar({file("repositories", "{}"), file("id/json", "{}")}));
    });
    const test::TemporaryFolder folder;
    expect_error("not-an-image", "a folder without an index.json",
                 [&] { slimimg::image::read_image(folder.path(), {}, {}); });
}
