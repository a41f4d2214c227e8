#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// GitHub-flavoured Markdown that GitLab reads the same. What is given as text may come from an
/// image: nothing in it is taken for markup, a mention or a control character.
namespace slimimg::report {

/// `text` as words of a paragraph or a table's cell.
std::string markdown_text(std::string_view text);

/// `text` as code: for paths and command lines.
std::string markdown_code(std::string_view text);

/// A table. Cells are Markdown already.
class MarkdownTable {
  public:
    enum class Align { left, right };
    struct Column {
        std::string_view title;
        Align align = Align::left;
    };

    explicit MarkdownTable(const std::vector<Column>& columns);
    void row(const std::vector<std::string>& cells);
    [[nodiscard]] bool empty() const { return rows_ == 0; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::size_t rows_ = 0;
};

/// What is folded away until its title is clicked.
std::string markdown_details(std::string_view title, const std::string& content);

}  // namespace slimimg::report
