#include "closure/rules/script_calls.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/quoting.hpp"

#include "closure/rules/script_functions.hpp"

namespace slimimg::closure {
namespace {

using Kind = ScriptToken::Kind;
using Language = ScriptLanguage;
using Tokens = std::vector<ScriptToken>;

constexpr std::size_t longest_expression = 400;
constexpr int deepest_variable = 4;
constexpr int deepest_runner = 3;  ///< functions that call each other
/// Tokens that are looked at to follow variables: for any script, and for each token that it has.
constexpr std::uint64_t steps_of_any = 200'000;
constexpr std::uint64_t steps_per_token = 300;
constexpr std::size_t most_elements = 64;  ///< of a list whose every element is a command

/// How a function takes its command.
enum class Form {
    shell,       ///< the text of a shell
    words,       ///< a program and its arguments, as arguments or lists of them
    either,      ///< one text is a shell's, more are words
    shell_flag,  ///< words, but where the call says shell=True: subprocess.run
    lookup,      ///< a program's name, to see whether it is there: shutil.which
};

struct Function {
    Language language;
    std::string_view module;  ///< what it must be reached through; empty: it is built in
    std::string_view name;
    Form form;
    unsigned skip = 0;  ///< arguments before the command
};

constexpr auto functions = std::to_array<Function>({
    {Language::python, "subprocess", "run", Form::shell_flag},
    {Language::python, "subprocess", "call", Form::shell_flag},
    {Language::python, "subprocess", "check_call", Form::shell_flag},
    {Language::python, "subprocess", "check_output", Form::shell_flag},
    {Language::python, "subprocess", "Popen", Form::shell_flag},
    {Language::python, "subprocess", "getoutput", Form::shell},
    {Language::python, "subprocess", "getstatusoutput", Form::shell},
    {Language::python, "os", "system", Form::shell},
    {Language::python, "os", "popen", Form::shell},
    {Language::python, "os", "execv", Form::words},
    {Language::python, "os", "execve", Form::words},
    {Language::python, "os", "execvp", Form::words},
    {Language::python, "os", "execvpe", Form::words},
    {Language::python, "os", "execl", Form::words},
    {Language::python, "os", "execlp", Form::words},
    {Language::python, "os", "posix_spawn", Form::words},
    {Language::python, "os", "posix_spawnp", Form::words},
    {Language::python, "os", "spawnv", Form::words, 1},
    {Language::python, "os", "spawnvp", Form::words, 1},
    {Language::python, "os", "spawnlp", Form::words, 1},
    {Language::python, "shutil", "which", Form::lookup},
    {Language::python, "asyncio", "create_subprocess_exec", Form::words},
    {Language::python, "asyncio", "create_subprocess_shell", Form::shell},
    {Language::python, "pexpect", "spawn", Form::either},
    {Language::python, "pty", "spawn", Form::words},
    {Language::python, "trio", "run_process", Form::shell_flag},
    {Language::python, "anyio", "run_process", Form::shell_flag},
    {Language::python, "anyio", "open_process", Form::shell_flag},
    {Language::javascript, "child_process", "exec", Form::shell},
    {Language::javascript, "child_process", "execSync", Form::shell},
    {Language::javascript, "child_process", "spawn", Form::shell_flag},
    {Language::javascript, "child_process", "spawnSync", Form::shell_flag},
    {Language::javascript, "child_process", "execFile", Form::shell_flag},
    {Language::javascript, "child_process", "execFileSync", Form::shell_flag},
    {Language::javascript, "execa", "execa", Form::words},
    {Language::javascript, "execa", "execaSync", Form::words},
    {Language::javascript, "execa", "execaCommand", Form::shell},
    {Language::javascript, "execa", "command", Form::shell},
    {Language::javascript, "execa", "commandSync", Form::shell},
    {Language::javascript, "execa", "sync", Form::words},
    {Language::javascript, "Bun", "spawn", Form::words},
    {Language::javascript, "Bun", "spawnSync", Form::words},
    {Language::javascript, "Deno", "Command", Form::words},
    {Language::javascript, "tinyexec", "x", Form::words},
    {Language::javascript, "tinyexec", "exec", Form::words},
    {Language::javascript, "node-pty", "spawn", Form::words},
    {Language::javascript, "cross-spawn", "spawn", Form::words},
    {Language::javascript, "cross-spawn", "sync", Form::words},
    {Language::javascript, "shelljs", "exec", Form::shell},
    {Language::javascript, "shelljs", "which", Form::lookup},
    {Language::php, "", "exec", Form::shell},
    {Language::php, "", "shell_exec", Form::shell},
    {Language::php, "", "system", Form::shell},
    {Language::php, "", "passthru", Form::shell},
    {Language::php, "", "popen", Form::shell},
    {Language::php, "", "proc_open", Form::either},
    {Language::php, "", "pcntl_exec", Form::words},
    {Language::php, "new", "Process", Form::words},
    {Language::php, "Process", "fromShellCommandline", Form::shell},
    {Language::ruby, "", "system", Form::either},
    {Language::ruby, "", "exec", Form::either},
    {Language::ruby, "", "spawn", Form::either},
    {Language::ruby, "Kernel", "system", Form::either},
    {Language::ruby, "Kernel", "exec", Form::either},
    {Language::ruby, "Kernel", "spawn", Form::either},
    {Language::ruby, "Process", "spawn", Form::either},
    {Language::ruby, "Process", "exec", Form::either},
    {Language::ruby, "IO", "popen", Form::either},
    {Language::ruby, "PTY", "spawn", Form::either},
    {Language::ruby, "Open3", "capture2", Form::either},
    {Language::ruby, "Open3", "capture2e", Form::either},
    {Language::ruby, "Open3", "capture3", Form::either},
    {Language::ruby, "Open3", "popen2", Form::either},
    {Language::ruby, "Open3", "popen2e", Form::either},
    {Language::ruby, "Open3", "popen3", Form::either},
    {Language::perl, "", "system", Form::either},
    {Language::perl, "", "exec", Form::either},
    {Language::perl, "", "open2", Form::either, 2},
    {Language::perl, "", "open3", Form::either, 3},
    {Language::perl, "", "capturex", Form::words},
    {Language::perl, "", "systemx", Form::words},
    {Language::perl, "", "systemcall", Form::words},  // Debian's AdduserCommon.pm
    {Language::perl, "", "systemcall_silent", Form::words},
    {Language::perl, "", "which", Form::lookup},
    {Language::perl, "", "can_run", Form::lookup},
    {Language::lua, "os", "execute", Form::shell},
    {Language::lua, "io", "popen", Form::shell},
});

/// A command as far as it is known: a shell's text, or words.
struct Command {
    bool text = false;  ///< one word, that may be a shell's text
    std::vector<std::string> words;
    bool direct = true;
    /// Where it begins and ends among the tokens.
    std::size_t from = 0;
    std::size_t end = 0;
};

bool is_known(const std::string& word) {
    return !word.empty() && word.front() != computed_part;
}

/// With "$computed" for computed parts, or what is given.
std::string shell_text(const std::string& text, std::string_view computed = "$computed") {
    std::string shown;
    for (const char c : text) {
        shown += c == computed_part ? std::string(computed) : std::string(1, c);
    }
    return shown;
}

/// 'a '"$computed"' b': one word for a shell.
std::string shell_quoted(const std::string& word) {
    return shell_text(single_quoted(word), "'\"$computed\"'");
}

class Finder {
  public:
    Finder(const Tokens& tokens, Language language) : tokens_(tokens), language_(language) {}

    std::vector<ScriptCall> find() {
        find_direct();
        for (int round = 0; round < deepest_runner && !runners_.empty(); ++round) {
            const ScriptRunners known = runners_;
            look_at_calls_of(known);
            if (runners_ == known) {
                break;
            }
        }
        return std::move(calls_);
    }

    /// Of `runners` alone.
    std::vector<ScriptCall> find_calls_of(const ScriptRunners& runners) {
        look_at_calls_of(runners);
        return std::move(calls_);
    }

    [[nodiscard]] const ScriptRunners& runners() const { return runners_; }

  private:
    using Names = std::set<std::string_view>;

    void find_direct() {
        find_names();
        for (std::size_t at = 0; at < tokens_.size(); ++at) {
            if (tokens_[at].kind == Kind::command) {
                add(at, {true, {filled_text(at, 0)}, true}, Form::either);
            } else if (is(Language::javascript) && mark(at, '$') && is_kind(at + 1, Kind::string)) {
                add(at + 1, {true, {filled_text(at + 1, 0)}, true},
                    Form::shell);  // $`…` of zx, execa
            } else if (tokens_[at].kind == Kind::name) {
                look_at(at);
            }
        }
    }

    // ---- tokens -----------------------------------------------------------------------------

    [[nodiscard]] bool is(Language language) const { return language_ == language; }
    [[nodiscard]] bool mark(std::size_t at, char c) const {
        return at < tokens_.size() && tokens_[at].is_mark(c);
    }
    [[nodiscard]] bool name(std::size_t at, std::string_view text) const {
        return at < tokens_.size() && tokens_[at].is_name(text);
    }
    [[nodiscard]] bool is_kind(std::size_t at, Kind kind) const {
        return at < tokens_.size() && tokens_[at].kind == kind;
    }
    [[nodiscard]] bool opens(std::size_t at) const {
        return mark(at, '(') || mark(at, '[') || mark(at, '{');
    }
    [[nodiscard]] bool closes(std::size_t at) const {
        return mark(at, ')') || mark(at, ']') || mark(at, '}');
    }
    /// Two marks in a row that make one operator: "->", "::", "||".
    [[nodiscard]] bool marks(std::size_t at, std::string_view two) const {
        return mark(at, two[0]) && mark(at + 1, two[1]);
    }

    /// Where the expression that starts at `at` ends: a comma, what closes the bracket around it,
    /// a semicolon, and outside of brackets a line's end.
    [[nodiscard]] std::size_t expression_end(std::size_t at, bool in_brackets) const {
        int depth = 0;
        const std::size_t start = at;
        for (; at < tokens_.size() && at < start + longest_expression; ++at) {
            const bool new_line = !in_brackets && depth == 0 && at > start &&
                                  tokens_[at].line != tokens_[at - 1].line && !mark(at - 1, ',') &&
                                  !mark(at - 1, '=') && !mark(at, '.');
            if (new_line || (depth == 0 && (mark(at, ',') || mark(at, ';') || closes(at)))) {
                return at;
            }
            depth += opens(at) ? 1 : closes(at) ? -1 : 0;
        }
        return at;
    }

    // ---- names ------------------------------------------------------------------------------

    [[nodiscard]] Names modules() const {
        Names names;
        for (const Function& function : functions) {
            if (function.language == language_ && !function.module.empty()) {
                names.insert(function.module);
            }
        }
        return names;
    }

    /// What the modules and their functions are called in this script.
    void find_names() {
        const Names known = modules();
        if (is(Language::javascript)) {
            find_javascript_names(known);
            return;
        }
        for (const std::string_view module : known) {
            modules_.emplace(module, module);
        }
        for (std::size_t at = 0; is(Language::python) && at + 2 < tokens_.size(); ++at) {
            if (name(at, "import") && name(at + 2, "as") && known.contains(tokens_[at + 1].text) &&
                is_kind(at + 3, Kind::name)) {
                modules_.emplace(tokens_[at + 3].text, tokens_[at + 1].text);
            }
            bind_programs(at);
            if (name(at, "from") && name(at + 2, "import") &&
                known.contains(tokens_[at + 1].text)) {
                bind_imported(at + 3, tokens_[at + 1].text);
                if (mark(at + 3, '*')) {
                    bind_all(tokens_[at + 1].text);
                }
            }
            if (at > 0 && mark(at, '=')) {
                bind_python_function(at);
            }
        }
    }

    /// "a, b as c" behind "from x import", in parentheses or up to the line's end.
    void bind_imported(std::size_t at, std::string_view module) {
        const bool brackets = mark(at, '(');
        const unsigned line = tokens_[at - 1].line;
        for (; at < tokens_.size() && !mark(at, ')') && (brackets || tokens_[at].line == line);
             ++at) {
            if (!is_kind(at, Kind::name)) {
                continue;
            }
            const bool renamed = name(at + 1, "as") && is_kind(at + 2, Kind::name);
            bind(tokens_[renamed ? at + 2 : at].text, module, tokens_[at].text);
            at += renamed ? 2 : 0;
        }
    }

    /// Packages that have each program as a function: from sh import git, sh.git(…),
    /// from plumbum.cmd import git, local["git"].
    void bind_programs(std::size_t at) {
        const bool sh = name(at, "from") && name(at + 1, "sh") && name(at + 2, "import");
        const bool plumbum = name(at, "from") && name(at + 1, "plumbum") && mark(at + 2, '.') &&
                             name(at + 3, "cmd") && name(at + 4, "import");
        std::size_t next = at + (sh ? 3U : 5U);
        next += mark(next, '(') ? 1U : 0U;
        while ((sh || plumbum) && is_kind(next, Kind::name)) {
            add(next, {false, {program_of(tokens_[next].text)}, true}, Form::words);
            next += mark(next + 1, ',') ? 2U : 1U;
            if (!mark(next - 1, ',')) {
                break;
            }
        }
        has_sh_ = has_sh_ || (name(at, "import") && name(at + 1, "sh"));
        if (has_sh_ && name(at, "sh") && mark(at + 1, '.') && is_kind(at + 2, Kind::name)) {
            add(at, {false, {program_of(tokens_[at + 2].text)}, true}, Form::words);
        }
        if (name(at, "local") && mark(at + 1, '[') && is_kind(at + 2, Kind::string)) {
            add(at, {false, {tokens_[at + 2].text}, true}, Form::words);
        }
    }

    /// apt_get of apt-get.
    [[nodiscard]] static std::string program_of(std::string name) {
        std::replace(name.begin(), name.end(), '_', '-');
        return name;
    }

    /// from subprocess import *
    void bind_all(std::string_view module) {
        for (const Function& known : functions) {
            if (known.language == language_ && known.module == module) {
                functions_.emplace(known.name, &known);
            }
        }
    }

    /// start = subprocess.Popen, run = functools.partial(subprocess.run, check=True)
    void bind_python_function(std::size_t equals) {
        std::size_t at = equals + 1;
        at += name(at, "functools") && mark(at + 1, '.') ? 2U : 0U;
        const bool partial = name(at, "partial") && mark(at + 1, '(');
        at += partial ? 2U : 0U;
        if (is_kind(equals - 1, Kind::name) && mark(at + 1, '.') && is_kind(at + 2, Kind::name) &&
            (partial || (!mark(at + 3, '(') && !mark(at + 3, '.')))) {
            if (const Function* function = function_at(at + 2)) {
                functions_.emplace(tokens_[equals - 1].text, function);
            }
        }
    }

    void bind(std::string_view own, std::string_view module, std::string_view function) {
        for (const Function& known : functions) {
            if (known.language == language_ && known.module == module && known.name == function) {
                functions_.emplace(own, &known);
            }
        }
    }

    /// const cp = require('child_process'), {exec: run} = require(…), import {exec as run} from …,
    /// await import(…); const run = promisify(exec).
    void find_javascript_names(const Names& known) {
        modules_.emplace("Bun", "Bun");
        modules_.emplace("Deno", "Deno");
        for (std::size_t at = 0; at < tokens_.size(); ++at) {
            std::string_view specifier =
                is_kind(at, Kind::string) ? tokens_[at].text : std::string_view();
            specifier.remove_prefix(specifier.starts_with("node:") ? 5 : 0);
            const auto module = known.find(specifier);
            const bool required =
                at >= 2 && mark(at - 1, '(') && (name(at - 2, "require") || name(at - 2, "import"));
            if (module != known.end() && (required || (at > 0 && name(at - 1, "from")))) {
                // "await" stands before an import that is a call.
                bind_javascript(!required                ? at - 1
                                : name(at - 2, "import") ? at - 3
                                                         : at - 2,
                                *module);
                bind_bundled(at - 2, *module);
            }
        }
        bind_bundled_names();
        for (std::size_t at = 2; at + 2 < tokens_.size(); ++at) {
            if (name(at, "promisify")) {
                bind_promisified(at);
            } else if (mark(at, '=')) {
                bind_function(at);
            }
        }
    }

    /// exec = require('child_process').exec, go = cp.spawn
    void bind_function(std::size_t equals) {
        const bool required = name(equals + 1, "require") && mark(equals + 4, ')');
        const std::size_t dot = equals + (required ? 5 : 2);
        if (!is_kind(equals - 1, Kind::name) || !mark(dot, '.') || !is_kind(dot + 1, Kind::name) ||
            mark(dot + 2, '(') || mark(dot + 2, '.')) {
            return;
        }
        if (const Function* function = function_at(dot + 1)) {
            modules_.erase(tokens_[equals - 1].text);
            functions_.insert_or_assign(tokens_[equals - 1].text, function);
        }
    }

    /// promisify(exec), util.promisify(exec), (0, util.promisify)(exec), assigned to a name.
    void bind_promisified(std::size_t at) {
        constexpr std::size_t longest_callee = 12;
        const std::size_t bracket = mark(at + 1, ')') ? at + 2 : at + 1;
        if (!mark(bracket, '(')) {
            return;
        }
        const Function* function = function_at(expression_end(bracket + 1, true) - 1);
        std::size_t equals = at;
        while (equals > 0 && at - equals < longest_callee && !mark(equals, '=') &&
               !mark(equals, ';')) {
            --equals;
        }
        if (function != nullptr && equals > 0 && mark(equals, '=') &&
            is_kind(equals - 1, Kind::name)) {
            functions_.emplace(tokens_[equals - 1].text, function);
        }
    }

    /// webpack: 531:e=>{e.exports=require("child_process")}, and elsewhere r=n(531), n(531).exec.
    void bind_bundled(std::size_t require, std::string_view module) {
        constexpr std::size_t longest_head = 16;
        if (require < 3 || !mark(require - 1, '=') || !name(require - 2, "exports")) {
            return;
        }
        std::size_t id = require - 2;
        while (id > 0 && require - id < longest_head && !(is_number(id) && mark(id + 1, ':'))) {
            --id;
        }
        if (is_number(id) && mark(id + 1, ':')) {
            bundled_.emplace(tokens_[id].text, module);
        }
    }

    /// r=n(531), once all of webpack's modules are known.
    void bind_bundled_names() {
        for (std::size_t at = 2; !bundled_.empty() && at + 3 < tokens_.size(); ++at) {
            const bool assigned = mark(at - 1, '=') && is_kind(at - 2, Kind::name);
            const std::string_view module = assigned ? bundled_at(at + 3) : "";
            if (!module.empty()) {
                modules_.emplace(tokens_[at - 2].text, module);
            }
        }
    }

    [[nodiscard]] bool is_number(std::size_t at) const {
        return is_kind(at, Kind::name) && tokens_[at].text[0] >= '0' && tokens_[at].text[0] <= '9';
    }

    /// The module of n(531), which ends at `bracket`; empty where it is none.
    [[nodiscard]] std::string_view bundled_at(std::size_t bracket) const {
        const bool call = bracket >= 3 && mark(bracket, ')') && is_number(bracket - 1) &&
                          mark(bracket - 2, '(') && is_kind(bracket - 3, Kind::name);
        const auto known = call ? bundled_.find(tokens_[bracket - 1].text) : bundled_.end();
        return known == bundled_.end() ? std::string_view() : known->second;
    }

    /// The names before "= require" or "from": one for the module, those in braces for functions.
    void bind_javascript(std::size_t end, std::string_view module) {
        std::size_t at = end;
        while (at > 0 && end - at < longest_expression && !name(at, "const") && !name(at, "let") &&
               !name(at, "var") && !name(at, "import") && !mark(at, ';')) {
            --at;
        }
        bool braces = false;
        for (; at < end; ++at) {
            braces = (braces || mark(at, '{')) && !mark(at, '}');
            if (!is_kind(at, Kind::name) || name(at, "as") || name(at, "import")) {
                continue;
            }
            if (!braces) {
                modules_.emplace(tokens_[at].text, module);
                bind(tokens_[at].text, module, module == "cross-spawn" ? "spawn" : module);
                continue;
            }
            const bool renamed = mark(at + 1, ':') || name(at + 1, "as");
            bind(tokens_[renamed ? at + 2 : at].text, module, tokens_[at].text);
            at += renamed ? 2 : 0;
        }
    }

    // ---- calls ------------------------------------------------------------------------------

    /// The function that a name stands for here; null for a method of something else.
    [[nodiscard]] const Function* function_at(std::size_t at) const {
        const std::string_view own = tokens_[at].text;
        const bool arrow = at >= 2 && marks(at - 2, "->");
        const bool colons = at >= 2 && marks(at - 2, "::");
        const bool dot = at >= 1 && mark(at - 1, '.');
        if (arrow || colons || dot) {
            const std::size_t object = at - (dot ? 2 : 3);
            if (arrow || object >= tokens_.size()) {
                return nullptr;
            }
            return method_of(object, own);
        }
        if (at >= 1 && (mark(at - 1, '$') || mark(at - 1, '@') || mark(at - 1, '%') ||
                        (mark(at - 1, '&') && !is(Language::perl)) || name(at - 1, "def") ||
                        name(at - 1, "function") || name(at - 1, "sub"))) {
            return nullptr;
        }
        if (const auto bound = functions_.find(own); bound != functions_.end()) {
            return bound->second;
        }
        const bool made = at >= 1 && name(at - 1, "new");
        for (const Function& function : functions) {
            if (function.language == language_ && function.name == own &&
                (made ? function.module == "new" : function.module.empty())) {
                return &function;
            }
        }
        return nullptr;
    }

    [[nodiscard]] const Function* method_of(std::size_t object, std::string_view own) const {
        std::string_view module;
        if (name(object, "this") && is(Language::javascript)) {
            const auto bound = functions_.find(own);
            return bound == functions_.end() ? nullptr : bound->second;
        }
        if (name(object, "default") && object >= 2 && mark(object - 1, '.')) {
            object -= 2;  // of a module that Babel or TypeScript imported whole
        }
        if (const auto bound = modules_.find(tokens_[object].text);
            bound != modules_.end() && is_kind(object, Kind::name)) {
            module = bound->second;
        } else if (is(Language::javascript) && mark(object, ')') && object >= 3 &&
                   is_kind(object - 1, Kind::string) && name(object - 3, "require")) {
            module = tokens_[object - 1].text;  // require('child_process').exec
            module.remove_prefix(module.starts_with("node:") ? 5 : 0);
        } else if (is(Language::javascript)) {
            module = bundled_at(object);
        }
        for (const Function& function : functions) {
            if (function.language == language_ && !module.empty() && function.module == module &&
                function.name == own) {
                return &function;
            }
        }
        return nullptr;
    }

    void look_at(std::size_t at) {
        if (is(Language::perl) && tokens_[at].text == "open" && !mark(at + 1, '=')) {
            look_at_open(at + 1);
            return;
        }
        const Function* function = function_at(at);
        if (function == nullptr) {
            return;
        }
        // (0, module.exec)("…"), as compilers write it to leave "this" out.
        if (is(Language::javascript) && mark(at + 1, ')') && mark(at + 2, '(') &&
            is_called_alone(at)) {
            look_at_arguments(at, at + 3, true, *function);
            return;
        }
        // Ruby and Perl call without parentheses too.
        const bool brackets = mark(at + 1, '(');
        const bool bare = (is(Language::ruby) || is(Language::perl)) &&
                          (is_kind(at + 1, Kind::string) || mark(at + 1, '[') ||
                           (is(Language::perl) && (mark(at + 1, '$') || mark(at + 1, '@')))) &&
                          tokens_[at + 1].line == tokens_[at].line;
        if (brackets || bare) {
            look_at_arguments(at, brackets ? at + 2 : at + 1, brackets, *function);
        }
    }

    /// Whether the expression that ends at `at` is what a comma leaves of (0, module.exec).
    [[nodiscard]] bool is_called_alone(std::size_t at) const {
        while (at >= 2 && mark(at - 1, '.')) {
            at -= 2;
        }
        return at >= 3 && mark(at - 1, ',') && is_number(at - 2) && mark(at - 3, '(');
    }

    /// What a call is given.
    struct Arguments {
        std::vector<Command> values;
        bool by_shell = false;
    };

    [[nodiscard]] Arguments arguments_at(std::size_t first, bool brackets) const {
        Arguments arguments;
        std::size_t next = first;
        for (int count = 0; count < 12 && next < tokens_.size() && !mark(next, ')'); ++count) {
            const std::size_t end = expression_end(next, brackets);
            // shell=True, shell: true
            arguments.by_shell = arguments.by_shell || says_shell(next, end);
            const bool named = is_named_argument(next);
            if (!named || name(next, "args")) {
                const std::size_t from = named ? next + 2 : next;
                Command command = value(from, end, 0);
                command.from = from;
                command.end = end;
                arguments.values.push_back(std::move(command));
            }
            next = end + 1;
            if (!mark(end, ',')) {
                break;
            }
        }
        return arguments;
    }

    void look_at_arguments(std::size_t at, std::size_t first, bool brackets,
                           const Function& function) {
        Arguments given = arguments_at(first, brackets);
        std::vector<Command>& arguments = given.values;
        if (arguments.size() <= function.skip) {
            return;
        }
        arguments.erase(arguments.begin(), arguments.begin() + function.skip);
        Command command = arguments.front();
        Form form = function.form;
        if (form == Form::shell_flag) {
            form = given.by_shell ? Form::shell : Form::words;
        }
        // ["a"] if x else ["b"]
        for (std::size_t next = command.from; next < command.end; ++next) {
            if (name(next, "else") && mark(next + 1, '[')) {
                add(at, value(next + 1, command.end, 0), form);
            }
        }
        const bool computed = command.words.empty() || !is_known(command.words.front());
        if (computed && form != Form::lookup) {
            note_runner(at, command, form == Form::shell || form == Form::either);
        }
        if (add_alternatives(at, command, form)) {
            return;
        }
        const bool takes_more = form == Form::words || (form == Form::either && command.text);
        for (std::size_t i = 1; i < arguments.size() && takes_more; ++i) {
            const Command& more = arguments[i];
            command.text = false;
            command.words.insert(command.words.end(), more.words.begin(), more.words.end());
        }
        add(at, command, form);
    }

    /// The call stands in a function that hands on what it is given.
    void note_runner(std::size_t at, const Command& command, bool by_shell) {
        constexpr std::size_t looked_at = 3;  // functions inside of it end before
        if (!functions_read_) {
            own_functions_ = script_functions(tokens_, language_);
            functions_read_ = true;
        }
        auto next = std::lower_bound(
            own_functions_.begin(), own_functions_.end(), at,
            [](const ScriptFunction& function, std::size_t place) { return function.at <= place; });
        for (std::size_t i = 0; i < looked_at && next != own_functions_.begin(); ++i) {
            --next;
            for (std::size_t index = 0; index < next->parameters.size(); ++index) {
                if (uses(command, next->parameters[index])) {
                    runners_.insert({std::string(next->name), index, by_shell});
                    return;
                }
            }
        }
    }

    /// The variable is the command, or begins it: cmd, [cmd, "-x"], f"{cmd} -x", cmd.split().
    [[nodiscard]] bool uses(const Command& command, std::string_view variable) const {
        std::size_t at = command.from;
        while (at < command.end && (opens(at) || mark(at, '*') || mark(at, '$') || mark(at, '.'))) {
            ++at;
        }
        for (; at < command.end && !mark(at, ','); ++at) {
            const ScriptToken& token = tokens_[at];
            if (token.is_name(variable) ||
                (token.kind == Kind::string && !token.filled.empty() &&
                 token.filled.front() == variable && token.text.front() == computed_part)) {
                return true;
            }
        }
        return false;
    }

    void look_at_calls_of(const ScriptRunners& runners) {
        for (std::size_t at = 0; at + 2 < tokens_.size(); ++at) {
            if (tokens_[at].kind != Kind::name || !mark(at + 1, '(') ||
                (at > 0 && (name(at - 1, "def") || name(at - 1, "function")))) {
                continue;
            }
            const auto first = runners.lower_bound({tokens_[at].text, 0, false});
            for (auto runner = first; runner != runners.end() && runner->name == tokens_[at].text;
                 ++runner) {
                if (called_.emplace(at, runner->skip).second) {
                    look_at_call_of(*runner, at);
                }
            }
        }
    }

    /// run("tool -x"), run("tool", "-x"), run(["tool"]).
    void look_at_call_of(const ScriptRunner& runner, std::size_t at) {
        const Arguments given = arguments_at(at + 2, true);
        if (given.values.size() <= runner.skip) {
            return;
        }
        const Command& command = given.values[runner.skip];
        if (command.words.empty() || !is_known(command.words.front())) {
            note_runner(at, command, runner.by_shell);
            return;
        }
        ScriptCall call;
        call.line = tokens_[at].line;
        call.direct = command.direct;
        call.by_shell = runner.by_shell && command.text && needs_shell(command);
        call.command =
            command.text ? shell_text(command.words.front()) : shell_quoted(command.words.front());
        calls_.push_back(std::move(call));
    }

    /// for tool in ("a", "b"): run([tool]); run(commands[key]); run(a if b else c). False where the
    /// command is one.
    bool add_alternatives(std::size_t at, const Command& command, Form form) {
        std::size_t from = command.from;
        from += mark(from, '[') ? 1U : 0U;  // [tool, "-x"]
        if (form == Form::lookup || !is_kind(from, Kind::name) || command.end > tokens_.size()) {
            return false;
        }
        std::optional<std::size_t> collection;
        if (mark(from + 1, '[')) {
            collection = collection_named(tokens_[from].text);
        } else if (from + 1 == command.end || mark(from + 1, ',') || mark(from + 1, ']')) {
            collection = looped_over(from);
        }
        if (!collection) {
            return false;
        }
        bool any = false;
        std::size_t next = *collection + 1;
        for (std::size_t count = 0; count < most_elements && next < tokens_.size() && !closes(next);
             ++count) {
            const std::size_t end = expression_end(next, true);
            std::size_t start = next;
            if (mark(*collection, '{')) {
                while (start < end && !mark(start, ':')) {
                    ++start;
                }
                ++start;
            }
            const Command element = value(start, end, 1);
            if (!element.words.empty() && is_known(element.words.front())) {
                add(at, form == Form::words && element.text ? split(element) : element, form);
                any = true;
            }
            next = end + 1;
            if (!mark(end, ',')) {
                break;
            }
        }
        return any;
    }

    /// The list, tuple or map that a name is given: tools = ["a", "b"].
    [[nodiscard]] std::optional<std::size_t> collection_named(std::string_view wanted) const {
        if (!spend(tokens_.size())) {
            return std::nullopt;
        }
        for (std::size_t at = 0; at < tokens_.size(); ++at) {
            if (tokens_[at].is_name(wanted)) {
                const auto assigned = assigned_at(at);
                if (assigned && opens(*assigned)) {
                    return assigned;
                }
            }
        }
        return std::nullopt;
    }

    /// "for tool in tools:", "for (const tool of tools)", before or in a comprehension behind.
    [[nodiscard]] std::optional<std::size_t> looped_over(std::size_t variable) const {
        constexpr std::size_t farthest = 2000;
        const std::size_t first = variable > farthest ? variable - farthest : 0;
        const std::size_t last = std::min(variable + farthest, tokens_.size());
        std::optional<std::size_t> found;
        for (std::size_t at = first; at + 2 < last && (!found || at < variable); ++at) {
            if (tokens_[at].is_name(tokens_[variable].text) && at > 0 &&
                (name(at + 1, "in") || name(at + 1, "of")) &&
                (name(at - 1, "for") || name(at - 1, "const") || name(at - 1, "let"))) {
                found = at + 2;
            }
        }
        if (!found) {
            found = mapped_over(variable);
        }
        if (!found || opens(*found)) {
            return found;
        }
        return is_kind(*found, Kind::name) ? collection_named(tokens_[*found].text) : std::nullopt;
    }

    /// tools.forEach(tool => …), ["a", "b"].map((tool) => …)
    [[nodiscard]] std::optional<std::size_t> mapped_over(std::size_t variable) const {
        static constexpr std::array<std::string_view, 6> calls{"forEach", "map",   "flatMap",
                                                               "filter",  "every", "some"};
        constexpr std::size_t farthest = 2000;
        const std::size_t first = variable > farthest ? variable - farthest : 0;
        for (std::size_t at = variable; at-- > first + 4;) {
            if (!tokens_[at].is_name(tokens_[variable].text)) {
                continue;
            }
            const std::size_t head = mark(at - 1, '(') && mark(at - 2, '(') ? at - 2 : at - 1;
            if (!mark(head, '(') || !mark(head - 2, '.') ||
                !is_one_of(tokens_[head - 1].text, calls)) {
                continue;
            }
            std::size_t object = head - 3;
            while (mark(head - 3, ']') && object > first && !mark(object, '[')) {
                --object;
            }
            return object;
        }
        return std::nullopt;
    }

    [[nodiscard]] bool says_shell(std::size_t from, std::size_t end) const {
        for (std::size_t at = from; at + 2 < end + 1 && at + 2 < tokens_.size(); ++at) {
            if (name(at, "shell") && (mark(at + 1, '=') || mark(at + 1, ':')) &&
                (name(at + 2, "True") || name(at + 2, "true"))) {
                return true;
            }
        }
        return false;
    }

    [[nodiscard]] bool is_named_argument(std::size_t at) const {
        return (is(Language::python) && is_kind(at, Kind::name) && mark(at + 1, '=') &&
                !mark(at + 2, '=')) ||
               (is(Language::ruby) && is_kind(at, Kind::name) && mark(at + 1, ':'));
    }

    /// open(FH, "ls |"), open(FH, "| mail"), open(my $fh, "-|", "ls", "-l").
    void look_at_open(std::size_t at) {
        at += mark(at, '(') ? 1U : 0U;
        const std::size_t handle = expression_end(at, true);
        const std::size_t mode_end = expression_end(handle + 1, true);
        if (!mark(handle, ',') || !is_kind(handle + 1, Kind::string)) {
            return;
        }
        std::string mode = tokens_[handle + 1].text;
        const bool only = !mark(mode_end, ',');
        if (only && mode.size() > 1 && (mode.starts_with('|') || mode.ends_with('|'))) {
            mode.erase(mode.starts_with('|') ? 0 : mode.size() - 1, 1);
            add(at, {true, {mode}, true}, Form::either);
        } else if (!only && (mode.starts_with("-|") || mode.starts_with("|-"))) {
            constexpr Function words{Language::perl, "", "open", Form::either};
            look_at_arguments(at, mode_end + 1, true, words);
        }
    }

    void add(std::size_t at, const Command& command, Form form) {
        ScriptCall call;
        call.line = tokens_[at].line;
        call.direct = command.direct;
        const bool known = !command.words.empty() && is_known(command.words.front());
        const bool text = form == Form::shell || (form == Form::either && command.text);
        call.by_shell = text && (form == Form::shell || needs_shell(command));
        if (known && text) {
            call.command = shell_text(command.words.front());
        } else if (known) {
            for (const std::string& word : command.words) {
                call.command += (call.command.empty() ? "" : " ") + shell_quoted(word);
            }
        }
        if (form == Form::lookup && !known) {
            return;  // nothing is started yet
        }
        calls_.push_back(std::move(call));
    }

    /// Perl and Ruby start what a shell would do nothing to by themselves.
    [[nodiscard]] bool needs_shell(const Command& command) const {
        const bool themselves = is(Language::perl) || is(Language::ruby);
        return !themselves || command.words.empty() ||
               command.words.front().find_first_of("*?[]{}()<>|&;\"'$`~#=\n\\") !=
                   std::string::npos;
    }

    /// Following variables that are made of each other would take the power of a script's length.
    [[nodiscard]] bool spend(std::size_t steps) const {
        steps_ += steps;
        return steps_ <= steps_of_any + steps_per_token * tokens_.size();
    }

    // ---- values -----------------------------------------------------------------------------

    /// What an expression is, as far as the script tells.
    [[nodiscard]] Command value(std::size_t at, std::size_t end, int depth) const {
        at += name(at, "await") || mark(at, '\\') ? 1U : 0U;
        if (at >= end || depth > deepest_variable) {
            return {true, {std::string(1, computed_part)}, false};
        }
        // shlex.split("…")
        if (name(at, "shlex") && name(at + 2, "split") && mark(at + 3, '(')) {
            Command command = value(at + 4, expression_end(at + 4, true), depth);
            return command.text ? split(command) : command;
        }
        // "…".split(), " ".join([…])
        if (is_kind(at, Kind::string) && mark(at + 1, '.') && mark(at + 3, '(')) {
            if (name(at + 2, "split")) {
                return split({true, {filled_text(at, depth)}, true});
            }
            if (name(at + 2, "join")) {
                return value(at + 4, expression_end(at + 4, true), depth + 1);
            }
        }
        if (name(at, "str") && mark(at + 1, '(')) {
            return value(at + 2, expression_end(at + 2, true), depth + 1);
        }
        if (const auto file = opens(at) ? std::nullopt : joined_path(at, end)) {
            return {true, {*file}, true};
        }
        // command + ["-x"]
        if (is_kind(at, Kind::name) && mark(at + 1, '+') && mark(at + 2, '[')) {
            if (auto begin = variable(at, at + 1, depth)) {
                return *begin;
            }
        }
        if (is_own_interpreter(at)) {
            return {false, {":"}, false};  // it is there, and so is the shell's command for nothing
        }
        if (mark(at, '[') || mark(at, '(')) {
            return list(at, depth);
        }
        if (auto found = variable(at, end, depth)) {
            return *found;
        }
        return {true, {text(at, end, depth)}, true};
    }

    /// sys.executable, process.execPath, process.argv[0], PHP_BINARY, RbConfig.ruby, $^X
    [[nodiscard]] bool is_own_interpreter(std::size_t at) const {
        const bool member = mark(at + 1, '.');
        return (name(at, "sys") && member && name(at + 2, "executable")) ||
               (name(at, "process") && member &&
                (name(at + 2, "execPath") || name(at + 2, "argv"))) ||
               (name(at, "RbConfig") && member) || name(at, "PHP_BINARY") ||
               (marks(at, "$^") && name(at + 2, "X"));
    }

    /// The file in os.path.join(folder, "tool"), path.join(…), Path(folder) / "tool": whatever the
    /// folder is, what has the name in PATH.
    [[nodiscard]] std::optional<std::string> joined_path(std::size_t at, std::size_t end) const {
        std::optional<std::size_t> last;
        bool joins = false;
        for (std::size_t next = at; next < end && next < tokens_.size(); ++next) {
            joins = joins ||
                    (name(next, "path") && mark(next + 1, '.') && name(next + 2, "join")) ||
                    (name(next, "Path") && mark(next + 1, '('));
            const bool ends = mark(next + 1, ')') || next + 1 == end;
            if (joins && is_kind(next, Kind::string) && ends &&
                (mark(next - 1, ',') || mark(next - 1, '/'))) {
                last = next;
            }
        }
        if (!last || !is_known(tokens_[*last].text)) {
            return std::nullopt;
        }
        return tokens_[*last].text;
    }

    [[nodiscard]] static Command split(const Command& command) {
        Command words{false, {}, command.direct};
        std::string_view rest = command.words.front();
        while (!rest.empty()) {
            rest.remove_prefix(std::min(rest.find_first_not_of(" \t\n"), rest.size()));
            const std::string_view word = rest.substr(0, rest.find_first_of(" \t\n"));
            rest.remove_prefix(word.size());
            if (!word.empty()) {
                words.words.emplace_back(word);
            }
        }
        return words;
    }

    [[nodiscard]] Command list(std::size_t at, int depth) const {
        Command command{false, {}, true};
        const bool brackets = mark(at, '[');
        for (std::size_t next = at + 1; next < tokens_.size() && !closes(next);) {
            const std::size_t end = expression_end(next, true);
            const Command element = value(next, end, depth + 1);
            command.words.insert(command.words.end(), element.words.begin(), element.words.end());
            command.direct = next == at + 1 ? element.direct : command.direct;
            next = end + 1;
            if (!mark(end, ',')) {
                // ("a" "b") is a text in brackets.
                command.text = !brackets && command.words.size() == 1;
                break;
            }
        }
        return command;
    }

    /// Texts put together: "a" + b, "a" . $b, os.environ.get("X", "a"), x || "a".
    [[nodiscard]] std::string text(std::size_t at, std::size_t end, int depth) const {
        static constexpr std::array<std::string_view, 6> settings{"environ", "getenv", "env",
                                                                  "ENV",     "fetch",  "which"};
        std::string all;
        bool computed = false;
        bool alternatives = false;
        bool odd = false;  // more than texts put together
        for (; at < end; ++at) {
            const ScriptToken& token = tokens_[at];
            if (token.kind == Kind::string) {
                all = (alternatives ? "" : all) + filled_text(at, depth);
                computed = false;
                continue;
            }
            alternatives = alternatives || marks(at, "||") || mark(at, '?') || name(at, "or") ||
                           name(at, "else") ||
                           (token.kind == Kind::name && std::find(settings.begin(), settings.end(),
                                                                  token.text) != settings.end());
            if (token.kind == Kind::mark) {
                constexpr std::string_view joining = "+.()%$@";
                if (joining.find(token.text[0]) == std::string_view::npos && !alternatives) {
                    if (!odd && is_known(all)) {
                        return all + computed_part;  // its start decides
                    }
                    odd = true;
                }
                continue;
            }
            if (!computed && !alternatives) {
                const auto known = variable(at, at + 1, depth + 1);
                const bool is_text = known && known->text && known->words.size() == 1;
                all += is_text ? known->words.front() : std::string(1, computed_part);
                computed = true;
            }
        }
        return all.empty() || (odd && !alternatives) ? std::string(1, computed_part) : all;
    }

    /// The value of a variable that stands alone: what the nearest assignment before gives it, else
    /// any in the script that has a known start.
    [[nodiscard]] std::optional<Command> variable(std::size_t at, std::size_t end,
                                                  int depth) const {
        const bool sigil = mark(at, '$') || mark(at, '@') || mark(at, '*');
        std::size_t word = sigil ? at + 1 : at;
        // self.tool, settings.TOOL
        while (word + 2 < end && is_kind(word, Kind::name) && mark(word + 1, '.')) {
            word += 2;
            if (word + 1 == end && is(Language::javascript)) {
                if (auto member = member_named(word, depth)) {
                    return member;
                }
            }
        }
        if (word + 1 != end || !is_kind(word, Kind::name)) {
            return std::nullopt;
        }
        return variable_named(tokens_[word].text, word, depth);
    }

    /// options.command, of options = {command: "a"}.
    [[nodiscard]] std::optional<Command> member_named(std::size_t word, int depth) const {
        if (depth > deepest_variable || !spend(tokens_.size())) {
            return std::nullopt;
        }
        for (std::size_t at = 1; at + 2 < tokens_.size(); ++at) {
            if (tokens_[at].is_name(tokens_[word].text) && mark(at + 1, ':') &&
                (mark(at - 1, '{') || mark(at - 1, ','))) {
                Command found = value(at + 2, expression_end(at + 2, true), depth + 1);
                if (!found.words.empty() && is_known(found.words.front())) {
                    found.direct = false;
                    return found;
                }
            }
        }
        return std::nullopt;
    }

    /// A string with what variables put into it, as far as that is known.
    [[nodiscard]] std::string filled_text(std::size_t at, int depth) const {
        const ScriptToken& token = tokens_[at];
        std::string all;
        std::size_t next = 0;
        for (const char c : token.text) {
            if (c != computed_part) {
                all += c;
                continue;
            }
            const std::string name =
                token.filled.size() > next ? token.filled[next] : std::string();
            ++next;
            const auto known = name.empty() ? std::nullopt : variable_named(name, at, depth + 1);
            const bool is_text = known && known->text && known->words.size() == 1;
            all += is_text ? known->words.front() : std::string(1, computed_part);
        }
        return all;
    }

    /// What a variable holds at a place in the script.
    [[nodiscard]] std::optional<Command> variable_named(std::string_view wanted, std::size_t word,
                                                        int depth) const {
        if (depth > deepest_variable || !spend(tokens_.size())) {
            return std::nullopt;
        }
        Command found{true, {std::string(1, computed_part)}, false};
        const auto try_at = [&](std::size_t place) {
            if (place == word || tokens_[place].text != wanted ||
                tokens_[place].kind != Kind::name) {
                return false;
            }
            if (const auto assigned = assigned_at(place)) {
                Command command = value(*assigned, expression_end(*assigned, false), depth + 1);
                if (!command.words.empty() && is_known(command.words.front())) {
                    found = std::move(command);
                    found.direct = false;
                    return true;
                }
            }
            return false;
        };
        bool begun = false;
        for (std::size_t place = word; place-- > 0;) {
            // What is added to a list comes behind what the list begins with.
            if (!begun && adds_at(place, wanted)) {
                begun = true;
                if (try_at(begun_at(place, wanted))) {
                    return found;
                }
            }
            if (try_at(place)) {
                return found;
            }
        }
        for (std::size_t place = word; place < tokens_.size(); ++place) {
            if (try_at(place)) {
                break;
            }
        }
        return found;
    }

    [[nodiscard]] bool adds_at(std::size_t at, std::string_view wanted) const {
        return tokens_[at].is_name(wanted) && (marks(at + 1, "+=") || mark(at + 1, '.'));
    }

    /// The assignment before that has a value: of "x = ['a']", "x += ['b']" the first; of "x = []"
    /// what is added first.
    [[nodiscard]] std::size_t begun_at(std::size_t at, std::string_view wanted) const {
        std::size_t first = at;
        for (std::size_t place = at; place-- > 0 && spend(1);) {
            const auto assigned =
                tokens_[place].is_name(wanted) ? assigned_at(place) : std::nullopt;
            if (!assigned) {
                continue;
            }
            const bool empty = opens(*assigned) && closes(*assigned + 1);
            if (!adds_at(place, wanted)) {
                return empty ? first : place;
            }
            first = place;
        }
        return first;
    }

    /// Where the value begins that a name is given: "x = …", "x += …", "x: str = …", "my $x = …",
    /// "x.append(…)". Not "x == …", "x => …".
    [[nodiscard]] std::optional<std::size_t> assigned_at(std::size_t at) const {
        if (at > 1 && mark(at - 1, '.') && !name(at - 2, "self") && !name(at - 2, "cls") &&
            !name(at - 2, "this")) {
            return std::nullopt;
        }
        std::size_t sign = at + 1;
        if (is(Language::python) && mark(sign, ':') && is_kind(sign + 1, Kind::name) &&
            mark(sign + 2, '=')) {
            sign += 2;
        }
        sign += mark(sign, '+') || mark(sign, '.') || marks(sign, "||") ? 1U : 0U;
        sign += mark(sign, '|') ? 1U : 0U;
        if (mark(sign, '=') && !mark(sign + 1, '=') && !mark(sign + 1, '>') &&
            !mark(sign + 1, '~')) {
            return sign + 1;
        }
        static constexpr std::array<std::string_view, 4> adding{"append", "extend", "push",
                                                                "unshift"};
        const bool adds =
            mark(at + 1, '.') && is_kind(at + 2, Kind::name) &&
            std::find(adding.begin(), adding.end(), tokens_[at + 2].text) != adding.end() &&
            mark(at + 3, '(');
        return adds ? std::optional(at + 4) : std::nullopt;
    }

    const Tokens& tokens_;
    Language language_;
    std::map<std::string, std::string, std::less<>> modules_;        ///< own name → module
    std::map<std::string, std::string_view, std::less<>> bundled_;   ///< webpack's id → module
    std::map<std::string, const Function*, std::less<>> functions_;  ///< own name → function
    std::vector<ScriptCall> calls_;
    mutable std::uint64_t steps_ = 0;
    bool has_sh_ = false;  ///< Python's package of that name
    bool functions_read_ = false;
    std::vector<ScriptFunction> own_functions_;
    ScriptRunners runners_;
    std::set<std::pair<std::size_t, std::size_t>> called_;  ///< calls of runners that were seen
};

}  // namespace

bool may_start_programs(std::string_view text, ScriptLanguage language) {
    static constexpr std::array<std::string_view, 10> python{
        "subprocess", "os",          "which",   "asyncio",   "pexpect",
        "pty",        "run_process", "plumbum", "import sh", "from sh"};
    static constexpr std::array<std::string_view, 12> javascript{
        "child_process", "execa",  "cross-spawn", "shelljs", "tinyexec", "node-pty",
        "'zx'",          "\"zx\"", "Bun.",        "'bun'",   "\"bun\"",  "Deno."};
    static constexpr std::array<std::string_view, 6> others{"exec",     "system", "popen",
                                                            "passthru", "`",      "Process"};
    static constexpr std::array<std::string_view, 6> with_words{"exec", "system", "spawn",
                                                                "`",    "%x",     "Open3"};
    static constexpr std::array<std::string_view, 5> perl{"exec", "system", "qx", "`", "open"};
    std::span<const std::string_view> marks = others;
    switch (language) {
        case Language::python:
            marks = python;
            break;
        case Language::javascript:
            marks = javascript;
            break;
        case Language::ruby:
            marks = with_words;
            break;
        case Language::perl:
            marks = perl;
            break;
        case Language::php:
        case Language::lua:
            break;
    }
    const bool popen = language == Language::ruby && contains(as_bytes(text), "popen");
    return popen || std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) {
               return !mark.empty() && contains(as_bytes(text), mark);
           });
}

std::vector<ScriptCall> script_calls(const std::vector<ScriptToken>& tokens,
                                     ScriptLanguage language) {
    return Finder(tokens, language).find();
}

ScriptRunners script_runners(const std::vector<ScriptToken>& tokens, ScriptLanguage language) {
    Finder finder(tokens, language);
    finder.find();
    return finder.runners();
}

std::vector<ScriptCall> calls_of(const ScriptRunners& runners,
                                 const std::vector<ScriptToken>& tokens, ScriptLanguage language) {
    return Finder(tokens, language).find_calls_of(runners);
}

}  // namespace slimimg::closure
