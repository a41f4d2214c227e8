#include "slimimg/closure/first_line.hpp"

namespace slimimg::closure {

FirstLine first_line(std::string_view text) {
    constexpr std::size_t longest = 4096;
    FirstLine result;
    if (!text.starts_with("#!")) {
        return result;
    }
    std::string_view line = text.substr(2, longest);
    line = line.substr(0, line.find('\n'));
    result.has_return = line.ends_with('\r');
    line.remove_suffix(result.has_return ? 1 : 0);
    while (true) {
        const std::size_t start = line.find_first_not_of(" \t");
        if (start == std::string_view::npos) {
            return result;
        }
        line.remove_prefix(start);
        result.words.push_back(line.substr(0, line.find_first_of(" \t")));
        line.remove_prefix(result.words.back().size());
    }
}

}  // namespace slimimg::closure
