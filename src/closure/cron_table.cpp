#include "closure/cron_table.hpp"

#include <algorithm>
#include <cctype>

#include "slimimg/base/lines.hpp"

namespace slimimg::closure {
namespace {

constexpr int time_fields = 5;

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::string_view take_word(std::string_view& line) {
    const std::string_view word = line.substr(0, line.find_first_of(" \t"));
    line.remove_prefix(word.size());
    line = trim(line);
    return word;
}

bool is_time_field(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
        return is_digit(c) || c == '*' || c == ',' || c == '-' || c == '/';
    });
}

}  // namespace

std::string_view cron_command(std::string_view line, bool names_user) {
    line = trim(line);
    if (line.empty() || (line.front() != '@' && line.front() != '*' && !is_digit(line.front()))) {
        return {};
    }
    const int words = (line.front() == '@' ? 1 : time_fields) + (names_user ? 1 : 0);
    for (int word = 0; word < words; ++word) {
        take_word(line);
    }
    return line.substr(0, line.find('%'));
}

bool is_cron_line(std::string_view line) {
    line = trim(line);
    if (line.starts_with('@')) {
        const std::string_view when = take_word(line);
        return !line.empty() && (when == "@reboot" || when == "@midnight" || when == "@annually" ||
                                 when == "@hourly" || when == "@daily" || when == "@weekly" ||
                                 when == "@monthly" || when == "@yearly");
    }
    for (int field = 0; field < time_fields; ++field) {
        if (!is_time_field(take_word(line))) {
            return false;
        }
    }
    return !line.empty();
}

}  // namespace slimimg::closure
