#include "slimimg/base/temporary.hpp"

#include <mutex>
#include <set>
#include <string>

#include <fcntl.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkostemp, mkdtemp
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"

#include "base/remove_tree.hpp"

namespace slimimg {
namespace {

/// Of the whole process, as signals are.
struct Registry {
    std::mutex mutex;
    std::set<std::filesystem::path> paths;
};

Registry& registry() {
    // Never destroyed: a signal may come while the process ends.
    static auto* const all = new Registry;  // NOLINT(cppcoreguidelines-owning-memory)
    return *all;
}

mode_t current_umask() {
    const mode_t mask = umask(0);
    umask(mask);
    return mask;
}

}  // namespace

Temporary::Temporary(const std::filesystem::path& target, Kind kind) {
    std::string name = target.string() + ".XXXXXX";
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    // Both are made for the owner alone; the umask decides, as for any output, where the file
    // system has modes.
    const mode_t mask = current_umask();
    if (kind == Kind::folder) {
        if (mkdtemp(name.data()) == nullptr) {
            throw_errno("cannot write", target.string());
        }
        chmod(name.c_str(), 0777 & ~mask);
    } else {
        fd_ = FileDescriptor(mkostemp(name.data(), O_CLOEXEC));
        if (!fd_) {
            throw_errno("cannot write", target.string());
        }
        fchmod(fd_.get(), 0666 & ~mask);
    }
    path_ = name;
    all.paths.insert(path_);
}

Temporary::~Temporary() {
    if (committed_) {
        return;
    }
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    remove_tree(path_);
    all.paths.erase(path_);
}

void Temporary::commit(const std::function<void()>& place) {
    Registry& all = registry();
    const std::lock_guard lock(all.mutex);
    place();
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) {
        all.paths.erase(path_);
        committed_ = true;
    }
}

bool remove_temporaries() {
    Registry& all = registry();
    all.mutex.lock();  // for good
    bool gone = true;
    for (const std::filesystem::path& path : all.paths) {
        gone = remove_tree(path) && gone;
    }
    return gone;
}

}  // namespace slimimg
