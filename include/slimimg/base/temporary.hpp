#pragma once

#include <filesystem>
#include <functional>

#include "slimimg/base/file.hpp"

namespace slimimg {

/// A file or folder under a temporary name beside its target, "<target>.XXXXXX", which goes with
/// this object unless it took its place. The process knows all of them, so that a signal can end
/// it without leaving any.
class Temporary {
  public:
    enum class Kind { file, folder };

    /// Makes it, with the mode that the umask leaves. Throws Error (internal) where it can't.
    Temporary(const std::filesystem::path& target, Kind kind);
    ~Temporary();
    Temporary(const Temporary&) = delete;
    Temporary& operator=(const Temporary&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Of a file, open for reading and writing.
    [[nodiscard]] const FileDescriptor& fd() const { return fd_; }
    /// Runs `place`, which moves it to its target. What then stands under the temporary name, such
    /// as what it was swapped with, is a temporary as before. A signal comes before or after.
    void commit(const std::function<void()>& place);

  private:
    std::filesystem::path path_;
    FileDescriptor fd_;
    bool committed_ = false;
};

/// Removes all temporaries of the process, for a signal that ends it. Must be the last that is
/// done: no other thread can make, commit or remove one from then on, and waits for the end. False
/// where the system does not let one go.
bool remove_temporaries();

}  // namespace slimimg
