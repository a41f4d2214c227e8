#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/json_cursor.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/dependencies.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_tokens.hpp"
#include "closure/rules/shell_script.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

constexpr std::size_t largest_manifest = 1UL << 20;
constexpr int deepest = 8;

bool is_package_manager(std::string_view word) {
    // And what scripts start others of the same package.json with.
    static constexpr std::array<std::string_view, 12> names{
        "npm", "npx",  "yarn",        "yarnpkg", "pnpm",  "pnpx",
        "bun", "bunx", "npm-run-all", "run-s",   "run-p", "concurrently"};
    return std::find(names.begin(), names.end(), path::basename(word)) != names.end();
}

/// What follows the package manager: the folder that it is told to work in, the packages of it
/// (npm's and yarn's workspaces, pnpm's filters), and every other word.
struct Call {
    std::string folder;
    std::vector<std::string> packages;  ///< names, or folders
    bool all_packages = false;
    std::vector<std::string> words;
};

bool is_for_all_packages(std::string_view word) {
    static constexpr std::array<std::string_view, 5> options{"-ws", "--workspaces", "-r",
                                                             "--recursive", "workspaces"};
    return is_one_of(word, options);
}

std::optional<Call> read_call(const std::vector<std::string>& argv, const std::string& workdir) {
    static constexpr std::array<std::string_view, 4> options{"--prefix", "-C", "--cwd", "--dir"};
    static constexpr std::array<std::string_view, 5> of_packages{"-w", "--workspace", "-F",
                                                                 "--filter", "workspace"};
    const auto manager = std::find_if(argv.begin(), argv.end(), is_package_manager);
    if (manager == argv.end()) {
        return std::nullopt;
    }
    Call call;
    call.folder = workdir;
    for (auto word = manager + 1; word != argv.end(); ++word) {
        const std::string name = word->substr(0, word->find('='));
        const bool folder = is_one_of(name, options);
        if (folder || is_one_of(name, of_packages)) {
            const bool here = name.size() < word->size();
            if (!here && word + 1 == argv.end()) {
                break;
            }
            const std::string value = here ? word->substr(name.size() + 1) : *++word;
            if (folder) {
                call.folder = path::join(workdir, value);
            } else {
                call.packages.push_back(value);
            }
        } else if (is_for_all_packages(*word)) {
            call.all_packages = true;
        } else if (!word->starts_with('-')) {
            // "npm:build" of concurrently.
            call.words.push_back(word->starts_with("npm:") ? word->substr(4) : *word);
        }
    }
    call.folder = path::normalize(call.folder);
    return call;
}

/// The scripts of a package.json by name; none where it can't be read.
std::map<std::string, std::string> scripts_of(std::string_view text) {
    std::map<std::string, std::string> scripts;
    if (text.size() > largest_manifest) {
        return scripts;
    }
    JsonCursor json(text);
    json.object([&](const std::string& key) {
        if (key != "scripts" || json.peek() != '{') {
            return json.skip();
        }
        return json.object([&](const std::string& name) {
            if (json.peek() != '"') {
                return json.skip();
            }
            auto script = json.string();
            if (script) {
                scripts[name] = std::move(*script);
            }
            return script.has_value();
        });
    });
    return scripts;
}

/// The nearest package.json, as the package managers look for it.
std::optional<NodeId> manifest_for(const rootfs::Rootfs& tree, std::string folder) {
    while (true) {
        const auto manifest = tree.resolve(path::join(folder, "package.json")).node;
        if (manifest && tree[*manifest].is_file()) {
            return manifest;
        }
        if (folder == "/") {
            return std::nullopt;
        }
        folder = path::parent(folder);
    }
}

/// node_modules/.bin of a folder and of those above, which stand before PATH.
std::vector<std::string> program_folders(const rootfs::Rootfs& tree, std::string folder) {
    std::vector<std::string> folders;
    while (true) {
        if (std::string bin = path::join(folder, "node_modules/.bin"); tree.resolve(bin).node) {
            folders.push_back(std::move(bin));
        }
        if (folder == "/") {
            return folders;
        }
        folder = path::parent(folder);
    }
}

std::string package_name(std::string_view text) {
    std::string name;
    JsonCursor json(text);
    json.object([&](const std::string& key) {
        if (key != "name" || json.peek() != '"') {
            return json.skip();
        }
        name = json.string().value_or("");
        return true;
    });
    return name;
}

/// The manifests of the packages below a folder that a call names.
std::vector<NodeId> manifests_of_packages(Evidence& evidence, NodeId folder, const Call& call) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::vector<NodeId> manifests;
    if (!evidence.afford(rules::shell_script.id, folder, tree[folder].subtree_end - folder)) {
        return manifests;
    }
    for (NodeId id = folder + 1; id < tree[folder].subtree_end; ++id) {
        const rootfs::Node& file = tree[id];
        if (!file.is_file() || path::basename(file.path) != "package.json" ||
            file.path.find("/node_modules/") != std::string::npos ||
            file.header.size > largest_manifest ||
            !evidence.afford(rules::shell_script.id, id, file.header.size)) {
            continue;
        }
        const std::string name = package_name(evidence.text(id));
        const bool wanted =
            call.all_packages ||
            std::any_of(call.packages.begin(), call.packages.end(), [&](const std::string& wish) {
                return wish == name || path::normalize(path::join(tree[folder].path, wish)) ==
                                           path::parent(file.path);
            });
        if (wanted) {
            manifests.push_back(id);
        }
    }
    return manifests;
}

/// npm-run-all and concurrently take "start:*" for all scripts whose names begin so.
bool is_script_called(std::string_view name, std::string_view word) {
    const std::size_t star = word.find('*');
    return name == word || (star != std::string_view::npos && name.size() >= star &&
                            name.starts_with(word.substr(0, star)) &&
                            name.ends_with(word.substr(word.find_last_of('*') + 1)));
}

std::vector<std::string> called_scripts(const std::map<std::string, std::string>& scripts,
                                        std::string_view word) {
    std::vector<std::string> called;
    for (const auto& [name, text] : scripts) {
        if (is_script_called(name, word)) {
            called.insert(called.end(), {"pre" + name, name, "post" + name});
        }
    }
    return called;
}

void keep_scripts(Evidence& evidence, NodeId manifest, const Call& call,
                  const ShellOrigin& origin) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string folder(path::parent(tree[manifest].path));
    const auto scripts = scripts_of(evidence.text(manifest));
    for (const std::string& word : call.words) {
        for (const std::string& name : called_scripts(scripts, word)) {
            const auto script = scripts.find(name);
            if (script == scripts.end() ||
                !origin.named->insert(tree[manifest].path + ' ' + name).second ||
                !evidence.afford(rules::shell_script.id, manifest,
                                 steps_per_byte * script->second.size())) {
                continue;
            }
            evidence.keep(manifest, {rules::shell_script.id, origin.file, Confidence::likely,
                                     origin.name + " runs its script " + name});
            keep_shell_text(evidence, script->second, ShellDialect::dash,
                            {manifest, tree[manifest].path + "'s script " + name, folder,
                             program_folders(tree, folder), origin.depth + 1, origin.named},
                            std::nullopt);
        }
    }
}

/// The words behind `args:` in the object that goes on at `at`: a text of words or a list.
std::vector<std::string> arguments_of_process(const std::vector<ScriptToken>& tokens,
                                              std::size_t at) {
    std::vector<std::string> words;
    for (; at + 2 < tokens.size() && !tokens[at].is_mark('}'); ++at) {
        if (tokens[at].text != "args" || !tokens[at + 1].is_mark(':')) {
            continue;
        }
        const bool list = tokens[at + 2].is_mark('[');
        for (at += 2; at < tokens.size() && !tokens[at].is_mark(']'); ++at) {
            if (tokens[at].kind == ScriptToken::Kind::string) {
                const ShellFacts facts = read_shell(tokens[at].text, {});
                for (const ShellCommand& command : facts.commands) {
                    for (const ShellWord& word : command.argv) {
                        words.push_back(word.text);
                    }
                }
            }
            if (!list) {
                break;
            }
        }
        break;
    }
    return words;
}

}  // namespace

void keep_package_scripts(Evidence& evidence, const std::vector<std::string>& argv,
                          const ShellOrigin& origin) {
    const auto call = read_call(argv, origin.workdir);
    if (!call || origin.depth >= deepest) {
        return;
    }
    evidence.keep_program("sh", {rules::shell_script.id, origin.file, Confidence::likely,
                                 origin.name + " runs a package's scripts"});
    for (const std::string& folder : program_folders(evidence.rootfs(), call->folder)) {
        for (const std::string& word : call->words) {
            if (!word.empty() && word.find('/') == std::string::npos) {
                evidence.keep_program(path::join(folder, word),
                                      {rules::shell_script.id, origin.file, Confidence::likely,
                                       origin.name + " runs " + word});
            }
        }
    }
    if (const auto manifest = manifest_for(evidence.rootfs(), call->folder)) {
        ShellOrigin from = origin;
        if (from.named == nullptr) {
            from.named = std::make_shared<std::set<std::string, std::less<>>>();
        }
        keep_scripts(evidence, *manifest, *call, from);
        if (call->all_packages || !call->packages.empty()) {
            for (const NodeId package :
                 manifests_of_packages(evidence, evidence.rootfs()[*manifest].parent, *call)) {
                keep_scripts(evidence, package, *call, from);
            }
        }
    }
}

void keep_processes(Evidence& evidence, NodeId node) {
    const std::string_view path = evidence.rootfs()[node].path;
    const std::string_view name = path::basename(path);
    if (is_of_a_dependency(path) || (name.find("ecosystem") == std::string_view::npos &&
                                     name.find("pm2") == std::string_view::npos)) {
        return;
    }
    const std::vector<ScriptToken> tokens =
        script_tokens(evidence.text(node), ScriptLanguage::javascript);
    for (std::size_t at = 0; at + 2 < tokens.size(); ++at) {
        if (tokens[at].text == "script" && tokens[at + 1].is_mark(':') &&
            tokens[at + 2].kind == ScriptToken::Kind::string) {
            std::vector<std::string> argv{tokens[at + 2].text};
            const std::vector<std::string> words = arguments_of_process(tokens, at + 3);
            argv.insert(argv.end(), words.begin(), words.end());
            keep_package_scripts(evidence, argv,
                                 {node, std::string(path), evidence.config().workdir, {}, 0});
        }
    }
}

}  // namespace slimimg::closure
