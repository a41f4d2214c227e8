#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimimg/report/difference.hpp"

#include "layout.hpp"

/// What the formats for people say alike of a difference.
namespace slimimg::report {

inline std::int64_t grown(std::uint64_t before, std::uint64_t after) {
    return static_cast<std::int64_t>(after) - static_cast<std::int64_t>(before);
}

/// A measure of both images.
struct Measure {
    std::string_view label;
    std::uint64_t before = 0;
    std::uint64_t after = 0;
    bool bytes = true;

    [[nodiscard]] std::string shown(std::uint64_t value) const;
    [[nodiscard]] std::string change() const;
    /// "+4.2 %"; empty where there was nothing before or nothing changed.
    [[nodiscard]] std::string percent() const;
};
std::vector<Measure> measures_of(const Difference& difference);

/// '+', '-' or '~'
char sign_of(Difference::Change change);
Difference::Change change_of(const Difference::Package& package);

/// "1.2" or "1.1 → 1.2"
std::string versions_of(const Difference::Package& package);

/// "content, mode"; "+12 -1 ~3"
std::string what_of(const Difference::Entry& entry);
std::string counts_of(const Difference::Folder& folder);

std::string touched_of(const Difference& difference);

/// Those that are no folders, by how much they grew or shrank.
std::vector<Difference::Entry> entries_by_size(const Difference& difference);
std::vector<Difference::Package> packages_by_size(const Difference& difference);

/// "libx.so.1 of /usr/bin/app and 2 more"
std::string programs_of(const Difference::Library& library);
std::string missing_of(const Unresolved& what);

}  // namespace slimimg::report
