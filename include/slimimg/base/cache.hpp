#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/seal.hpp"

namespace slimimg {

/// Entries that are kept to be found again by name: of bytes that were read at some cost, what was
/// found. A cache gives back what was put or nothing; that an entry is still what it was, its
/// reader makes sure of by seals. May be used from several threads.
class Cache {
  public:
    explicit Cache(const SealKey& key) : key_(key) {}
    virtual ~Cache() = default;
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    /// What seals are made with; nobody who makes images knows it.
    [[nodiscard]] const SealKey& key() const { return key_; }

    /// The entry's bytes; nothing where there is none.
    virtual std::optional<Slice> find(const std::string& name) = 0;
    /// Keeps `content`, in place of what stood there. `fd`, if it is not negative, is the file that
    /// it is mapped from. Never throws for what goes wrong: the entry is not kept then.
    virtual void put(const std::string& name, const Slice& content, int fd) = 0;
    /// Where to make files that may become entries; empty: anywhere.
    [[nodiscard]] virtual std::filesystem::path folder() const { return {}; }

    /// Held by the thread that makes an entry; others of this process wait for it.
    class Claim {
      public:
        Claim(Cache& cache, std::string name);
        ~Claim();
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;

      private:
        Cache& cache_;
        std::string name_;
    };

  private:
    SealKey key_;
    std::mutex mutex_;
    std::condition_variable released_;
    std::set<std::string, std::less<>> claimed_;
};

/// For one run over several images: keeps slices, those used last, up to so many bytes together.
/// What was inflated into a file takes room on its disk and not in memory.
class MemoryCache : public Cache {
  public:
    explicit MemoryCache(std::uint64_t limit = 2'000'000'000);

    std::optional<Slice> find(const std::string& name) override;
    void put(const std::string& name, const Slice& content, int fd) override;

  private:
    struct Entry {
        Slice content;
        std::uint64_t used = 0;
    };

    std::mutex mutex_;
    std::uint64_t limit_;
    std::uint64_t bytes_ = 0;
    std::uint64_t clock_ = 0;
    std::map<std::string, Entry, std::less<>> entries_;
};

/// Makes the folder of a cache, for its owner alone, where it is not there. That it can't be made
/// is told by who uses it.
void make_cache_folder(const std::filesystem::path& folder);

/// A folder with a file for each entry, for several processes at once: a file appears whole or not
/// at all (rename(2)), and is never changed. What was used last is told by its time of change.
class FolderCache : public Cache {
  public:
    /// Makes the folder, for its owner alone, where there is none. Throws Error (usage) where it
    /// can't be, is somebody else's, or others may write to it: what it holds is trusted.
    FolderCache(const std::filesystem::path& folder, std::uint64_t limit);
    /// Takes the entries that were not used for longest where all are more than the limit.
    ~FolderCache() override;

    std::optional<Slice> find(const std::string& name) override;
    void put(const std::string& name, const Slice& content, int fd) override;
    [[nodiscard]] std::filesystem::path folder() const override { return folder_; }

    /// Why an entry could not be kept; empty where all were.
    [[nodiscard]] std::string problem() const;

  private:
    void trim() const;

    std::filesystem::path folder_;
    std::uint64_t limit_;
    mutable std::mutex mutex_;
    std::string problem_;
    bool changed_ = false;
};

}  // namespace slimimg
