#pragma once

#include <filesystem>
#include <iterator>
#include <string>

namespace test {

/// An empty folder with a name of its own, which goes at the end.
struct Folder {
    std::filesystem::path path;

    explicit Folder(const std::string& name)
        : path(std::filesystem::temp_directory_path() / ("slimimg-test-" + name)) {
        std::filesystem::remove_all(path);
        std::filesystem::create_directory(path);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }

    [[nodiscard]] std::string file(const std::string& name) const { return (path / name).string(); }
    [[nodiscard]] auto count() const {
        return std::distance(std::filesystem::directory_iterator(path), {});
    }
};

}  // namespace test
