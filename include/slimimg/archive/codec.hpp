#pragma once

#include <functional>
#include <string_view>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::archive {

enum class Codec { none, gzip, zstd, xz };

std::string_view codec_name(Codec codec);

/// By the first bytes: RFC 1952, RFC 8878 (skippable frames too), the xz format. Anything else is
/// Codec::none.
Codec detect_codec(Bytes head);

using ByteSink = std::function<void(Bytes)>;

/// Inflates all members or frames of `packed` into `sink`, in order. `what` names the data in
/// errors. Throws Error (bad_input) for damaged or truncated data and where a limit is passed.
void inflate(Bytes packed, Codec codec, const RunOptions& options, std::string_view what,
             const ByteSink& sink);

/// `packed` as it is where it isn't compressed; else inflated into a spool file and mapped.
Slice inflate_to_slice(const Slice& packed, const RunOptions& options, std::string_view what);

}  // namespace slimimg::archive
