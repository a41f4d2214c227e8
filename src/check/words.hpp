#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slimimg::check {

/// "1 file", "2 files"
std::string counted(std::size_t count, std::string_view noun);
/// "4.2 %"
std::string percent(double value);
/// What an engine's user sees of a layer: "layer 3 (RUN apt-get install …)", cut to a line.
std::string layer_name(std::size_t index, std::string_view created_by);

}  // namespace slimimg::check
