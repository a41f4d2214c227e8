#include "slimimg/base/nearest.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace slimimg {
namespace {

/// Optimal string alignment: Levenshtein's distance, and swapped neighbours count as one slip.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::vector<std::size_t> next(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) {
        row[j] = j;
    }
    for (std::size_t i = 1; i <= a.size(); ++i) {
        next[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = row[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            next[j] = std::min({row[j] + 1, next[j - 1] + 1, changed});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                next[j] = std::min(next[j], before[j - 2] + 1);
            }
        }
        before.swap(row);
        row.swap(next);
    }
    return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates) {
    std::string_view best;
    // A letter at least is the same: of one letter any other would be a slip.
    std::size_t best_distance =
        std::min(std::max<std::size_t>(text.size() / 3, 1) + 1, text.size());
    for (const std::string_view candidate : candidates) {
        if (const std::size_t slips = distance(text, candidate); slips < best_distance) {
            best = candidate;
            best_distance = slips;
        }
    }
    return best;
}

}  // namespace slimimg
