#include "slim/build_time.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/slim/slim.hpp"

namespace slimimg::slim {
namespace {

/// The year 9999, the last that RFC 3339 can write.
constexpr std::int64_t last_second = 253402300799;

std::optional<std::int64_t> number(std::string_view digits) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool whole = error == std::errc() && end == digits.data() + digits.size();
    return whole && digits.front() != '-' ? std::optional(value) : std::nullopt;
}

/// "Z" or "+02:00" in seconds east of UTC.
std::optional<std::int64_t> parse_offset(std::string_view text) {
    if (text == "Z" || text == "z") {
        return 0;
    }
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') {
        return std::nullopt;
    }
    const auto hours = number(text.substr(1, 2));
    const auto minutes = number(text.substr(4, 2));
    if (!hours || !minutes || *hours > 23 || *minutes > 59) {
        return std::nullopt;
    }
    return (*hours * 3600 + *minutes * 60) * (text[0] == '-' ? -1 : 1);
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text) {
    using namespace std::chrono;
    constexpr std::string_view shape = "0000-00-00T00:00:00";
    if (text.size() <= shape.size() || text[4] != '-' || text[7] != '-' ||
        (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const auto years = number(text.substr(0, 4));
    const auto months_of_year = number(text.substr(5, 2));
    const auto days_of_month = number(text.substr(8, 2));
    const auto hour = number(text.substr(11, 2));
    const auto minute = number(text.substr(14, 2));
    const auto second = number(text.substr(17, 2));
    if (!years || !months_of_year || !days_of_month || !hour || !minute || !second) {
        return std::nullopt;
    }
    std::string_view rest = text.substr(shape.size());
    if (rest.front() == '.') {
        rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    }
    const auto offset = parse_offset(rest);
    const year_month_day date{year(static_cast<int>(*years)),
                              month(static_cast<unsigned>(*months_of_year)),
                              day(static_cast<unsigned>(*days_of_month))};
    if (!offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) {
        return std::nullopt;
    }
    return sys_days(date).time_since_epoch().count() * std::int64_t{86400} + *hour * 3600 +
           *minute * 60 + *second - *offset;
}

std::string format_time(std::int64_t seconds) {
    using namespace std::chrono;
    const sys_days days = floor<std::chrono::days>(sys_seconds(std::chrono::seconds(seconds)));
    const year_month_day date(days);
    const hh_mm_ss<std::chrono::seconds> time(sys_seconds(std::chrono::seconds(seconds)) - days);
    char text[64];
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", int(date.year()),
                  unsigned(date.month()), unsigned(date.day()),
                  static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                  static_cast<int>(time.seconds().count()));
    return text;
}

std::string made_at(const image::Config& config) {
    return format_time(build_time(config).seconds);
}

BuildTime build_time(const image::Config& config) {
    const char* const epoch = std::getenv("SOURCE_DATE_EPOCH");
    if (epoch != nullptr && *epoch != '\0') {
        const auto seconds = number(epoch);
        if (!seconds || *seconds > last_second) {
            throw Error(Exit::usage, "source-date-epoch",
                        "SOURCE_DATE_EPOCH is no time: " + path::printable(epoch),
                        "it holds the seconds since 1970, as date +%s prints them");
        }
        return {format_time(*seconds), *seconds};
    }
    return {config.created, parse_time(config.created).value_or(0)};
}

}  // namespace slimimg::slim
