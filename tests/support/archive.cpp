#include "support/archive.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/file.hpp"

#include "support/tar.hpp"

namespace test {

Variable::Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);
}

Variable::~Variable() {
    unsetenv(name_.c_str());
}

std::string docker_archive(const std::string& config, const std::vector<std::string>& layers,
                           const std::string& name, Pack pack) {
    std::string diff_ids;
    std::string names;
    std::string members;
    for (std::size_t i = 0; i < layers.size(); ++i) {
        const std::string comma = i == 0 ? "" : ",";
        const std::string file = "layer" + std::to_string(i) + ".tar";
        diff_ids += comma + "\"" + slimimg::sha256(slimimg::as_bytes(layers[i])).str() + "\"";
        names += comma + "\"" + file + "\"";
        members += tar_member(test::file(file, pack == nullptr ? layers[i] : pack(layers[i])));
    }
    std::string whole = config.substr(0, config.rfind('}'));
    whole += std::string(whole.size() > 1 ? "," : "") +
             R"("rootfs":{"type":"layers","diff_ids":[)" + diff_ids + "]}}";
    members += tar_member(test::file("config.json", whole));
    members +=
        tar_member(test::file("manifest.json", R"([{"Config":"config.json","RepoTags":[")" + name +
                                                   R"("],"Layers":[)" + names + "]}]"));
    return members + std::string(1024, '\0');
}

Folder::Folder() {
    std::string name = std::filesystem::temp_directory_path() / "slimimg-test-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
}

Folder::~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Folder::file(std::string_view name, const std::string& content) const {
    std::string path = *this / name;
    std::ofstream(path, std::ios::binary) << content;
    return path;
}

std::vector<std::string> Folder::names() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
        names.push_back(entry.path().filename());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::string read_file(const std::string& path) {
    return std::string(slimimg::map_file(path).text());
}

}  // namespace test
