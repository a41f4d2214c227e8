#include "difference_words.hpp"

#include <algorithm>
#include <cstdlib>

namespace slimimg::report {
namespace {

template <typename T>
std::vector<T> by_growth(std::vector<T> all) {
    std::stable_sort(all.begin(), all.end(), [](const T& a, const T& b) {
        return std::abs(grown(a.before_bytes, a.after_bytes)) >
               std::abs(grown(b.before_bytes, b.after_bytes));
    });
    return all;
}

}  // namespace

std::string Measure::shown(std::uint64_t value) const {
    return bytes ? human_bytes(value) : grouped(value);
}

std::string Measure::change() const {
    const std::int64_t change = grown(before, after);
    if (bytes) {
        return change == 0 ? "" : signed_bytes(change);
    }
    return change == 0
               ? ""
               : (change < 0 ? "-" : "+") + grouped(static_cast<std::uint64_t>(std::abs(change)));
}

std::string Measure::percent() const {
    if (before == 0 || before == after) {
        return "";
    }
    const double percent =
        100.0 * static_cast<double>(grown(before, after)) / static_cast<double>(before);
    return (percent > 0 ? "+" : "") + percentage(percent);
}

std::vector<Measure> measures_of(const Difference& difference) {
    const Difference::Side& a = difference.before;
    const Difference::Side& b = difference.after;
    return {
        {"in layers", a.layer_bytes, b.layer_bytes}, {"unpacked", a.tree_bytes, b.tree_bytes},
        {"needed", a.needed_bytes, b.needed_bytes},  {"stored", a.archive_bytes, b.archive_bytes},
        {"files", a.files, b.files, false},          {"packages", a.packages, b.packages, false},
        {"layers", a.layers, b.layers, false}};
}

char sign_of(Difference::Change change) {
    switch (change) {
        case Difference::Change::added:
            return '+';
        case Difference::Change::removed:
            return '-';
        case Difference::Change::changed:
            return '~';
    }
    return '~';
}

Difference::Change change_of(const Difference::Package& package) {
    if (package.before_version.empty()) {
        return Difference::Change::added;
    }
    return package.after_version.empty() ? Difference::Change::removed
                                         : Difference::Change::changed;
}

std::string versions_of(const Difference::Package& package) {
    switch (change_of(package)) {
        case Difference::Change::added:
            return package.after_version;
        case Difference::Change::removed:
            return package.before_version;
        case Difference::Change::changed:
            break;
    }
    return package.before_version == package.after_version
               ? package.after_version
               : package.before_version + " → " + package.after_version;
}

std::string what_of(const Difference::Entry& entry) {
    std::string text;
    for (const std::string& what : entry.what) {
        text += (text.empty() ? "" : ", ") + what;
    }
    return text;
}

std::string counts_of(const Difference::Folder& folder) {
    std::string text;
    const auto add = [&](std::size_t count, Difference::Change change) {
        if (count > 0) {
            text += (text.empty() ? "" : " ") + std::string(1, sign_of(change)) + grouped(count);
        }
    };
    add(folder.added, Difference::Change::added);
    add(folder.removed, Difference::Change::removed);
    add(folder.changed, Difference::Change::changed);
    return text;
}

std::string touched_of(const Difference& difference) {
    return "Only the time differs of " + counted(difference.touched, "more file") + '.';
}

std::vector<Difference::Entry> entries_by_size(const Difference& difference) {
    std::vector<Difference::Entry> entries;
    std::copy_if(difference.entries.begin(), difference.entries.end(), std::back_inserter(entries),
                 [](const Difference::Entry& entry) {
                     return entry.type != "directory" ||
                            entry.change == Difference::Change::changed;
                 });
    return by_growth(std::move(entries));
}

std::vector<Difference::Package> packages_by_size(const Difference& difference) {
    return by_growth(difference.packages);
}

std::string programs_of(const Difference::Library& library) {
    std::string text = library.programs.empty() ? "" : library.programs.front();
    if (library.programs.size() > 1) {
        text += " and " + grouped(library.programs.size() - 1) + " more";
    }
    return text;
}

std::string missing_of(const Unresolved& what) {
    std::string text = what.kind + ' ' + what.name;
    text += what.needed_by.empty() ? "" : ", needed by " + what.needed_by;
    text += what.required ? "" : " (not required)";
    return text;
}

}  // namespace slimimg::report
