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

}  // namespace slimimg::cli
