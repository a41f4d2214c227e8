#include "slim/records/join.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "slimimg/base/path.hpp"

namespace slimimg::slim {
namespace {

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// What stands behind `name` at the start of a line; empty where no line has it.
std::string_view field(std::string_view text, std::string_view name) {
    for (const std::string_view line : lines_of(text)) {
        if (line.starts_with(name)) {
            const std::string_view value = line.substr(name.size());
            return value.substr(std::min(value.find_first_not_of(' '), value.size()));
        }
    }
    return {};
}

/// The paths of "<md5>  usr/bin/env" lines.
std::string sum_path(std::string_view line) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    const std::size_t name = line.find_first_not_of(' ', blank);
    return name == line.npos ? std::string() : path::normalize(line.substr(name));
}

bool owns_above(std::string_view sums, const HasAbove& has_above) {
    const auto lines = lines_of(sums);
    return std::any_of(lines.begin(), lines.end(),
                       [&](std::string_view line) { return has_above(sum_path(line)); });
}

/// The records of apk's database by package, in their order.
std::vector<std::string_view> apk_records(std::string_view text) {
    std::vector<std::string_view> records;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\n\n"), text.size());
        if (const std::string_view record = text.substr(0, end); !field(record, "P:").empty()) {
            records.push_back(record.ends_with('\n') ? record.substr(0, record.size() - 1)
                                                     : record);
        }
        text.remove_prefix(std::min(end + 2, text.size()));
    }
    return records;
}

bool apk_owns_above(std::string_view record, const HasAbove& has_above) {
    std::string folder = "/";
    for (const std::string_view line : lines_of(record)) {
        if (line.starts_with("F:")) {
            folder = path::join("/", line.substr(2));
        } else if (line.starts_with("R:") && has_above(path::join(folder, line.substr(2)))) {
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<JoinedRecord> join_dpkg(const DpkgRecord& above, const DpkgRecord& base,
                                      const HasAbove& has_above) {
    if (!owns_above(above.sums, has_above)) {
        return std::nullopt;
    }
    if (field(above.control, "Version:") != field(base.control, "Version:")) {
        return JoinedRecord{std::string(above.control), std::string(above.sums)};
    }
    JoinedRecord joined{std::string(base.control), ""};
    std::set<std::string> known;
    for (const std::string_view sums : {above.sums, base.sums}) {
        for (const std::string_view line : lines_of(sums)) {
            if (known.insert(sum_path(line)).second) {
                joined.sums.append(line).push_back('\n');
            }
        }
    }
    return joined;
}

std::string join_apk(std::string_view above, std::string_view base, const HasAbove& has_above) {
    std::map<std::string_view, std::string_view> ours;
    for (const std::string_view record : apk_records(above)) {
        ours.try_emplace(field(record, "P:"), record);
    }
    std::string joined;
    for (const std::string_view record : apk_records(base)) {
        const auto found = ours.find(field(record, "P:"));
        const bool take_ours = found != ours.end() &&
                               field(found->second, "V:") != field(record, "V:") &&
                               apk_owns_above(found->second, has_above);
        joined.append(take_ours ? found->second : record).append("\n\n");
        if (found != ours.end()) {
            ours.erase(found);
        }
    }
    for (const auto& [name, record] : ours) {
        joined.append(record).append("\n\n");
    }
    return joined;
}

}  // namespace slimimg::slim
