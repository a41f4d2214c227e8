#include "markup.hpp"

#include "slimimg/base/path.hpp"

namespace slimimg::report {

std::string markup(std::string_view text) {
    std::string result;
    for (const char c : path::printable(text)) {
        switch (c) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += c;
        }
    }
    return result;
}

}  // namespace slimimg::report
