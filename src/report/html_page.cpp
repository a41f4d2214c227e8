#include "html_page.hpp"

#include <array>

#include "slimimg/base/digest.hpp"

#include "html_assets.hpp"
#include "markup.hpp"

namespace slimimg::report {
namespace {

std::string base64(const std::array<std::uint8_t, 32>& bytes) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::uint32_t group = 0;
        const std::size_t length = std::min<std::size_t>(3, bytes.size() - at);
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8U | (i < length ? bytes[at + i] : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            text += i <= length ? letters[group >> (18 - 6 * i) & 63U] : '=';
        }
    }
    return text;
}

/// As a Content-Security-Policy names what may be in the page.
std::string source_of(std::string_view content) {
    return "'sha256-" + base64(sha256(as_bytes(content)).value) + '\'';
}

/// JSON in which nothing can end the element that holds it, or begin a comment there.
std::string embedded(const nlohmann::ordered_json& data) {
    std::string result;
    for (const char c : data.dump()) {
        if (c == '<') {
            result += "\\u003c";
        } else {
            result += c;
        }
    }
    return result;
}

}  // namespace

std::string html_page(std::string_view title, std::vector<nlohmann::ordered_json> images) {
    std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
    page +=
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "style-src " +
        source_of(page_style) + "; script-src " + source_of(page_script) +
        "; base-uri 'none'; form-action 'none'\">\n";
    page += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
    page += "<title>" + markup(title) + " · slimimg</title>\n";
    page += "<style>" + std::string(page_style) + "</style>\n</head>\n<body>\n";
    page +=
        "<noscript>This report shows itself with JavaScript, which stands in the file and "
        "loads nothing.</noscript>\n<main id=\"page\"></main>\n";
    page += "<script type=\"application/json\" id=\"data\">" +
            embedded({{"images", std::move(images)}}) + "</script>\n";
    page += "<script>" + std::string(page_script) + "</script>\n</body>\n</html>\n";
    return page;
}

}  // namespace slimimg::report
