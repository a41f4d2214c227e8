#include "base/remove_tree.hpp"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>  // NOLINT(modernize-deprecated-headers): renameat
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/file.hpp"

namespace slimimg {
namespace {

struct Entry {
    std::string name;
    bool is_folder = false;
};

/// What was unpacked may have folders that their owner can't look into or move. Where it fails,
/// what follows does.
void let_owner_in(int parent, const std::string& name) {
    static_cast<void>(!fchmodat(parent, name.c_str(), S_IRWXU, 0));
}

FileDescriptor open_folder(int parent, const std::string& name) {
    let_owner_in(parent, name);
    return FileDescriptor(
        openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

std::vector<Entry> entries_of(int folder) {
    std::vector<Entry> entries;
    const int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(fd < 0 ? nullptr : fdopendir(fd), closedir);
    while (const dirent* const entry = stream ? readdir(stream.get()) : nullptr) {
        const std::string name = &entry->d_name[0];
        if (name == "." || name == "..") {
            continue;
        }
        struct stat status {};
        const bool is_folder = entry->d_type == DT_DIR ||
                               (entry->d_type == DT_UNKNOWN &&
                                fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
                                S_ISDIR(status.st_mode));
        entries.push_back({name, is_folder});
    }
    return entries;
}

/// Empties the folder that `top` is open for, each round a level.
class Emptying {
  public:
    explicit Emptying(int top) : top_(top) {}

    /// False where nothing goes any more.
    bool run() {
        for (;;) {
            const std::vector<Entry> entries = entries_of(top_);
            if (entries.empty()) {
                return true;
            }
            bool any = false;
            for (const Entry& entry : entries) {
                any |= entry.is_folder ? dissolve(entry.name)
                                       : unlinkat(top_, entry.name.c_str(), 0) == 0;
            }
            if (!any) {
                return false;
            }
        }
    }

  private:
    bool dissolve(const std::string& name) {
        bool any = false;
        if (const FileDescriptor folder = open_folder(top_, name)) {
            for (const Entry& entry : entries_of(folder.get())) {
                any |= entry.is_folder ? move_up(folder.get(), entry.name)
                                       : unlinkat(folder.get(), entry.name.c_str(), 0) == 0;
            }
        }
        return unlinkat(top_, name.c_str(), AT_REMOVEDIR) == 0 || any;
    }

    bool move_up(int folder, const std::string& name) {
        let_owner_in(folder, name);  // its ".." changes
        for (;;) {
            const std::string place = ".slimimg-" + std::to_string(number_++);
            if (renameat(folder, name.c_str(), top_, place.c_str()) == 0) {
                return true;
            }
            if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
                return false;
            }
        }
    }

    int top_;
    std::uint64_t number_ = 0;
};

}  // namespace

bool remove_tree(const std::filesystem::path& path) {
    constexpr int attempts = 1000;
    const std::filesystem::path aside = path.string() + ".old";
    std::error_code failure;
    std::filesystem::rename(path, aside, failure);
    const std::filesystem::path& now = failure ? path : aside;
    if (unlink(now.c_str()) == 0 || errno == ENOENT) {
        return true;
    }
    for (int i = 0; i < attempts; ++i) {
        const FileDescriptor top = open_folder(AT_FDCWD, now.string());
        if (top && !Emptying(top.get()).run()) {
            return false;
        }
        if (rmdir(now.c_str()) == 0 || errno == ENOENT) {
            return true;
        }
    }
    return false;
}

}  // namespace slimimg
