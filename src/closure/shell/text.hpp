#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "closure/shell/syntax.hpp"

/// What shells do to plain text, and what stands in it.
namespace slimimg::closure::shell {

/// A text of which nothing is known.
inline std::string unknown_text() {
    return std::string(1, unknown);
}
inline bool is_known(std::string_view text) {
    return text.find(unknown) == text.npos;
}

/// `text` with "*" for what isn't known.
std::string shown(std::string_view text);

/// ${value#pattern} and ## (longest), ${value%pattern} and %%.
std::string remove_prefix(std::string_view value, std::string_view pattern, bool longest);
std::string remove_suffix(std::string_view value, std::string_view pattern, bool longest);

/// ${value/from/to}, // (all), /# and /% (anchored); unknown where `from` is a pattern.
std::string replace_text(std::string_view value, std::string_view operation, std::string_view from,
                         std::string_view to);

/// ${value:offset:length}; unknown where they are no plain numbers.
std::string slice(std::string_view value, std::string_view offset,
                  std::optional<std::string_view> length);

/// A word's brace expansion: {a,b}c is ac and bc. Nothing where it has none.
std::vector<Word> expand_braces(const Word& word);

/// The patterns of the files that find(1) tells of with these arguments: "/etc/app/**.conf".
std::vector<std::string> patterns_of_find(const std::vector<std::string>& arguments);

/// Calls `found` with each absolute path in `text`; `whole` is true where it stands alone, behind
/// "option=" or in a list with ":", and not in a longer text.
void find_paths(std::string_view text,
                const std::function<void(std::string_view path, bool whole)>& found);

}  // namespace slimimg::closure::shell
