#pragma once

#include <string_view>

/// Lines of cron's tables (crontab(5) of Vixie's cron and its relatives).
namespace slimimg::closure {

/// The command of a line, without what follows "%", which is its input; empty for a variable.
/// `names_user`: the system's tables have a user before it.
std::string_view cron_command(std::string_view line, bool names_user);

/// Whether a text of a script can only be such a line: five fields of times, or "@daily".
bool is_cron_line(std::string_view line);

}  // namespace slimimg::closure
