#include "slimimg/base/cache.hpp"

#include <algorithm>

namespace slimimg {

Cache::Claim::Claim(Cache& cache, std::string name) : cache_(cache), name_(std::move(name)) {
    std::unique_lock lock(cache_.mutex_);
    cache_.released_.wait(lock, [this] { return !cache_.claimed_.contains(name_); });
    cache_.claimed_.insert(name_);
}

Cache::Claim::~Claim() {
    {
        const std::lock_guard lock(cache_.mutex_);
        cache_.claimed_.erase(name_);
    }
    cache_.released_.notify_all();
}

MemoryCache::MemoryCache(std::uint64_t limit) : Cache(random_seal_key()), limit_(limit) {}

std::optional<Slice> MemoryCache::find(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto at = entries_.find(name);
    if (at == entries_.end()) {
        return std::nullopt;
    }
    at->second.used = ++clock_;
    return at->second.content;
}

void MemoryCache::put(const std::string& name, const Slice& content, int /*fd*/) {
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[name];
    bytes_ += content.size();
    bytes_ -= entry.content.size();
    entry = {content, ++clock_};
    while (bytes_ > limit_) {
        const auto oldest = std::min_element(
            entries_.begin(), entries_.end(),
            [](const auto& a, const auto& b) { return a.second.used < b.second.used; });
        bytes_ -= oldest->second.content.size();
        entries_.erase(oldest);
    }
}

}  // namespace slimimg
