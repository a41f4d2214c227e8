#include "archive/spool_sink.hpp"

#include <memory>

#include "slimimg/base/sizes.hpp"

namespace slimimg::archive {
namespace {

// Many layers hold a few small files: not worth a file and a mapping each.
constexpr std::size_t memory_bytes = 1 << 20;

}  // namespace

void SpoolSink::write(Bytes bytes) {
    bytes_ += bytes.size();
    if (full_) {
        return;
    }
    if (!file_ && memory_.size() + bytes.size() <= memory_bytes) {
        memory_.insert(memory_.end(), bytes.begin(), bytes.end());
        return;
    }
    try {
        spool(bytes);
    } catch (const Error& error) {
        if (error.code() != "no-space") {
            throw;
        }
        full_ = error;
        fitted_ = file_ ? file_->size() : 0;
        file_.reset();  // others may need what room there is
    }
}

void SpoolSink::spool(Bytes bytes) {
    if (!file_) {
        file_.emplace(options_.spool_dir);
        file_->write(memory_);
        memory_ = {};
    }
    file_->write(bytes);
}

Slice SpoolSink::finish() {
    if (full_) {
        throw Error(Exit::internal, "no-space",
                    full_->message() + ": " + what_ + " needs " + human_bytes(bytes_) + " (" +
                        std::to_string(bytes_) + " bytes) there, and " + human_bytes(fitted_) +
                        " fitted",
                    "name a folder with more room by --spool-dir or TMPDIR");
    }
    if (file_) {
        return file_->map();
    }
    const auto owner = std::make_shared<const std::vector<std::byte>>(std::move(memory_));
    return {Bytes(*owner), owner};
}

}  // namespace slimimg::archive
