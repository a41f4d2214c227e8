#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

constexpr std::string_view zone_folder = "/usr/share/zoneinfo";

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

}  // namespace slimimg::closure::rules
