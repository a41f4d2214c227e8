#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/columns.hpp"
#include "slimimg/base/quoting.hpp"
#include "slimimg/report/sizes.hpp"

/// Text for terminals: sizes, widths, columns. Everything that is given as text here may come
/// from an image: what a terminal could take for a command is shown as \xNN.
namespace slimimg::report {

/// What every page fits in.
inline constexpr std::size_t page_width = 80;

/// "+1.2 kB", "-3 B", "0 B"
std::string signed_bytes(std::int64_t bytes);

/// "4.2 %"
std::string percentage(double percent);

/// "1 file", "2 files"
std::string counted(std::size_t count, std::string_view noun);

/// A build step as its Dockerfile has it: "/bin/sh -c #(nop) ADD file:55…64 digits in /" is "ADD
/// file:5526293ebce4… in /", "/bin/sh -c apt-get" is "RUN apt-get".
std::string step_of(std::string_view created_by);

/// "1,234"
std::string grouped(std::uint64_t number);

using slimimg::fitted;
using slimimg::shell_line;
using slimimg::width_of;

/// A page of text under construction.
class Page {
  public:
    explicit Page(bool color, std::size_t width = page_width)
        : color_(color), width_(std::max(width, page_width)) {}

    [[nodiscard]] std::size_t width() const { return width_; }
    /// Of a column whose longest text has `longest` columns: `usual`, and what that needs of what
    /// the page has beyond `page_width`.
    [[nodiscard]] std::size_t stretched(std::size_t usual, std::size_t longest) const {
        return std::clamp(longest, usual, usual + width_ - page_width);
    }

    enum class Tone { plain, strong, good, warning, bad, dim };
    [[nodiscard]] std::string toned(std::string_view text, Tone tone) const;

    void blank() { text_ += '\n'; }
    /// A line as it is; the caller has seen to what stands in it.
    void line(std::string_view text, std::size_t indent = 0);
    void heading(std::string_view text);
    /// Words of `text`, which is untrusted, in lines that fit the page and are easy to read; later
    /// lines are indented by `hanging` more. A word that is longer than a line gets one of its own
    /// and is not cut.
    void paragraph(std::string_view text, std::size_t indent, std::size_t hanging = 0);
    /// A label, and a paragraph beside it that starts at `column`.
    void labelled(std::string_view label, std::string_view text, std::size_t indent,
                  std::size_t column);

    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    bool color_;
    std::size_t width_;
    std::string text_;
};

/// A table with one column of labels and right-aligned columns of figures, of one width each.
class Table {
  public:
    Table(Page& page, std::size_t label_width, std::vector<std::size_t> widths)
        : page_(page), label_width_(label_width), widths_(std::move(widths)) {}

    /// `note` stands behind the figures, in what is left of the line.
    void row(std::string_view label, const std::vector<std::string>& figures,
             std::string_view note = {}, Page::Tone tone = Page::Tone::plain);

  private:
    Page& page_;
    std::size_t label_width_;
    std::vector<std::size_t> widths_;
};

}  // namespace slimimg::report
