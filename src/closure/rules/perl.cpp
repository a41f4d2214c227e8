#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// Modules that the interpreter loads by itself: for an operator, a variable or a file handle
/// (perlvar, perlfunc; toke.c, gv.c, universal.c).
constexpr std::array<std::string_view, 17> implicit_modules{
    "strict",     "warnings",         "feature",
    "utf8",       "overload",         "Carp",
    "Errno",      "XSLoader",         "DynaLoader",
    "IO::File",   "IO::Handle",       "PerlIO::scalar",
    "re",         "PerlIO::encoding", "Tie::Hash::NamedCapture",
    "File::Glob", "attributes"};

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_perl_program(const rootfs::Rootfs& tree, NodeId node) {
    const std::string_view name = path::basename(tree[node].path);
    return name == "perl" || (name.starts_with("perl5.") && tree[node].is_executable());
}

/// The module folders, as the interpreter names them: it has them compiled in, PERL5LIB adds to
/// them.
std::set<std::string> module_folders(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::set<std::string> folders;
    const auto add = [&](std::string_view name) {
        const auto found = tree.resolve(name).node;
        if (found && *found != 0 && tree[*found].is_directory()) {
            folders.emplace(name);
        }
    };
    for (const auto& [program, link] : evidence.links()) {
        if (!is_perl_program(tree, program)) {
            continue;
        }
        for (const LoadedObject& object : link.objects) {
            const std::string_view name = path::basename(tree[object.file].path);
            if (object.file == program || name.starts_with("libperl")) {
                for_each_string(evidence, object.file, [&](std::string_view text) {
                    if (text.starts_with('/') && text.find("perl") != std::string_view::npos) {
                        add(text);
                    }
                });
            }
        }
    }
    std::string_view rest = evidence.config().env_value("PERL5LIB").value_or("");
    while (!rest.empty()) {
        const std::string_view part = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        add(part);
    }
    return folders;
}

/// For building and installing modules, testing them and reading their documentation; and a list
/// of all modules that there are. Other modules of Perl's own mention them in passing.
bool is_for_development(std::string_view module) {
    static constexpr std::array<std::string_view, 9> families{
        "App::", "CPAN",  "Devel::PPPort", "ExtUtils",        "Module::CoreList",
        "Pod::", "TAP::", "Test::",        "Unicode::Collate"};
    return std::any_of(families.begin(), families.end(),
                       [&](std::string_view family) { return module.starts_with(family); });
}

/// Code of those families: it needs its own relatives.
bool is_development_code(std::string_view path) {
    static constexpr std::array<std::string_view, 7> places{
        "/App/", "/CPAN", "/ExtUtils/", "/Pod/", "/TAP/", "/Test/", "/Unicode/Collate"};
    return std::any_of(places.begin(), places.end(), [&](std::string_view place) {
        return path.find(place) != std::string_view::npos;
    });
}

bool is_perls_own(Evidence& evidence, NodeId node) {
    const auto owner = evidence.packages().owner(node);
    return owner && evidence.packages()[*owner].origin() == "perl";
}

/// Keeps a module by name, the code compiled for it, and what is in the folder of its name; of a
/// package that isn't Perl's own, all of the package, for its plugins are loaded by computed names.
void keep_module(Evidence& evidence, const std::set<std::string>& folders, std::string_view name,
                 NodeId from) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    std::string file;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool separator = name.substr(i).starts_with("::");
        file += separator ? '/' : name[i];
        i += separator ? 1 : 0;
    }
    const Reason reason{perl.id, from, Confidence::likely, "mentions " + std::string(name)};
    for (const std::string& folder : folders) {
        const std::string base = folder + "/";
        for (const std::string_view ending : {".pm", ".pl"}) {
            const auto module = tree.resolve(base + file + std::string(ending)).node;
            if (!module || evidence.is_kept(*module)) {
                continue;
            }
            evidence.keep_path(base + file + std::string(ending), reason);
            const auto owner = evidence.packages().owner(*module);
            if (owner && !is_perls_own(evidence, *module)) {
                for (const NodeId other : evidence.packages()[*owner].files) {
                    if (!is_ballast(tree[other]) && !tree[other].is_executable()) {
                        evidence.keep(other, reason);
                    }
                }
            }
        }
        if (const auto compiled = tree.resolve(base + "auto/" + file).node;
            compiled && tree[*compiled].is_directory()) {
            evidence.keep_path(base + "auto/" + file, reason);
            for (const NodeId part : tree.children(*compiled)) {
                if (!tree[part].is_directory()) {
                    evidence.keep(part, reason);
                }
            }
        }
    }
}

/// The names of modules in Perl code: whatever has "::" in it, and the words of use and require.
std::set<std::string_view> mentioned_modules(std::string_view code) {
    std::set<std::string_view> names;
    bool documentation = false;
    while (!code.empty()) {
        std::string_view line = code.substr(0, code.find('\n'));
        code.remove_prefix(std::min(line.size() + 1, code.size()));
        if (line.starts_with('=') && line.size() > 1 && line[1] >= 'a' && line[1] <= 'z') {
            documentation = !line.starts_with("=cut");
            continue;
        }
        const std::size_t start = line.find_first_not_of(" \t");
        if (documentation || start == std::string_view::npos || line[start] == '#') {
            continue;
        }
        const bool loads = line.find("use ") != std::string_view::npos ||
                           line.find("require") != std::string_view::npos ||
                           line.find("no ") == start;
        for (std::size_t at = 0; at < line.size();) {
            if (!is_name_char(line[at])) {
                ++at;
                continue;
            }
            const std::size_t first = at;
            bool qualified = false;
            while (at < line.size() &&
                   (is_name_char(line[at]) || line.substr(at).starts_with("::"))) {
                qualified = qualified || line[at] == ':';
                at += line[at] == ':' ? 2U : 1U;
            }
            std::string_view name = line.substr(first, at - first);
            if (qualified || loads) {
                while (name.ends_with("::")) {
                    name.remove_suffix(2);
                }
                names.insert(name);
                // Foo::bar() calls a function of module Foo.
                if (const std::size_t last = name.rfind("::"); last != std::string_view::npos) {
                    names.insert(name.substr(0, last));
                }
            }
        }
    }
    return names;
}

bool is_perl_code(std::string_view path, std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    return path.ends_with(".pm") || path.ends_with(".pl") || path.ends_with(".cgi") ||
           path.ends_with(".psgi") || path.ends_with(".al") || path.ends_with(".t") ||
           (first.starts_with("#!") && first.find("perl") != std::string_view::npos);
}

bool perl_runs(Evidence& evidence) {
    return std::any_of(evidence.links().begin(), evidence.links().end(), [&](const auto& link) {
        return is_perl_program(evidence.rootfs(), link.first);
    });
}

/// Works on all Perl code at once, since the interpreter may be kept after the code.
void settle(Evidence& evidence) {
    if (!perl_runs(evidence)) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::set<std::string> folders = module_folders(evidence);
    for (const auto& [program, link] : evidence.links()) {
        if (is_perl_program(tree, program)) {
            for (const std::string_view name : implicit_modules) {
                keep_module(evidence, folders, name, program);
            }
        }
    }
    std::vector<NodeId> code;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (tree[node].is_file() && is_perl_code(tree[node].path, evidence.text(node))) {
            code.push_back(node);
        }
    }
    std::set<std::string_view> known;
    for (const NodeId node : code) {
        const bool own = is_perls_own(evidence, node);
        if (own && path::basename(tree[node].path) == "Config_heavy.pl") {
            continue;  // how Perl was built, with the names of all its modules
        }
        const bool in_passing = own && !is_development_code(tree[node].path);
        for (const std::string_view name : mentioned_modules(evidence.text(node))) {
            if (!(in_passing && is_for_development(name)) && known.insert(name).second) {
                keep_module(evidence, folders, name, node);
            }
        }
    }
}

}  // namespace

const Rule perl{.id = "perl", .summary = "a module that kept Perl code mentions", .settle = settle};

}  // namespace slimimg::closure::rules
