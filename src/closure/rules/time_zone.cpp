#include "closure/rules/time_zone.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure {
namespace {

constexpr std::string_view zone_folder = "/usr/share/zoneinfo";

bool has_constant(Evidence& evidence, rootfs::NodeId node, std::string_view text) {
    const auto parts = elf::constant_data(as_bytes(evidence.text(node)));
    return std::any_of(parts.begin(), parts.end(),
                       [&](Bytes part) { return contains(part, text); });
}

}  // namespace

bool is_zone_path(std::string_view path) {
    return path::is_within(path, zone_folder);
}

bool reads_time_zones(Evidence& evidence, rootfs::NodeId node) {
    // ICU brings its own zones and compares the machine's with the folder's just to learn its name
    // (icu4c's putil.cpp); systemd's daemons check the names that timers give, users of its library
    // don't.
    static constexpr std::array<std::string_view, 2> lookers{"libicuuc.so.", "libsystemd.so."};
    const elf::ElfFacts* facts = evidence.elf(node);
    if (facts != nullptr && facts->soname &&
        std::any_of(lookers.begin(), lookers.end(),
                    [&](std::string_view name) { return facts->soname->starts_with(name); })) {
        return false;
    }
    // Go's runtime names the folder always. Its table of functions, in every Go binary, tells
    // whether the one that opens a zone by name was linked in.
    using namespace std::string_view_literals;
    return !has_constant(evidence, node, "\xff Go buildinf:"sv) ||
           has_constant(evidence, node, "time.LoadLocation\0"sv);
}

namespace rules {
namespace {

/// The machine's own zone is read by every program that tells the time. The whole database stays
/// where the image's maker installed it on top of the distribution: that is what for.
void start(Evidence& evidence) {
    for (const std::string_view file : {"/etc/localtime", "/etc/timezone"}) {
        evidence.keep_path(
            file, {time_zone.id, std::nullopt, Confidence::likely, "local time is read from it"});
    }
    std::string_view zone = evidence.config().env_value("TZ").value_or("");
    zone.remove_prefix(zone.starts_with(':') ? 1 : 0);
    if (!zone.empty()) {
        evidence.keep_path(
            path::join(zone_folder, zone),
            {time_zone.id, std::nullopt, Confidence::likely, "ENV TZ=" + std::string(zone)});
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto folder = tree.find(zone_folder);
    const auto zones = folder ? tree.nodes().subspan(*folder, tree[*folder].subtree_end - *folder)
                              : std::span<const rootfs::Node>();
    const auto first = std::find_if(zones.begin(), zones.end(),
                                    [](const rootfs::Node& node) { return node.is_file(); });
    if (first != zones.end() &&
        is_installed_on_top(evidence,
                            static_cast<rootfs::NodeId>(*folder + (first - zones.begin())))) {
        keep_folder(evidence, *folder,
                    {time_zone.id, std::nullopt, Confidence::likely,
                     "the time zones were installed on top of the distribution"});
    }
}

bool is_zone_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '/' || c == '+' || c == '-';
}

/// "export TZ=Asia/Tokyo", "${TZ:-Asia/Tokyo}", "$ENV{TZ} = 'Asia/Tokyo'": texts that set it
/// themselves.
void inspect(Evidence& evidence, rootfs::NodeId node) {
    constexpr std::size_t largest_text = 1UL << 20;
    constexpr std::size_t furthest = 12;
    const rootfs::Node& file = evidence.rootfs()[node];
    if (!file.is_file() || file.header.size > largest_text || is_zone_path(file.path) ||
        evidence.elf(node) != nullptr) {
        return;
    }
    const std::string_view text = evidence.text(node);
    for (std::size_t at = text.find("TZ"); at != std::string_view::npos;
         at = text.find("TZ", at + 2)) {
        std::string_view rest = text.substr(at + 2);
        const std::size_t begin = rest.substr(0, furthest).find_first_not_of("=:-'\"{}[](), ");
        if (begin == 0 || begin == std::string_view::npos ||
            (at > 0 && is_zone_char(text[at - 1]))) {
            continue;
        }
        rest.remove_prefix(begin);
        const auto end = std::find_if_not(rest.begin(), rest.end(), is_zone_char);
        const std::string zone(rest.begin(), end);
        if (zone.empty() || zone.front() == '/') {
            continue;
        }
        evidence.keep_path(path::join(zone_folder, zone),
                           {time_zone.id, node, Confidence::likely, "sets TZ to " + zone});
    }
}

}  // namespace

const Rule time_zone{.id = "time-zone",
                     .summary = "the time zone data that the program is given",
                     .start = start,
                     .inspect = inspect};

}  // namespace rules
}  // namespace slimimg::closure
