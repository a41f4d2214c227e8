#include "closure/shell/operand.hpp"

#include <algorithm>

namespace slimimg::closure::shell {

Operand operand_of(const std::vector<std::string_view>& words) {
    Operand operand{.at = 1};
    for (; operand.at < words.size(); ++operand.at) {
        const std::string_view option = words[operand.at];
        if (option == "--") {
            ++operand.at;
            break;
        }
        if (!(option.size() > 1 && option.starts_with('-')) && !option.starts_with('+')) {
            break;
        }
        const bool is_short = !option.starts_with("--");
        operand.is_text = operand.is_text || (is_short && option.find('c') != option.npos);
        operand.is_login = operand.is_login || option == "--login" ||
                           (is_short && option.find('l') != option.npos);
        const bool valued = option == "--rcfile" || option == "--init-file" ||
                            (is_short && (option.ends_with('o') || option.ends_with('O')));
        operand.at += valued ? 1U : 0U;
    }
    operand.at = std::min(operand.at, words.size());
    return operand;
}

}  // namespace slimimg::closure::shell
