#include "archive/inflate_output.hpp"

#include "slimimg/base/limit_names.hpp"

namespace slimimg::archive {
namespace {

// Small enough to stay in the second-level cache on its way to the hash and the spool file.
constexpr std::size_t piece_bytes = 512 << 10;

}  // namespace

InflateOutput::InflateOutput(Bytes packed, const RunOptions& options, std::string_view what,
                             const ByteSink& sink)
    : packed_size_(packed.size()),
      options_(options),
      what_(what),
      sink_(sink),
      buffer_(piece_bytes) {}

void InflateOutput::pass_on(std::size_t used, std::size_t read) {
    made_ += used;
    const Limits& limits = options_.limits;
    if (made_ > limits.layer_bytes) {
        throw Error(
            Exit::bad_input, "inflated-too-large",
            what_ + " inflates to more than " + std::to_string(limits.layer_bytes) + " bytes",
            raise_hint(&Limits::layer_bytes));
    }
    if (expands_too_far(made_, packed_size_, limits)) {
        throw Error(Exit::bad_input, "decompression-bomb",
                    what_ + " inflates to more than " + std::to_string(limits.expansion_ratio) +
                        " times its stored size",
                    raise_hint(&Limits::expansion_ratio));
    }
    if (options_.progress != nullptr && read > read_) {
        options_.progress->advance(read - read_);
    }
    read_ = read;
    if (used > 0) {
        sink_(Bytes(buffer_).first(used));
    }
}

void InflateOutput::throw_damaged(std::string_view codec, std::string_view detail) const {
    throw Error(Exit::bad_input, "compressed-data-damaged",
                what_ + ": the " + std::string(codec) + " data is damaged after " +
                    std::to_string(made_) + " inflated bytes: " + std::string(detail),
                "save or pull the image again");
}

void InflateOutput::throw_truncated(std::string_view codec) const {
    throw Error(Exit::bad_input, "compressed-data-truncated",
                what_ + ": the " + std::string(codec) + " data is cut short after " +
                    std::to_string(made_) + " inflated bytes",
                "save or pull the image again");
}

}  // namespace slimimg::archive
