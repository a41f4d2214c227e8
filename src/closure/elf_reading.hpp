#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <thread>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/limits.hpp"
#include "slimimg/rootfs/rootfs.hpp"

namespace slimimg::closure {

/// What rules look for in the constant data of an ELF file. Parts of the file.
struct ElfTexts {
    /// elf::for_each_constant_string; nothing where there are too many to hold.
    std::optional<std::vector<std::string_view>> strings;
    /// for_each_with_slash; nothing where the data is unterminated, or there are too many to hold.
    std::optional<std::vector<std::string_view>> with_slash;
    /// Go and Rust put their texts one behind the other.
    bool unterminated = false;
};
ElfTexts read_texts(Bytes file);

/// Calls `take` for what stands between two NULs and has a "/".
void for_each_with_slash(std::string_view data, const std::function<void(std::string_view)>& take);
/// The names of an ELF file's undefined dynamic symbols, sorted, each once.
std::vector<std::string_view> read_imports(Bytes file, const Limits& limits);

/// What takes a pass over a file's bytes.
struct ElfReading {
    ElfTexts texts;
    std::vector<std::string_view> imports;
};

/// Reads files on a thread of its own before they are asked for, a few of them ahead.
class ReadAhead {
  public:
    /// Without a thread of its own where `threads` is 1.
    ReadAhead(const rootfs::Rootfs& rootfs, const Limits& limits, unsigned threads);
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// The file is going to be asked for, after those that were named before.
    void expect(rootfs::NodeId inode);
    /// Null where the file wasn't expected, or its turn has not come: who asks then reads it
    /// sooner.
    std::shared_ptr<const ElfReading> find(rootfs::NodeId inode);
    /// The file need not be read any more, or be held.
    void drop(rootfs::NodeId inode);

  private:
    void run();
    [[nodiscard]] bool has_room() const;

    const rootfs::Rootfs& rootfs_;
    Limits limits_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<rootfs::NodeId> expected_;  // in their order, also what was dropped since
    std::set<rootfs::NodeId> waiting_;     // of these, what is still to be read
    std::optional<rootfs::NodeId> at_;     // what is read now, unless it was dropped
    std::map<rootfs::NodeId, std::shared_ptr<const ElfReading>> read_;
    bool closed_ = false;
    std::jthread thread_;  // last: it uses all of the above
};

}  // namespace slimimg::closure
