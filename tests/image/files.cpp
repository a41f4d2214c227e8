#include "image/files.hpp"

#include <algorithm>
#include <fstream>

#include <doctest/doctest.h>

#include "slimimg/base/digest.hpp"

#include "support/tar.hpp"

namespace test {
namespace {

std::string joined(const std::vector<std::string>& parts) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : ",") + part;
    }
    return text;
}

std::string in_quotes(const std::string& text) {
    return '"' + text + '"';
}

}  // namespace

void Files::add(const std::string& name, std::string content) {
    files_.push_back({name, std::move(content), {}});
}

void Files::add_link(const std::string& name, std::string target) {
    files_.push_back({name, {}, std::move(target)});
}

std::string Files::add_blob(const std::string& content, const std::string& type,
                            const std::string& more) {
    const std::string digest = digest_of(content);
    const std::string name = "blobs/sha256/" + digest.substr(7);
    const bool known = std::any_of(files_.begin(), files_.end(),
                                   [&](const File& file) { return file.name == name; });
    if (!known) {
        add(name, content);
    }
    return R"({"mediaType":")" + type + R"(","digest":")" + digest + R"(","size":)" +
           std::to_string(content.size()) + more + "}";
}

void Files::remove(const std::string& name) {
    const auto count = std::erase_if(files_, [&](const File& file) { return file.name == name; });
    REQUIRE(count == 1);
}

std::string& Files::operator[](const std::string& name) {
    const auto at = std::find_if(files_.begin(), files_.end(),
                                 [&](const File& file) { return file.name == name; });
    REQUIRE(at != files_.end());
    return at->content;
}

std::string Files::name_with(const std::string& part) const {
    std::vector<std::string> names;
    for (const File& file : files_) {
        if (file.content.find(part) != std::string::npos) {
            names.push_back(file.name);
        }
    }
    REQUIRE(names.size() == 1);
    return names.front();
}

std::string Files::tar() const {
    std::string bytes;
    for (const File& file : files_) {
        bytes += tar_member(file.link.empty() ? test::file(file.name, file.content)
                                              : test::symlink(file.name, file.link));
    }
    return bytes + std::string(1024, '\0');
}

void Files::write_to(const std::filesystem::path& folder) const {
    for (const File& file : files_) {
        std::filesystem::create_directories((folder / file.name).parent_path());
        std::ofstream(folder / file.name, std::ios::binary) << file.content;
    }
}

std::string digest_of(const std::string& content) {
    return slimimg::sha256(slimimg::as_bytes(content)).str();
}

std::string layer(const std::string& name, const std::string& content) {
    return tar({file(name, content)});
}

std::string config_json(const std::vector<std::string>& layers, const std::string& architecture,
                        const std::string& run, const std::string& more) {
    std::vector<std::string> ids;
    for (const std::string& plain : layers) {
        ids.push_back(in_quotes(digest_of(plain)));
    }
    return R"({"architecture":")" + architecture + R"(","os":"linux","config":)" + run +
           R"(,"rootfs":{"type":"layers","diff_ids":[)" + joined(ids) + "]}" + more + "}";
}

Files docker_files(const std::string& config, const std::vector<std::string>& layers,
                   const std::string& tags) {
    Files files;
    std::vector<std::string> names;
    for (const std::string& each : layers) {
        names.push_back("layer" + std::to_string(names.size()) + ".tar");
        files.add(names.back(), each);
        names.back() = in_quotes(names.back());
    }
    const std::string config_name = digest_of(config).substr(7) + ".json";
    files.add(config_name, config);
    files.add("manifest.json", R"([{"Config":")" + config_name + R"(","RepoTags":[)" + tags +
                                   R"(],"Layers":[)" + joined(names) + "]}]");
    return files;
}

std::string add_image(Files& files, const std::string& config,
                      const std::vector<std::string>& layers, const std::string& more) {
    std::vector<std::string> descriptors;
    for (const std::string& each : layers) {
        descriptors.push_back(files.add_blob(each, layer_type));
    }
    const std::string manifest = R"({"schemaVersion":2,"config":)" +
                                 files.add_blob(config, config_type) + R"(,"layers":[)" +
                                 joined(descriptors) + "]}";
    return files.add_blob(manifest, manifest_type, more);
}

std::string index_json(const std::vector<std::string>& descriptors) {
    return R"({"schemaVersion":2,"manifests":[)" + joined(descriptors) + "]}";
}

Files layout_files(const std::string& config, const std::vector<std::string>& layers) {
    Files files;
    const std::string manifest = add_image(files, config, layers, ref_name("app:1"));
    files.add("index.json", index_json({manifest}));
    files.add("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
    return files;
}

std::string ref_name(const std::string& name) {
    return R"(,"annotations":{"org.opencontainers.image.ref.name":")" + name + R"("})";
}

std::string platform_json(const std::string& architecture, const std::string& variant) {
    return R"(,"platform":{"os":"linux","architecture":")" + architecture + '"' +
           (variant.empty() ? "" : R"(,"variant":")" + variant + '"') + "}";
}

slimimg::image::Image read(const std::string& tar, const slimimg::image::Selection& selection,
                           const slimimg::RunOptions& options) {
    const TemporaryFolder folder;
    const std::string path = folder.path() / "image.tar";
    std::ofstream(path, std::ios::binary) << tar;
    return slimimg::image::read_image(path, selection, options);
}

}  // namespace test
