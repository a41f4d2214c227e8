#pragma once

#include <compare>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "closure/rules/script_tokens.hpp"

/// Calls by which scripts start programs.
namespace slimimg::closure {

struct ScriptCall {
    std::string command;    ///< a shell's text; "$computed" stands for what is filled in. Empty:
                            ///< the call's argument is computed
    bool by_shell = false;  ///< /bin/sh is started for it
    bool direct = true;     ///< the text stands in the call itself, not in a variable
    unsigned line = 1;
};

/// False where a text surely has no such calls; reading it is the dearer part.
bool may_start_programs(std::string_view text, ScriptLanguage language);

/// subprocess and os of Python, child_process of Node.js (and packages around it), exec, system,
/// popen and the like of PHP, Ruby, Perl and Lua, with backticks. A variable is followed to what
/// the same script assigns to it.
std::vector<ScriptCall> script_calls(const std::vector<ScriptToken>& tokens,
                                     ScriptLanguage language);

/// A function of the application's own that starts what it is given: def run(cmd): Popen(cmd).
struct ScriptRunner {
    std::string name;
    std::size_t skip = 0;   ///< arguments before the command
    bool by_shell = false;  ///< it gives it to a shell

    auto operator<=>(const ScriptRunner&) const = default;
};
using ScriptRunners = std::set<ScriptRunner>;

/// Those that the script defines.
ScriptRunners script_runners(const std::vector<ScriptToken>& tokens, ScriptLanguage language);

/// The calls of such functions, which other scripts may define.
std::vector<ScriptCall> calls_of(const ScriptRunners& runners,
                                 const std::vector<ScriptToken>& tokens, ScriptLanguage language);

}  // namespace slimimg::closure
