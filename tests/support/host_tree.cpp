#include "support/host_tree.hpp"

#include <array>
#include <cstring>
#include <map>
#include <stdexcept>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "slimimg/base/file.hpp"

namespace test {
namespace {

namespace fs = std::filesystem;
using slimimg::archive::EntryType;
using slimimg::archive::LayerEntry;

constexpr std::uint64_t page = 4096;

struct HostFile {
    fs::path from;
    LayerEntry entry;
};

bool starts_like_elf(const fs::path& file) {
    const slimimg::FileDescriptor in(open(file.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4> magic{};
    return in && read(in.get(), magic.data(), magic.size()) == 4 &&
           std::memcmp(magic.data(), "\177ELF", 4) == 0;
}

class Collector {
  public:
    explicit Collector(fs::path root) : root_(std::move(root)) {}

    void add(const std::string& path) {
        const fs::path from = root_ / path.substr(1);
        struct stat info {};
        if (lstat(from.c_str(), &info) != 0) {
            return;
        }
        LayerEntry entry{.path = path};
        entry.header.mode = static_cast<std::uint16_t>(info.st_mode & 07777);
        entry.header.uid = info.st_uid;
        if (S_ISDIR(info.st_mode)) {
            entry.header.type = EntryType::directory;
            files_.push_back({from, entry});
            std::map<std::string, bool> names;
            for (const auto& child : fs::directory_iterator(from)) {
                names.emplace(child.path().filename().string(), true);
            }
            for (const auto& [name, there] : names) {
                add(path + "/" + name);
            }
            return;
        }
        if (S_ISLNK(info.st_mode)) {
            entry.header.type = EntryType::symlink;
            entry.header.link = fs::read_symlink(from).string();
        } else if (S_ISREG(info.st_mode)) {
            const auto [first, fresh] = inodes_.try_emplace({info.st_dev, info.st_ino}, path);
            if (!fresh) {
                entry.header.type = EntryType::hardlink;
                entry.header.link = first->second;
            } else if (path.starts_with("/etc/") || starts_like_elf(from)) {
                entry.header.size = static_cast<std::uint64_t>(info.st_size);
                entry.content = {size_, entry.header.size};
                size_ += (entry.header.size + page - 1) / page * page;
            }
            if (lgetxattr(from.c_str(), "security.capability", nullptr, 0) > 0) {
                entry.header.xattrs.set({{"security.capability", ""}});
            }
        } else {
            return;
        }
        files_.push_back({from, entry});
    }

    /// All contents side by side in one stretch of addresses.
    slimimg::archive::LayerScan layer() const {
        slimimg::archive::LayerScan scan;
        void* base = mmap(nullptr, size_ + page, PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED) {
            throw std::runtime_error("cannot reserve addresses");
        }
        for (const HostFile& file : files_) {
            if (file.entry.content.length != 0) {
                const slimimg::FileDescriptor in(open(file.from.c_str(), O_RDONLY | O_CLOEXEC));
                void* at = static_cast<char*>(base) + file.entry.content.offset;
                if (!in || mmap(at, file.entry.content.length, PROT_READ, MAP_PRIVATE | MAP_FIXED,
                                in.get(), 0) != at) {
                    throw std::runtime_error("cannot map " + file.from.string());
                }
            }
            scan.entries.push_back(file.entry);
        }
        const std::size_t size = size_ + page;
        scan.tar = {
            slimimg::Bytes(static_cast<const std::byte*>(base), size),
            std::shared_ptr<const void>(base, [size](void* start) { munmap(start, size); })};
        return scan;
    }

  private:
    fs::path root_;
    std::vector<HostFile> files_;
    std::map<std::pair<dev_t, ino_t>, std::string> inodes_;
    std::uint64_t size_ = 0;
};

}  // namespace

slimimg::rootfs::Rootfs host_tree(const fs::path& root, const std::vector<std::string>& below) {
    Collector collector(root);
    for (const std::string& path : below) {
        collector.add(path);
    }
    std::vector<slimimg::archive::LayerScan> layers;
    layers.push_back(collector.layer());
    return slimimg::rootfs::Rootfs::merge(std::move(layers), {});
}

}  // namespace test
