#pragma once

#include <functional>
#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Configuration files as far as most of them agree: a setting a line, "#" or ";" before comments.
namespace slimimg::closure {

/// Whether a file is one: of /etc, or the application's by the ending of its name. Not one of the
/// tools of its developers, which are below folders with a dot.
bool has_settings(Evidence& evidence, rootfs::NodeId node);

/// Calls `setting` with each line that is no comment, without blanks around it. "#include", which
/// sudo has, counts as none.
void for_each_setting(std::string_view text, const std::function<void(std::string_view)>& setting);

/// A file for Heroku's relatives: "web: command".
bool is_procfile(std::string_view path);

}  // namespace slimimg::closure
