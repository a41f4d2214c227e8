#include "slimimg/rootfs/unpack.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <limits>
#include <map>
#include <string>

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::rootfs {
namespace {

using archive::EntryType;

constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t set_id_bits = 06000;

std::string name_of(const Node& node) {
    return std::string(path::basename(node.path));
}

[[noreturn]] void throw_unpack(const Node& node) {
    throw_errno("cannot unpack", path::printable(node.path));
}

/// What Linux has no way to make, or no program could open, is the image's fault and not this
/// machine's.
void require_possible(const Node& node) {
    const auto refuse = [&](const std::string& why) {
        throw Error(Exit::bad_input, "unpack-impossible",
                    path::printable(node.path) + " cannot be unpacked: " + why,
                    "an archive can hold it: leave out --output-format dir");
    };
    const auto demand = [&](std::string_view what, std::size_t bytes, std::size_t limit) {
        if (bytes > limit) {
            refuse("its " + std::string(what) + " of " + std::to_string(bytes) +
                   " bytes is over Linux's " + std::to_string(limit));
        }
    };
    demand("path", node.path.size() - 1, PATH_MAX - 1);
    demand("name", path::basename(node.path).size(), NAME_MAX);
    if (node.is_symlink()) {
        demand("link target", node.header.link.size(), PATH_MAX - 1);
        if (node.header.link.empty()) {
            refuse("its link target is empty");
        }
    }
}

/// What could not be set, by kind: how often, and where first.
class Left {
  public:
    void note(const char* code, const char* what, const Node& node, int reason) {
        Count& count = counts_[code];
        if (count.times++ == 0) {
            count.what = what;
            count.first = node.path;
            count.reason = std::strerror(reason);
        }
    }

    [[nodiscard]] std::vector<Diagnostic> diagnostics() const {
        std::vector<Diagnostic> diagnostics;
        for (const auto& [code, count] : counts_) {
            std::string text = count.what + ": " + count.reason;
            if (count.times > 1) {
                text += "; and of " + std::to_string(count.times - 1) + " more";
            }
            diagnostics.push_back({Severity::warning, code, count.first, text});
        }
        return diagnostics;
    }

  private:
    struct Count {
        std::size_t times = 0;
        std::string what;
        std::string first;
        std::string reason;
    };
    std::map<std::string, Count> counts_;
};

class Unpacker {
  public:
    Unpacker(const Rootfs& rootfs, const std::filesystem::path& folder)
        : rootfs_(rootfs), root_(open(folder.c_str(), folder_flags)) {
        if (!root_) {
            throw_errno("cannot open", folder.string());
        }
    }

    std::vector<Diagnostic> run() {
        demand(fchmod(root_.get(), 0700), rootfs_[0]);  // nobody's until it is whole
        for (NodeId id = 1; id < rootfs_.size(); ++id) {
            make(id);
        }
        // Folders last and from below, as what is made in them changes their times, and may not be
        // made where their mode forbids it.
        for (NodeId id = static_cast<NodeId>(rootfs_.size()); id-- > 0;) {
            if (rootfs_[id].is_directory()) {
                finish_folder(id);
            }
        }
        return left_.diagnostics();
    }

  private:
    /// Opened from the root, no link followed: by the kernel at once, as deep trees would take
    /// millions of calls, and name by name where it is older than 5.6 or a container refuses that.
    FileDescriptor open_folder(NodeId id) const {
        if (id != 0) {
            const open_how how{
                .flags = folder_flags, .mode = 0, .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
            const char* const below = rootfs_[id].path.c_str() + 1;
            FileDescriptor folder(
                static_cast<int>(syscall(SYS_openat2, root_.get(), below, &how, sizeof(how))));
            if (folder) {
                return folder;
            }
        }
        FileDescriptor at(fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
        for (const std::string_view part : path::components(rootfs_[id].path)) {
            at = FileDescriptor(openat(at.get(), std::string(part).c_str(), folder_flags));
            if (!at) {
                throw_unpack(rootfs_[id]);
            }
        }
        return at;
    }

    /// The folder that a node stands in; most stand in the same one as the node before.
    int parent_of(NodeId id) {
        const NodeId parent = rootfs_[id].parent;
        if (!parent_ || parent != parent_id_) {
            parent_ = open_folder(parent);
            parent_id_ = parent;
        }
        return parent_.get();
    }

    void make(NodeId id) {
        const Node& node = rootfs_[id];
        require_possible(node);
        const int folder = parent_of(id);
        const std::string name = name_of(node);
        if (!node.is_directory() && node.inode != id) {
            make_link(id, folder, name);
            return;
        }
        switch (node.header.type) {
            case EntryType::directory:
                demand(mkdirat(folder, name.c_str(), 0700), node);
                return;
            case EntryType::file:
                make_file(id, folder, name);
                return;
            case EntryType::symlink:
                demand(symlinkat(node.header.link.c_str(), folder, name.c_str()), node);
                break;
            case EntryType::fifo:
                demand(mkfifoat(folder, name.c_str(), 0600), node);
                break;
            case EntryType::char_device:
            case EntryType::block_device:
                if (!make_device(node, folder, name)) {
                    return;
                }
                break;
            case EntryType::hardlink:
                return;  // no node is one
        }
        set_by_name(node, folder, name);
    }

    static void demand(int result, const Node& node) {
        if (result != 0) {
            throw_unpack(node);
        }
    }

    void make_link(NodeId id, int folder, const std::string& name) {
        const Node& first = rootfs_[rootfs_[id].inode];
        const FileDescriptor from = open_folder(first.parent);
        if (linkat(from.get(), name_of(first).c_str(), folder, name.c_str(), 0) == 0) {
            return;
        }
        const bool first_left_out =
            errno == ENOENT && (first.header.type == EntryType::char_device ||
                                first.header.type == EntryType::block_device);
        if (!first_left_out) {
            throw_unpack(rootfs_[id]);
        }
        left_.note("unpack-device", "device node left out", rootfs_[id], EPERM);
    }

    bool make_device(const Node& node, int folder, const std::string& name) {
        const mode_t type = node.header.type == EntryType::char_device ? S_IFCHR : S_IFBLK;
        const dev_t device = makedev(node.header.device_major, node.header.device_minor);
        if (mknodat(folder, name.c_str(), type | 0600U, device) == 0) {
            return true;
        }
        if (errno != EPERM) {
            throw_unpack(node);
        }
        left_.note("unpack-device", "device node left out", node, errno);
        return false;
    }

    void make_file(NodeId id, int folder, const std::string& name) {
        const Node& node = rootfs_[id];
        const FileDescriptor file(openat(
            folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file) {
            throw_unpack(node);
        }
        const StoredFile stored = rootfs_.stored(id);
        if (stored.entry.sparse) {
            demand(ftruncate(file.get(), static_cast<off_t>(node.header.size)), node);
            archive::for_each_piece(
                stored.layer, stored.entry, [&](std::uint64_t offset, Bytes piece) {
                    write_at(file.get(), offset, piece, path::printable(node.path));
                });
        } else {
            write_all(file.get(), rootfs_.content(id).bytes, path::printable(node.path));
        }
        set_by_descriptor(node, file.get());
    }

    void finish_folder(NodeId id) {
        const FileDescriptor folder = open_folder(id);
        set_by_descriptor(rootfs_[id], folder.get());
    }

    /// A change of owner takes set-id bits and capabilities away, so that it comes first; times
    /// come last, as everything changes them.
    void set_by_descriptor(const Node& node, int fd) {
        const bool owned =
            set_owner(node, [&](uid_t uid, gid_t gid) { return fchown(fd, uid, gid); });
        demand(fchmod(fd, mode_of(node, owned)), node);
        for (const auto& [name, value] : node.header.xattrs) {
            if (fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) != 0) {
                leave_attribute(node);
            }
        }
        const auto times = times_of(node);
        demand(futimens(fd, times.data()), node);
    }

    void set_by_name(const Node& node, int folder, const std::string& name) {
        const bool owned = set_owner(node, [&](uid_t uid, gid_t gid) {
            return fchownat(folder, name.c_str(), uid, gid, AT_SYMLINK_NOFOLLOW);
        });
        if (!node.is_symlink()) {  // Linux has no modes of symlinks
            demand(fchmodat(folder, name.c_str(), mode_of(node, owned), 0), node);
        }
        const std::string by_descriptor = "/proc/self/fd/" + std::to_string(folder) + "/" + name;
        for (const auto& [attribute, value] : node.header.xattrs) {
            if (lsetxattr(by_descriptor.c_str(), attribute.c_str(), value.data(), value.size(),
                          0) != 0) {
                leave_attribute(node);
            }
        }
        const auto times = times_of(node);
        demand(utimensat(folder, name.c_str(), times.data(), AT_SYMLINK_NOFOLLOW), node);
    }

    /// True where the node belongs to whom it should.
    template <typename Change>
    bool set_owner(const Node& node, const Change& change) {
        const archive::Header& header = node.header;
        constexpr std::uint64_t no_id = std::numeric_limits<std::uint32_t>::max();  // "as it is"
        errno = EINVAL;
        if (header.uid != no_id && header.gid != no_id &&
            change(static_cast<uid_t>(header.uid), static_cast<gid_t>(header.gid)) == 0) {
            return true;
        }
        if (errno != EPERM && errno != EINVAL) {  // EINVAL: an id that the user namespace lacks
            throw_unpack(node);
        }
        left_.note("unpack-owner", "owner not set, nor a set-id bit", node, errno);
        return false;
    }

    static mode_t mode_of(const Node& node, bool owned) {
        return owned ? node.header.mode : node.header.mode & ~set_id_bits;
    }

    void leave_attribute(const Node& node) {
        if (errno == ENOSPC || errno == EDQUOT || errno == EIO) {
            throw_unpack(node);
        }
        left_.note("unpack-xattr", "extended attribute not set", node, errno);
    }

    static std::array<timespec, 2> times_of(const Node& node) {
        const timespec time{.tv_sec = static_cast<time_t>(node.header.mtime.seconds),
                            .tv_nsec = static_cast<long>(node.header.mtime.nanoseconds)};
        return {time, time};
    }

    const Rootfs& rootfs_;
    FileDescriptor root_;
    FileDescriptor parent_;
    NodeId parent_id_ = 0;
    Left left_;
};

}  // namespace

std::vector<Diagnostic> unpack(const Rootfs& rootfs, const std::filesystem::path& folder) {
    return Unpacker(rootfs, folder).run();
}

}  // namespace slimimg::rootfs
