#include "layer_cache.hpp"

#include <cstdio>
#include <string>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::cli {
namespace {

void print_note(const std::string& text) {
    std::fputs(("slimimg: note: " + path::printable(text) + '\n').c_str(), stderr);
}

}  // namespace

OpenCache::OpenCache(const MachineOptions& options, bool quiet, RunOptions& run) : quiet_(quiet) {
    const std::uint64_t limit = options.cache_bytes();
    if (options.cache.empty()) {
        return;
    }
    try {
        cache_ = std::make_unique<FolderCache>(options.cache, limit);
        run.cache = cache_.get();
    } catch (const Error& error) {
        if (!quiet_) {
            print_note(error.message() + (error.hint().empty() ? "" : "; " + error.hint()));
        }
    }
}

OpenCache::~OpenCache() {
    if (cache_ && !quiet_ && !cache_->problem().empty()) {
        print_note("not all layers are kept in the cache: " + cache_->problem());
    }
}

}  // namespace slimimg::cli
