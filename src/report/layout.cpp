#include "layout.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::report {
namespace {

std::string padding(std::size_t used, std::size_t wanted) {
    return std::string(wanted > used ? wanted - used : 0, ' ');
}

/// Where the word at `at` ends. A figure and its unit ("3.0 MB", "57.7 %") are one.
std::size_t end_of_word(std::string_view text, std::size_t at) {
    static constexpr std::array<std::string_view, 6> units{"B", "kB", "MB", "GB", "TB", "%"};
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end == at || text[end - 1] < '0' || text[end - 1] > '9') {
        return end;
    }
    const std::string_view rest = text.substr(std::min(end + 1, text.size()));
    const std::size_t next = std::min(rest.find(' '), rest.size());
    const std::string_view unit = rest.substr(0, std::min(rest.find_first_of(".,;:) "), next));
    return is_one_of(unit, units) ? end + 1 + next : end;
}

/// The lines of a text whose words fill a page less a margin.
std::vector<std::string> wrapped(std::string_view text, std::size_t page, std::size_t first_margin,
                                 std::size_t margin) {
    constexpr std::size_t readable = 100;  // eyes lose the next line's start beyond that
    const std::size_t width = std::min(page, readable);
    const std::string shown = path::printable(text);
    std::vector<std::string> lines(1);
    std::size_t at = 0;
    while (at < shown.size()) {
        const std::size_t end = end_of_word(shown, at);
        const std::string_view word = std::string_view(shown).substr(at, end - at);
        at = end + 1;
        if (word.empty()) {
            continue;
        }
        const std::size_t used = lines.size() == 1 ? first_margin : margin;
        if (!lines.back().empty() && used + width_of(lines.back()) + 1 + width_of(word) > width) {
            lines.emplace_back();
        }
        lines.back() += lines.back().empty() ? "" : " ";
        lines.back() += word;
    }
    return lines;
}

}  // namespace

std::string signed_bytes(std::int64_t bytes) {
    const auto size = static_cast<std::uint64_t>(bytes < 0 ? -bytes : bytes);
    return (bytes < 0 ? "-" : bytes > 0 ? "+" : "") + human_bytes(size);
}

std::string percentage(double percent) {
    const auto tenths = std::llround(std::abs(percent) * 10);
    return (percent < 0 && tenths > 0 ? "-" : "") + std::to_string(tenths / 10) + '.' +
           std::to_string(tenths % 10) + " %";
}

std::string step_of(std::string_view created_by) {
    constexpr std::string_view shell = "/bin/sh -c ";
    constexpr std::string_view nothing = "#(nop) ";
    constexpr std::string_view buildkit = " # buildkit";
    constexpr std::size_t digest = 64;
    constexpr std::size_t shown = 12;
    std::string step(created_by.substr(0, created_by.rfind(buildkit)));
    if (step.starts_with(shell)) {
        step.erase(0, shell.size());
        if (step.starts_with(nothing)) {
            step.erase(0, std::min(step.find_first_not_of(' ', nothing.size()), step.size()));
        } else {
            step.insert(0, "RUN ");
        }
    } else if (step.starts_with("RUN " + std::string(shell))) {
        step.erase(4, shell.size());
    }
    for (std::size_t at = step.find(':'); at != step.npos; at = step.find(':', at + 1)) {
        const std::size_t end =
            std::min(step.find_first_not_of("0123456789abcdef", at + 1), step.size());
        if (end - at - 1 == digest) {
            step.replace(at + 1 + shown, digest - shown, "…");
        }
    }
    return step;
}

std::string counted(std::size_t count, std::string_view noun) {
    return grouped(count) + ' ' + std::string(noun) + (count == 1 ? "" : "s");
}

std::string grouped(std::uint64_t number) {
    std::string digits = std::to_string(number);
    for (std::size_t at = digits.size(); at > 3; at -= 3) {
        digits.insert(at - 3, ",");
    }
    return digits;
}

std::string Page::toned(std::string_view text, Tone tone) const {
    if (!color_ || tone == Tone::plain || text.empty()) {
        return std::string(text);
    }
    static constexpr std::array codes{"0", "1", "32", "33", "31", "2"};
    return std::string("\x1b[") + codes[static_cast<std::size_t>(tone)] + 'm' + std::string(text) +
           "\x1b[0m";
}

void Page::line(std::string_view text, std::size_t indent) {
    text_.append(indent, ' ');
    text_ += text;
    text_ += '\n';
}

void Page::heading(std::string_view text) {
    blank();
    line(toned(text, Tone::strong));
}

void Page::paragraph(std::string_view text, std::size_t indent, std::size_t hanging) {
    std::size_t margin = indent;
    for (const std::string& part : wrapped(text, width_, indent, indent + hanging)) {
        line(part, margin);
        margin = indent + hanging;
    }
}

void Page::labelled(std::string_view label, std::string_view text, std::size_t indent,
                    std::size_t column) {
    std::string lead = std::string(label) + padding(indent + width_of(label), column);
    for (const std::string& part : wrapped(text, width_, column, column)) {
        line(lead + part, indent);
        lead.assign(column - indent, ' ');
    }
}

void Table::row(std::string_view label, const std::vector<std::string>& figures,
                std::string_view note, Page::Tone tone) {
    std::string text = fitted(label, label_width_);
    text += padding(width_of(text), label_width_);
    for (std::size_t i = 0; i < figures.size() && i < widths_.size(); ++i) {
        text += padding(width_of(figures[i]), widths_[i]) + figures[i];
    }
    if (!note.empty()) {
        constexpr std::size_t margin = 4;  // two columns before the table, two before the note
        text += "  " + fitted(note, page_.width() - margin - width_of(text));
    }
    text.erase(text.find_last_not_of(' ') + 1);
    page_.line(page_.toned(text, tone), 2);
}

}  // namespace slimimg::report
