#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"
#include "closure/rules/shell_script.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;
using Variables = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t largest_makefile = 1UL << 20;
constexpr std::size_t longest_text = 1UL << 16;
constexpr const char* computed = "${computed}";
constexpr std::size_t most_references = 100'000;
constexpr int deepest = 8;

/// `make -C folder -f file target VARIABLE=value`.
struct Call {
    std::string folder;
    std::string file;
    std::vector<std::string> targets;
    Variables variables;
};

bool is_make(std::string_view word) {
    const std::string_view name = path::basename(word);
    return name == "make" || name == "gmake";
}

/// The value of an option: "-C folder", "-Cfolder", "--directory=folder"; nothing for other words.
std::optional<std::string> option_value(const std::vector<std::string>& argv, std::size_t& at,
                                        std::string_view brief, std::string_view full) {
    const std::string& word = argv[at];
    if (word == brief || word == full) {
        return at + 1 < argv.size() ? std::optional(argv[++at]) : std::nullopt;
    }
    if (word.starts_with(full) && word.substr(full.size()).starts_with('=')) {
        return word.substr(full.size() + 1);
    }
    const bool joined = word.starts_with(brief) && !word.starts_with("--");
    return joined ? std::optional(word.substr(brief.size())) : std::nullopt;
}

std::optional<Call> read_call(const std::vector<std::string>& argv, const std::string& workdir) {
    const auto make = std::find_if(argv.begin(), argv.end(), is_make);
    if (make == argv.end()) {
        return std::nullopt;
    }
    Call call{workdir, "", {}, {}};
    for (auto at = static_cast<std::size_t>(make - argv.begin()) + 1; at < argv.size(); ++at) {
        const std::string& word = argv[at];
        if (const auto folder = option_value(argv, at, "-C", "--directory")) {
            call.folder = path::join(call.folder, *folder);
        } else if (const auto file = option_value(argv, at, "-f", "--file")) {
            call.file = *file;
        } else if (const std::size_t equals = word.find('='); equals != word.npos) {
            call.variables[word.substr(0, equals)] = word.substr(equals + 1);
        } else if (!word.starts_with('-')) {
            call.targets.push_back(word);
        }
    }
    call.folder = path::normalize(call.folder);
    return call;
}

std::optional<NodeId> find_makefile(const rootfs::Rootfs& tree, const Call& call) {
    std::vector<std::string> names{"GNUmakefile", "makefile", "Makefile"};
    if (!call.file.empty()) {
        names = {call.file};
    }
    for (const std::string& name : names) {
        const auto file = tree.resolve(path::join(call.folder, name)).node;
        if (file && tree[*file].is_file()) {
            return file;
        }
    }
    return std::nullopt;
}

bool is_name(std::string_view text) {
    return !text.empty() && text.find_first_not_of(
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_.-") == text.npos;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!(text = trim(text)).empty()) {
        const std::size_t end = std::min(text.find_first_of(" \t"), text.size());
        words.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return words;
}

/// As much of a makefile as says which commands a target runs (GNU make's manual, 4, 5 and 6):
/// conditionals count both ways, patterns and other makefiles not at all.
class Makefile {
  public:
    Makefile(std::string_view text, const Variables& given) : given_(given) {
        while (!text.empty()) {
            const bool recipe = text.front() == '\t';
            std::string line(take_line(text));
            while (line.ends_with('\\') && !text.empty()) {
                line += '\n';
                line += take_line(text);
            }
            if (recipe) {
                add_to_recipe(line.substr(1));
            } else {
                read_line(line);
            }
        }
    }

    /// What is run for the targets, without any for the first one.
    [[nodiscard]] std::string commands_for(std::vector<std::string> targets) const {
        if (targets.empty() && !first_.empty()) {
            targets.push_back(first_);
        }
        std::string commands;
        std::set<std::string, std::less<>> done;
        while (!targets.empty()) {
            const std::string target = targets.back();
            targets.pop_back();
            const auto rule = rules_.find(target);
            if (rule == rules_.end() || !done.insert(target).second) {
                continue;
            }
            for (const std::string& line : rule->second.recipe) {
                commands += expanded(line) + '\n';
            }
            targets.insert(targets.end(), rule->second.prerequisites.begin(),
                           rule->second.prerequisites.end());
        }
        for (const std::string& command : run_by_make_) {
            commands += command + '\n';
        }
        return commands;
    }

    [[nodiscard]] std::string shell() const { return expanded("$(SHELL)"); }

  private:
    struct TargetRule {
        std::vector<std::string> prerequisites;
        std::vector<std::string> recipe;
    };

    void add_to_recipe(std::string_view line) {
        line.remove_prefix(std::min(line.find_first_not_of("@-+ \t"), line.size()));
        for (const std::string& target : current_) {
            rules_[target].recipe.emplace_back(line);
        }
    }

    void read_line(std::string_view line) {
        line = trim(line.substr(0, line.find('#')));
        const std::size_t mark = line.find_first_of(":=");
        if (mark == line.npos) {
            return;
        }
        const std::size_t equals = line.find('=', mark);
        const bool defines = line[mark] == '=' ||
                             (equals != line.npos &&
                              line.substr(mark, equals - mark).find_first_not_of(':') == line.npos);
        if (defines) {
            define(line.substr(0, mark), line.substr(equals + 1), line[mark] == ':');
        } else {
            begin_rule(line.substr(0, mark), line.substr(mark + 1));
        }
    }

    /// "NAME", "export NAME", "NAME ?", "NAME +".
    void define(std::string_view name, std::string_view value, bool at_once) {
        const bool appends = name.ends_with('+');
        const bool keeps = name.ends_with('?');
        if (at_once) {
            static_cast<void>(expanded(value));  // for the commands in it
        }
        name = trim(name.substr(0, name.size() - (appends || keeps ? 1 : 0)));
        name = name.substr(name.find_last_of(" \t") + 1);
        std::string& variable = variables_[std::string(name)];
        if (appends && !variable.empty()) {
            variable += ' ';
            variable += trim(value);
        } else if (!keeps || variable.empty()) {
            variable = trim(value);
        }
        current_.clear();
    }

    void begin_rule(std::string_view targets, std::string_view rest) {
        while (rest.starts_with(':')) {
            rest.remove_prefix(1);
        }
        const std::size_t recipe = std::min(rest.find(';'), rest.size());
        current_ = words_of(expanded(targets));
        const auto prerequisites = words_of(expanded(rest.substr(0, recipe)));
        for (const std::string& target : current_) {
            if (first_.empty() && !target.starts_with('.')) {
                first_ = target;
            }
            auto& all = rules_[target].prerequisites;
            all.insert(all.end(), prerequisites.begin(), prerequisites.end());
        }
        if (recipe < rest.size()) {
            add_to_recipe(rest.substr(recipe + 1));
        }
    }

    /// A text for the shell, with what only make knows as it runs `computed`.
    [[nodiscard]] std::string expanded(std::string_view text, int depth = 0) const {
        std::string result;
        while (!text.empty() && result.size() < longest_text) {
            const std::size_t dollar = std::min(text.find('$'), text.size());
            result += text.substr(0, dollar);
            text.remove_prefix(std::min(dollar + 1, text.size()));
            if (!text.empty()) {
                result += reference(text, depth);
            }
        }
        return result.substr(0, longest_text);
    }

    /// What stands behind a "$", which is taken off `text`.
    std::string reference(std::string_view& text, int depth) const {
        const char open = text.front();
        if (open != '(' && open != '{') {
            const std::string name(1, open);
            text.remove_prefix(1);
            return open == '$' ? "$" : value(name, depth);
        }
        const char close = open == '(' ? ')' : '}';
        std::size_t end = 1;
        for (int nested = 1; end < text.size(); ++end) {
            nested += text[end] == open ? 1 : text[end] == close ? -1 : 0;
            if (nested == 0) {
                break;
            }
        }
        const std::string inside(text.substr(1, end - 1));
        text.remove_prefix(std::min(end + 1, text.size()));
        constexpr std::string_view shell = "shell ";
        if (!inside.starts_with(shell) || depth >= deepest) {
            return value(inside, depth);
        }
        run_by_make_.insert(expanded(inside.substr(shell.size()), depth + 1));
        return computed;
    }

    [[nodiscard]] std::string value(const std::string& name, int depth) const {
        const auto given = given_.find(name);
        const auto own = variables_.find(name);
        // Variables made of many others that are made of many others have no end.
        if (depth >= deepest || !is_name(name) || ++references_ > most_references) {
            return computed;
        }
        if (given != given_.end()) {
            return given->second;
        }
        if (own != variables_.end()) {
            return expanded(own->second, depth + 1);
        }
        return name == "MAKE" ? "make" : name == "SHELL" ? "/bin/sh" : "${" + name + "}";
    }

    const Variables& given_;
    Variables variables_;
    std::map<std::string, TargetRule, std::less<>> rules_;
    std::vector<std::string> current_;  ///< the targets whose recipe is read
    std::string first_;
    mutable std::set<std::string, std::less<>> run_by_make_;  ///< of "$(shell …)"
    mutable std::size_t references_ = 0;
};

}  // namespace

void keep_make_targets(Evidence& evidence, const std::vector<std::string>& argv,
                       const ShellOrigin& origin) {
    const auto call = read_call(argv, origin.workdir);
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto file = call ? find_makefile(tree, *call) : std::nullopt;
    if (!file || origin.depth >= deepest || tree[*file].header.size > largest_makefile) {
        return;
    }
    ShellOrigin from{file,
                     tree[*file].path,
                     call->folder,
                     {},
                     origin.depth + 1,
                     origin.named != nullptr
                         ? origin.named
                         : std::make_shared<std::set<std::string, std::less<>>>()};
    std::string key = tree[*file].path;
    for (const std::string& target : call->targets) {
        key += ' ' + target;
    }
    if (!from.named->insert(key).second ||
        !evidence.afford(rules::shell_script.id, file, steps_per_byte * tree[*file].header.size)) {
        return;
    }
    const Makefile makefile(evidence.text(*file), call->variables);
    evidence.keep(*file, {rules::shell_script.id, origin.file, Confidence::likely,
                          origin.name + " runs make in " + call->folder});
    const std::string shell = makefile.shell();
    evidence.keep_program(shell, {rules::shell_script.id, file, Confidence::likely,
                                  "make runs its recipes by " + shell});
    keep_shell_text(evidence, makefile.commands_for(call->targets),
                    shell.ends_with("bash") ? ShellDialect::bash : ShellDialect::dash, from,
                    std::nullopt);
}

}  // namespace slimimg::closure
