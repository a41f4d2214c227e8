#include "progress.hpp"

#include <cstdio>
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
    run.progress = options.wants_progress(quiet) ? &plain_ : nullptr;
    if (!format_.empty()) {
        run.progress = &timings_.emplace(run.progress);
    }
}

Observers::~Observers() {
    if (timings_) {
        std::fputs(timings_->render(format_).c_str(), stderr);
    }
}

}  // namespace slimimg::cli
