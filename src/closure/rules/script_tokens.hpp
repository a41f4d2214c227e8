#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The words of scripts, with what is a comment or documentation left out: enough to see which
/// calls have which texts for arguments.
namespace slimimg::closure {

enum class ScriptLanguage { python, javascript, php, ruby, perl, lua };

/// By the file's ending, else by the interpreter in its first line.
std::optional<ScriptLanguage> script_language(std::string_view path, std::string_view text);

/// Stands in a string for what is filled in at run time.
constexpr char computed_part = '\0';

struct ScriptToken {
    enum class Kind {
        name,     ///< identifiers, keywords, numbers
        string,   ///< its value, escapes read, computed_part for what is filled in
        command,  ///< a string that a shell runs (`…`, %x, qx)
        mark,     ///< a character of punctuation
    };
    Kind kind = Kind::mark;
    std::string text;
    unsigned line = 1;
    std::vector<std::string> filled = {};  ///< the variable of each computed part; empty where it
                                           ///< is more than a name

    [[nodiscard]] bool is_mark(char c) const { return kind == Kind::mark && text[0] == c; }
    [[nodiscard]] bool is_name(std::string_view name) const {
        return kind == Kind::name && text == name;
    }
};

/// Never throws for what the text holds. Text that is cut off or in another dialect than thought
/// gives fewer or odd tokens.
std::vector<ScriptToken> script_tokens(std::string_view text, ScriptLanguage language);

}  // namespace slimimg::closure
