#include "closure/rules/settings.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"

namespace slimimg::closure {

void for_each_setting(std::string_view text, const std::function<void(std::string_view)>& setting) {
    while (!text.empty()) {
        const std::string_view used = trim(take_line(text));
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
