#include "closure/rules/settings.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"

namespace slimimg::closure {

std::string_view trim(std::string_view text) {
    static constexpr std::string_view blanks = " \t\r";
    const std::size_t start = text.find_first_not_of(blanks);
    return start == std::string_view::npos
               ? std::string_view()
               : text.substr(start, text.find_last_not_of(blanks) + 1 - start);
}

void for_each_setting(std::string_view text, const std::function<void(std::string_view)>& setting) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::string_view used = trim(line);
        const bool comment = used.starts_with('#') && !used.starts_with("#include");
        if (!used.empty() && !comment && used.front() != ';') {
            setting(used);
        }
    }
}

bool is_procfile(std::string_view path) {
    return path::basename(path) == "Procfile";
}

bool has_settings(Evidence& evidence, rootfs::NodeId node) {
    static constexpr std::array<std::string_view, 6> endings{".conf", ".cfg",  ".cnf",
                                                             ".ini",  ".toml", ".properties"};
    constexpr std::size_t largest = 1UL << 20;
    const rootfs::Node& file = evidence.rootfs()[node];
    const std::string_view path = file.path;
    if (!file.is_file() || file.header.size > largest || evidence.elf(node) != nullptr ||
        evidence.text(node).starts_with("#!")) {
        return false;
    }
    return path::is_within(path, "/etc") ||
           (!evidence.packages().owner(node) && !is_of_a_dependency(path) &&
            path.find("/.") == std::string_view::npos &&
            (is_procfile(path) ||
             std::any_of(endings.begin(), endings.end(),
                         [&](std::string_view ending) { return path.ends_with(ending); })));
}

}  // namespace slimimg::closure
