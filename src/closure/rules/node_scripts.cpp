#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/json_cursor.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"
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

/// What follows the package manager: the folder that it is told to work in, and every other word.
struct Call {
    std::string folder;
    std::vector<std::string> words;
};

std::optional<Call> read_call(const std::vector<std::string>& argv, const std::string& workdir) {
    static constexpr std::array<std::string_view, 4> options{"--prefix", "-C", "--cwd", "--dir"};
    const auto manager = std::find_if(argv.begin(), argv.end(), is_package_manager);
    if (manager == argv.end()) {
        return std::nullopt;
    }
    Call call{workdir, {}};
    for (auto word = manager + 1; word != argv.end(); ++word) {
        const std::string name = word->substr(0, word->find('='));
        const bool folder = std::find(options.begin(), options.end(), name) != options.end();
        if (folder && name.size() < word->size()) {
            call.folder = path::join(workdir, word->substr(name.size() + 1));
        } else if (folder && word + 1 != argv.end()) {
            call.folder = path::join(workdir, *++word);
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

void keep_scripts(Evidence& evidence, NodeId manifest, const Call& call,
                  const ShellOrigin& origin) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string folder(path::parent(tree[manifest].path));
    const auto scripts = scripts_of(evidence.text(manifest));
    for (const std::string& word : call.words) {
        for (const std::string& name : {"pre" + word, word, "post" + word}) {
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
    }
}

}  // namespace slimimg::closure
