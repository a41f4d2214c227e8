#include "progress.hpp"

#include <cstdio>
#include <set>
#include <string>

#include "slimimg/base/path.hpp"
#include "slimimg/report/sizes.hpp"

namespace slimimg::cli {

void PlainProgress::begin(std::string_view step, std::string_view what, std::uint64_t total) {
    std::string line = "slimimg: " + std::string(step);
    line += what.empty() ? "" : ' ' + path::printable(what);
    line += total == 0 ? "" : " (" + report::human_bytes(total) + ')';
    line += '\n';
    const std::lock_guard lock(mutex_);
    std::fputs(line.c_str(), stderr);
}

Observers::Observers(const MachineOptions& options, bool quiet, RunOptions& run)
    : format_(options.timings) {
    const Telling telling = options.telling(quiet);
    if (telling == Telling::plain) {
        run.progress = &plain_.emplace();
    } else if (telling == Telling::live) {
        run.progress = &live_.emplace();
    }
    if (!format_.empty()) {
        run.progress = &timings_.emplace(run.progress);
    }
}

Observers::~Observers() {
    live_.reset();
    if (timings_) {
        std::fputs(timings_->render(format_).c_str(), stderr);
    }
}

void Observers::expect(const image::Image& image) {
    if (!live_) {
        return;
    }
    std::set<const std::byte*> seen;  // a layer that an image lists twice is read once
    std::uint64_t bytes = 0;
    for (const image::Layer& layer : image.layers) {
        bytes += seen.insert(layer.blob.bytes.data()).second ? layer.blob.size() : 0;
    }
    live_->expect(seen.size(), bytes);
}

}  // namespace slimimg::cli
