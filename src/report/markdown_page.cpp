#include "markdown_page.hpp"

#include <algorithm>

#include "slimimg/base/path.hpp"

namespace slimimg::report {
namespace {

std::size_t longest_run(std::string_view text, char wanted) {
    std::size_t longest = 0;
    std::size_t run = 0;
    for (const char c : text) {
        run = c == wanted ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

}  // namespace

std::string markdown_text(std::string_view text) {
    std::string result;
    const std::string shown = path::printable(text);
    for (std::size_t i = 0; i < shown.size(); ++i) {
        const char c = shown[i];
        // An escaped @ would mention somebody all the same, and an escaped # an issue.
        if (c == '@' || c == '#') {
            result += c;
            result += "<!-- -->";
            continue;
        }
        const bool of_address = c == ':' && i + 1 < shown.size() && shown[i + 1] == '/';
        if (of_address || std::string_view("\\`*_[]<>|~&").find(c) != std::string_view::npos) {
            result += '\\';
        }
        result += c;
    }
    return result;
}

std::string markdown_code(std::string_view text) {
    if (text.empty()) {
        return {};
    }
    std::string shown;
    for (const char c : path::printable(text)) {
        // A pipe ends a table's cell in code too, and which backslashes escape it depends.
        shown += c == '|' ? std::string("\\x7c") : std::string(1, c);
    }
    const std::string fence(longest_run(shown, '`') + 1, '`');
    const bool touches =
        shown.front() == '`' || shown.back() == '`' || shown.front() == ' ' || shown.back() == ' ';
    const std::string margin = touches ? " " : "";
    return fence + margin + shown + margin + fence;
}

MarkdownTable::MarkdownTable(const std::vector<Column>& columns) {
    text_ = "|";
    std::string rule = "|";
    for (const Column& column : columns) {
        text_ += ' ' + std::string(column.title) + " |";
        rule += column.align == Align::right ? "---:|" : "---|";
    }
    text_ += '\n' + rule + '\n';
}

void MarkdownTable::row(const std::vector<std::string>& cells) {
    text_ += '|';
    for (const std::string& cell : cells) {
        text_ += cell.empty() ? " |" : ' ' + cell + " |";
    }
    text_ += '\n';
    ++rows_;
}

std::string markdown_details(std::string_view title, const std::string& content) {
    return "<details><summary>" + std::string(title) + "</summary>\n\n" + content +
           "\n</details>\n\n";
}

}  // namespace slimimg::report
