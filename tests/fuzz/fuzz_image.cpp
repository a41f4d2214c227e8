#include "slimimg/base/digest.hpp"
#include "slimimg/image/reader.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

/// JSON documents of one input are separated by NUL. In each, "@2" stands for the digest of the
/// second that follows and "#2" for its size, so that a fuzzer can write what leads somewhere.
std::string resolved(std::string_view text, const std::vector<std::string>& later) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool mark = (text[i] == '@' || text[i] == '#') && i + 1 < text.size();
        const auto number = mark ? static_cast<std::size_t>(text[i + 1] - '0') : 0;
        if (!mark || number < 1 || number > later.size()) {
            result += text[i];
            continue;
        }
        const std::string& document = later[later.size() - number];
        result += text[i] == '@' ? slimimg::sha256(slimimg::as_bytes(document)).str()
                                 : std::to_string(document.size());
        ++i;
    }
    return result;
}

void read(const std::string& tar, slimimg::image::Selection selection) {
    const MemoryFile file(slimimg::as_bytes(tar));
    accepts([&] {
        const auto image = slimimg::image::read_image(file.path(), selection, small_machine());
        static_cast<void>(image.config.argv());
        static_cast<void>(image.config.env_value("PATH"));
        accepts([&] { slimimg::image::scan_layers(image, small_machine()); });
    });
}

}  // namespace

void image(slimimg::Bytes input) {
    const std::vector<std::string_view> texts =
        split(slimimg::as_text(input), std::string_view("\0", 1));
    if (texts.size() > 20) {
        return;
    }
    std::vector<std::string> documents;  // the last first
    for (auto text = texts.rbegin(); text != texts.rend(); ++text) {
        documents.push_back(resolved(*text, documents));
    }
    std::vector<test::Member> files;
    for (const std::string& document : documents) {
        const std::string name = slimimg::sha256(slimimg::as_bytes(document)).str().substr(7);
        files.push_back(test::file("blobs/sha256/" + name, document));
    }
    std::vector<test::Member> layout = files;
    layout.push_back(test::file("index.json", documents.back()));
    layout.push_back(test::file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    read(test::tar(layout), {});
    read(test::tar(layout),
         {.platform = slimimg::image::Platform{"linux", "arm64", "v8"}, .tag = "app:1"});
    files.push_back(test::file("manifest.json", documents.back()));
    if (documents.size() > 1) {
        files.push_back(test::file("c.json", documents[documents.size() - 2]));
    }
    files.push_back(test::file("l.tar", test::tar({test::file("x", "y")})));
    read(test::tar(files), {});
}

std::vector<std::string> image_seeds() {
    const std::string none(1, '\0');
    const std::string config =
        R"({"architecture":"amd64","os":"linux","created":"2020-01-01T00:00:00Z",)"
        R"("config":{"Env":["PATH=/bin"],"Entrypoint":["/x"],"Cmd":["a"],"User":"1:2",)"
        R"("WorkingDir":"/w","Volumes":{"/v":{}},"ExposedPorts":{"80/tcp":{}},"Labels":{"a":"b"},)"
        R"("Healthcheck":{"Test":["CMD-SHELL","x"]},"Shell":["/bin/sh","-c"],"StopSignal":"9"},)"
        R"("history":[{"created_by":"x","empty_layer":true}],)"
        R"("rootfs":{"type":"layers","diff_ids":["@1"]}})";
    const std::string layer = test::tar({test::file("x", "y")});
    const std::string docker =
        R"([{"Config":"c.json","RepoTags":["app:1"],"Layers":["l.tar"]}])" + none + config;
    const std::string manifest =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
        R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"@1",)"
        R"("size":#1},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",)"
        R"("digest":"@2","size":#2}]})";
    const std::string descriptor =
        R"({"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"@1","size":#1,)"
        R"("platform":{"os":"linux","architecture":"arm64","variant":"v8"},)"
        R"("annotations":{"org.opencontainers.image.ref.name":"app:1"}})";
    const std::string index = R"({"schemaVersion":2,"manifests":[)" + descriptor + "]}";
    const std::string nested =
        R"({"schemaVersion":2,"manifests":[{"mediaType":)"
        R"("application/vnd.oci.image.index.v1+json","digest":"@1","size":#1}]})";
    return {docker, index + none + manifest + none + config + none + "layer",
            nested + none + index + none + manifest + none + config + none + "layer"};
}

}  // namespace fuzz
