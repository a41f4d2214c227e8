#include "archive/spool_sink.hpp"

#include <memory>

namespace slimimg::archive {
namespace {

// Many layers hold a few small files: not worth a file and a mapping each.
constexpr std::size_t memory_bytes = 1 << 20;

}  // namespace

void SpoolSink::write(Bytes bytes) {
    if (!file_ && memory_.size() + bytes.size() <= memory_bytes) {
        memory_.insert(memory_.end(), bytes.begin(), bytes.end());
        return;
    }
    if (!file_) {
        file_.emplace(options_.spool_dir);
        file_->write(memory_);
        memory_ = {};
    }
    file_->write(bytes);
}

Slice SpoolSink::finish() {
    if (file_) {
        return file_->map();
    }
    const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(memory_));
    return {Bytes(*owner), owner};
}

}  // namespace slimimg::archive
