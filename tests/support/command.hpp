#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace test {

/// A folder of its own below TMPDIR, removed with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> env = {};  ///< all of it
    std::filesystem::path root = "/";   ///< where else, as a chroot
    std::string workdir = "/";          ///< below root
    unsigned uid = 0;                   ///< where the test itself runs as root
};

struct Output {
    int status = -1;   ///< the exit status; 128 and more: a signal; 127: it can't be started
    std::string text;  ///< of both standard output and standard error
};

/// Runs a command to its end.
Output run(const Command& command);

}  // namespace test
