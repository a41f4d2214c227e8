#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Image archives and the folders that tests write them to.
namespace test {

/// Sets a variable of the environment for as long as it lives.
class Variable {
  public:
    Variable(std::string name, const std::string& value);
    ~Variable();
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    std::string name_;
};

using Pack = std::string (*)(std::string_view);

/// A Docker-archive of the first generation: a config and layers, plain or packed, in one tar.
std::string docker_archive(const std::string& config, const std::vector<std::string>& layers,
                           const std::string& name = "app:1.0", Pack pack = nullptr);

/// A folder of its own that is gone with the object.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }
    /// Writes a file and returns its path.
    std::string file(std::string_view name, const std::string& content) const;
    /// The names of what is in it, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::string path_;
};

std::string read_file(const std::string& path);

}  // namespace test
