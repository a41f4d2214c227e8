#include <doctest/doctest.h>

#include "archive/expect_error.hpp"
#include "image/files.hpp"

using slimimg::RunOptions;
using slimimg::image::Format;
using slimimg::image::Image;
using slimimg::image::Platform;
using slimimg::image::Selection;
using test::add_image;
using test::config_json;
using test::expect_error;
using test::Files;
using test::index_json;
using test::layer;
using test::layout_files;
using test::platform_json;
using test::read;
using test::ref_name;

namespace {

using Texts = std::vector<std::string>;

const std::string bottom = layer("a");
const std::string top = layer("b");

Selection platform(const char* text) {
    return {.platform = Platform::parse(text), .tag = ""};
}

Selection tag(const char* text) {
    return {.platform = {}, .tag = text};
}

/// Two platforms behind an index of their own, and what BuildKit attests of them.
Files two_platforms() {
    Files files;
    const std::string statement =
        files.add_blob(R"({"schemaVersion":2,"config":{},"layers":[]})", test::manifest_type,
                       R"(,"annotations":{"vnd.docker.reference.type":"attestation-manifest"},)"
                       R"("platform":{"os":"unknown","architecture":"unknown"})");
    const std::string inner = index_json(
        {add_image(files, config_json({bottom}, "amd64"), {bottom}, platform_json("amd64")),
         add_image(files, config_json({top}, "arm64"), {top}, platform_json("arm64", "v8")),
         statement});
    files.add("index.json",
              index_json({files.add_blob(inner, test::index_type, ref_name("app:1"))}));
    return files;
}

}  // namespace

TEST_CASE("an oci-archive is read with its layers in order") {
    const Files files = layout_files(config_json({bottom, top}), {bottom, top});
    const Image image = read(files.tar());
    CHECK(image.format == Format::oci);
    CHECK(image.names == Texts{"app:1"});
    REQUIRE(image.manifest_digest);
    CHECK(image.config_digest.str() == test::digest_of(image.config.raw));
    REQUIRE(image.layers.size() == 2);
    CHECK(image.layers[0].blob.text() == bottom);
    REQUIRE(image.layers[0].blob_digest);
    CHECK(image.layers[0].blob_digest->str() == test::digest_of(bottom));
    CHECK(image.layers[1].blob.text() == top);
}

TEST_CASE("a layout's folder is read as the archive is") {
    const test::TemporaryFolder folder;
    layout_files(config_json({bottom}), {bottom}).write_to(folder.path());
    const Image image = slimimg::image::read_image(folder.path(), {}, {});
    CHECK(image.format == Format::oci_dir);
    CHECK(image.names == Texts{"app:1"});
    CHECK(image.archive_bytes == image.config.raw.size() + bottom.size());
    CHECK(slimimg::image::scan_layers(image, {})[0].entries[0].path == "/a");
}

TEST_CASE("the platform chooses in an index, attestations left out") {
    const std::string tar = two_platforms().tar();
    CHECK(read(tar, platform("linux/amd64")).layers[0].blob.text() == bottom);
    const Image arm = read(tar, platform("linux/arm64"));
    CHECK(arm.layers[0].blob.text() == top);
    CHECK(arm.names == Texts{"app:1"});
    CHECK(arm.diagnostics.empty());
    CHECK(read(tar, platform("linux/arm64/v8")).layers[0].blob.text() == top);
    expect_error(
        "platform", "no image for linux/s390x", [&] { read(tar, platform("linux/s390x")); },
        slimimg::Exit::usage);
    try {
        read(tar, platform("linux/s390x"));
    } catch (const slimimg::Error& error) {
        CHECK(error.hint() == "choose one with --platform: linux/amd64, linux/arm64/v8");
    }
}

TEST_CASE(
    "without a choice, an image in several platforms is refused where none is this machine's") {
    Files files;
    files.add("index.json", index_json({add_image(files, config_json({bottom}, "z1"), {bottom}),
                                        add_image(files, config_json({top}, "z2"), {top})}));
    expect_error(
        "platform", "no image for linux/", [&] { read(files.tar()); }, slimimg::Exit::usage);
    CHECK(read(files.tar(), platform("linux/z2")).layers[0].blob.text() == top);
}

TEST_CASE("the only image is taken whatever its platform") {
    CHECK(read(layout_files(config_json({bottom}, "s390x"), {bottom}).tar()).layers.size() == 1);
}

TEST_CASE("a platform that an index lists and the archive lacks is no choice") {
    Files files = two_platforms();
    files.remove(files.name_with(R"("digest":")" + test::digest_of(bottom)));
    CHECK(read(files.tar()).layers[0].blob.text() == top);
    expect_error(
        "platform", "no image for linux/amd64", [&] { read(files.tar(), platform("linux/amd64")); },
        slimimg::Exit::usage);
}

TEST_CASE("names come from the annotations, and --tag takes any of them") {
    Files files;
    const std::string both =
        R"(,"annotations":{"io.containerd.image.name":"docker.io/library/app:1",
        "org.opencontainers.image.ref.name":"1"})";
    const std::string one = add_image(files, config_json({bottom}), {bottom}, both);
    const std::string same = add_image(files, config_json({bottom}), {bottom}, ref_name("app:new"));
    const std::string other = add_image(files, config_json({top}), {top}, ref_name("latest"));
    files.add("index.json", index_json({one, same, other}));
    const std::string tar = files.tar();
    const Image first = read(tar);
    CHECK(first.names == Texts{"docker.io/library/app:1", "app:new"});
    REQUIRE(first.diagnostics.size() == 1);
    CHECK(first.diagnostics[0].code == "several-images");
    for (const char* name : {"app:1", "1", "app:new", "docker.io/library/app:1"}) {
        CHECK(read(tar, tag(name)).layers[0].blob.text() == bottom);
    }
    const Image last = read(tar, tag("latest"));
    CHECK(last.names == Texts{"latest"});
    CHECK(last.layers[0].blob.text() == top);
    CHECK(last.diagnostics.empty());
    expect_error(
        "tag-unknown", "no image tagged app:3", [&] { read(tar, tag("app:3")); },
        slimimg::Exit::usage);
}

TEST_CASE("Docker's media types are read") {
    Files files;
    const std::string config =
        files.add_blob(config_json({bottom}), "application/vnd.docker.container.image.v1+json");
    const std::string blob =
        files.add_blob(bottom, "application/vnd.docker.image.rootfs.diff.tar.gzip");
    const std::string manifest =
        files.add_blob(R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[)" + blob + "]}",
                       "application/vnd.docker.distribution.manifest.v2+json");
    const std::string list = files.add_blob(
        index_json({manifest}), "application/vnd.docker.distribution.manifest.list.v2+json");
    files.add("index.json", index_json({list}));
    CHECK(read(files.tar()).layers[0].blob.text() == bottom);
}

TEST_CASE("a descriptor without a media type is known by what it leads to") {
    Files files;
    const std::string inner = index_json({add_image(files, config_json({bottom}), {bottom})});
    files.add("index.json", index_json({files.add_blob(inner, "")}));
    CHECK(read(files.tar()).layers[0].blob.text() == bottom);
}

TEST_CASE("what is wrong with a layout is told") {
    Files files = layout_files(config_json({bottom, top}), {bottom, top});
    const std::string manifest = files.name_with(R"("layers":[)");
    const std::string config = files.name_with(R"("architecture")");
    const auto check = [&](const char* code, const std::string& part) {
        expect_error(code, part, [&] { read(files.tar()); });
    };
    SUBCASE("the manifest is missing") {
        files.remove(manifest);
        check("image", "lacks " + manifest);
    }
    SUBCASE("the manifest was changed") {
        files[manifest][3] = 'X';
        check("digest-mismatch", "whose digest is");
    }
    SUBCASE("the config was changed") {
        files[config].replace(2, 12, "Architecture");
        check("digest-mismatch", "a blob named sha256:" + config.substr(13));
    }
    SUBCASE("the manifest has another size") {
        files[manifest] += " ";
        check("image", "bytes where its descriptor says");
    }
    SUBCASE("a layer is missing") {
        files.remove("blobs/sha256/" + test::digest_of(top).substr(7));
        check("image", "lacks layer 1 (" + test::digest_of(top) + ")");
    }
    SUBCASE("a layer has another size") {
        files["blobs/sha256/" + test::digest_of(top).substr(7)] += "x";
        check("image", "bytes where its descriptor says");
    }
    SUBCASE("index.json is damaged") {
        files["index.json"] = "{\"manifests\":[";
        check("json", "index.json of ");
    }
    SUBCASE("index.json lists nothing") {
        files["index.json"] = "{}";
        check("image", "holds no image manifest");
    }
    SUBCASE("a digest is none") {
        files["index.json"] = index_json({R"({"digest":"sha512:12"})"});
        check("json", "manifests[0].digest is no SHA-256 digest");
    }
    SUBCASE("a size is negative") {
        files["index.json"] =
            index_json({R"({"size":-1,"digest":")" + test::digest_of("x") + "\"}"});
        check("json", "manifests[0].size is no size");
    }
}

TEST_CASE("layers that nobody may pass on, encrypted ones and artifacts are told") {
    Files files;
    const auto check = [&](const std::string& layer_type, const std::string& config_type,
                           const char* code, const char* part) {
        Files each = files;
        const std::string blob = R"({"mediaType":")" + layer_type + R"(","digest":")" +
                                 test::digest_of("elsewhere") + "\"}";
        const std::string manifest =
            each.add_blob(R"({"config":)" + each.add_blob(config_json({bottom}), config_type) +
                              R"(,"layers":[)" + blob + "]}",
                          test::manifest_type);
        each.add("index.json", index_json({manifest}));
        expect_error(code, part, [&] { read(each.tar()); });
    };
    const char* config = test::config_type;
    check("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", config, "image",
          "allows nobody to pass on");
    check("application/vnd.oci.image.layer.nondistributable.v1.tar", config, "image",
          "allows nobody to pass on");
    check("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", config, "image", "encrypted");
    check("application/vnd.in-toto+json", config, "artifact", "vnd.in-toto+json");
    check(test::layer_type, "application/vnd.cncf.helm.config.v1+json", "artifact", "helm");
}

TEST_CASE("a manifest of schema 1 is told as such") {
    Files files;
    files.add("index.json",
              index_json({files.add_blob(R"({"schemaVersion":1,"fsLayers":[],"history":[]})",
                                         "application/vnd.docker.distribution.manifest.v1+json")}));
    expect_error("image-schema-1", "schema 1", [&] { read(files.tar()); });
}

TEST_CASE("a document that is index and manifest at once is refused") {
    Files files;
    const std::string both = R"({"manifests":[],"config":{},"layers":[]})";
    SUBCASE("named as a manifest") {
        files.add("index.json", index_json({files.add_blob(both, test::manifest_type)}));
    }
    SUBCASE("named as an index") {
        files.add("index.json", index_json({files.add_blob(both, test::index_type)}));
    }
    expect_error("json", "an index and a manifest at once", [&] { read(files.tar()); });
}

TEST_CASE("indexes that name themselves come to an end") {
    Files files;
    const std::string digest(64, 'a');
    const std::string self = R"({"mediaType":")" + std::string(test::index_type) +
                             R"(","digest":"sha256:)" + digest + "\"}";
    files.add("blobs/sha256/" + digest, index_json({self, self}));
    files.add("index.json", index_json({self}));
    RunOptions options;
    options.verify = false;
    expect_error("image", "nested more than 8 deep", [&] { read(files.tar(), {}, options); });
    expect_error("digest-mismatch", "whose digest is", [&] { read(files.tar()); });
}

TEST_CASE("indexes that multiply come to an end") {
    Files files;
    std::string inner = add_image(files, config_json({bottom}), {bottom});
    for (int level = 0; level < 6; ++level) {
        inner = files.add_blob(index_json(Texts(50, inner)), test::index_type);
    }
    files.add("index.json", index_json({inner}));
    expect_error("image", "more than 10000 manifests", [&] { read(files.tar()); });
}
