#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace test {

/// A folder for one test, gone with it.
class Scratch {
  public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "slimimg-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) {
            throw std::runtime_error("mkdtemp");
        }
        path = name;
    }
    ~Scratch() { std::filesystem::remove_all(path); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    /// What a shell command run in this folder writes; throws where it fails.
    [[nodiscard]] std::string run(const std::string& command) const {
        FILE* pipe = popen(("cd '" + path.string() + "' && { " + command + " ; }").c_str(), "r");
        if (pipe == nullptr) {
            throw std::runtime_error("popen");
        }
        std::string result;
        char buffer[65536];
        for (std::size_t got = 0; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
            result.append(buffer, got);
        }
        if (pclose(pipe) != 0) {
            throw std::runtime_error("failed: " + command);
        }
        return result;
    }

    /// A new file of this folder.
    std::filesystem::path write(const std::string& name, const std::string& content) const {
        const std::filesystem::path file = path / name;
        std::filesystem::create_directories(file.parent_path());
        FILE* out = fopen(file.c_str(), "wb");
        if (out == nullptr || fwrite(content.data(), 1, content.size(), out) != content.size() ||
            fclose(out) != 0) {
            throw std::runtime_error("write " + file.string());
        }
        return file;
    }

    std::filesystem::path path;
};

}  // namespace test
