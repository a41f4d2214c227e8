#include "slimimg/base/staged_folder.hpp"

#include <cstdio>
#include <utility>

#include <fcntl.h>

#include "slimimg/base/error.hpp"

namespace slimimg {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_io(const fs::path& target, const fs::filesystem_error& failure) {
    throw Error(Exit::internal, "io",
                "cannot write " + target.string() + ": " + failure.code().message());
}

/// Throws where something stands at the target that may not be replaced.
void check(const fs::path& target, const std::string& marker) {
    if (!fs::exists(target)) {
        return;
    }
    if (!fs::is_directory(target)) {
        throw Error(Exit::usage, "target-no-folder", target.string() + " is no folder",
                    "name a new folder");
    }
    if (!fs::is_empty(target) && (marker.empty() || !fs::exists(target / marker))) {
        throw Error(Exit::usage, "target-not-empty",
                    target.string() + " is a folder with other things in it", "name a new folder");
    }
}

/// The target's own name, checked.
fs::path checked_target(const fs::path& target, const std::string& marker) {
    try {
        fs::path real = fs::weakly_canonical(target);
        if (real.filename().empty() && real.has_parent_path()) {
            real = real.parent_path();  // "out/" that is not there yet
        }
        check(real, marker);
        return real;
    } catch (const fs::filesystem_error& failure) {
        throw_io(target, failure);
    }
}

}  // namespace

StagedFolder::StagedFolder(const fs::path& target, std::string marker)
    : target_(checked_target(target, marker)),
      marker_(std::move(marker)),
      temporary_(target_, Temporary::Kind::folder) {}

void StagedFolder::make_folder(const fs::path& below) const {
    try {
        fs::path at = temporary();
        for (const fs::path& name : below) {
            at /= name;
            fs::create_directory(at);
        }
    } catch (const fs::filesystem_error& failure) {
        throw_io(target_, failure);
    }
}

void StagedFolder::commit() {
    try {
        temporary_.commit([&] { take_place(); });
    } catch (const fs::filesystem_error& failure) {
        throw_io(target_, failure);
    }
}

void StagedFolder::take_place() const {
    check(target_, marker_);
    if (!fs::exists(target_) || fs::is_empty(target_)) {
        std::error_code error;
        fs::rename(temporary(), target_, error);
        // Another process may have put its own there meanwhile, which then gives way.
        if (!error) {
            return;
        }
        if (error != std::errc::directory_not_empty && error != std::errc::file_exists) {
            throw fs::filesystem_error("rename", temporary(), target_, error);
        }
    }
    if (renameat2(AT_FDCWD, temporary().c_str(), AT_FDCWD, target_.c_str(), RENAME_EXCHANGE) == 0) {
        return;
    }
    const fs::path old = temporary().string() + ".old";
    fs::rename(target_, old);
    try {
        fs::rename(temporary(), target_);
    } catch (const fs::filesystem_error&) {
        fs::rename(old, target_);
        throw;
    }
    fs::rename(old, temporary());
}

}  // namespace slimimg
