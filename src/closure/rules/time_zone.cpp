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
    const auto folder = evidence.rootfs().find(zone_folder);
    const auto utc = evidence.rootfs().find(std::string(zone_folder) + "/UTC");
    if (folder && utc &&
        layer_origins(evidence)[evidence.rootfs()[*utc].layer] != LayerOrigin::base) {
        keep_folder(evidence, *folder,
                    {time_zone.id, std::nullopt, Confidence::likely,
                     "the time zones were installed on top of the distribution"});
    }
}

}  // namespace

const Rule time_zone{
    .id = "time-zone", .summary = "the time zone data that the program is given", .start = start};

}  // namespace rules
}  // namespace slimimg::closure
