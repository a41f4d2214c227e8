#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace slimimg::check {

/// "1 file", "2 files"
std::string counted(std::size_t count, std::string_view noun);
/// "4.2 %"
std::string percent(double value);
/// A word of a command that the user is advised to run: quoted for the shell where its letters,
/// which are the image's, could mean something else.
std::string shell_word(std::string_view text);
/// What an engine's user sees of a layer: "layer 3 (RUN apt-get install …)", cut to a line.
std::string layer_name(std::size_t index, std::string_view created_by);

}  // namespace slimimg::check
