#pragma once

#include <string_view>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// True for the folder of time zones and what is in it.
bool is_zone_path(std::string_view path);

/// True where an ELF file that names the folder of time zones reads zones from it, as far as can be
/// told. Every Go program names it; ICU and systemd's library just look for names there.
bool reads_time_zones(Evidence& evidence, rootfs::NodeId node);

}  // namespace slimimg::closure
