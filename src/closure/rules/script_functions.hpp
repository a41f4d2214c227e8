#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "closure/rules/script_tokens.hpp"

/// Functions that scripts define.
namespace slimimg::closure {

struct ScriptFunction {
    std::size_t at = 0;  ///< the token behind its parameters
    /// What it is called by: of a constructor the class.
    std::string_view name;
    std::vector<std::string_view> parameters;  ///< without the object (self, cls)
};

/// In the order of the text: "def f(a):", "function f($a) {", "f = (a) => …", "f(a) {" of a class.
std::vector<ScriptFunction> script_functions(const std::vector<ScriptToken>& tokens,
                                             ScriptLanguage language);

}  // namespace slimimg::closure
