#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/shell_script.hpp"

namespace slimimg::closure::rules {
namespace {

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

/// The program, or the library of it that servers (nginx, Apache, uWSGI, ZNC) and their modules
/// embed.
bool is_interpreter(const rootfs::Node& node) {
    const std::string_view name = path::basename(node.path);
    return name.starts_with("libperl.so") ||
           (node.is_executable() && (name == "perl" || name.starts_with("perl5.")));
}

/// Those that are kept.
std::vector<NodeId> interpreters(Evidence& evidence) {
    std::vector<NodeId> found;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (is_interpreter(evidence.rootfs()[node]) && evidence.elf(node) != nullptr) {
            found.push_back(node);
        }
    }
    return found;
}

/// Where modules are looked for, and the code that was compiled for them.
struct ModuleFolder {
    NodeId node = 0;
    std::optional<NodeId> compiled;
};
/// By path.
using ModuleFolders = std::map<std::string, ModuleFolder>;

/// The module folders, as the interpreter names them: it has them compiled in, PERL5LIB adds to
/// them.
ModuleFolders module_folders(Evidence& evidence, const std::vector<NodeId>& interpreters) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    ModuleFolders folders;
    const auto add = [&](std::string_view name) {
        const auto found = evidence.place_of(name);
        if (found && *found != 0 && tree[*found].is_directory()) {
            folders.try_emplace(
                std::string(name),
                ModuleFolder{*found, tree.resolve(std::string(name) + "/auto").node});
        }
    };
    for (const NodeId interpreter : interpreters) {
        for_each_string(evidence, interpreter, [&](std::string_view text) {
            if (text.starts_with('/') && text.find("perl") != std::string_view::npos) {
                add(text);
            }
        });
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
struct DevelopmentFamily {
    std::string_view module;  ///< the names that start so
    std::string_view place;   ///< in the paths of their files
    std::string_view needs;   ///< the further family that it stands on
};
constexpr std::array<DevelopmentFamily, 9> development_families{
    {{"App::Prove", "/App/Prove", "TAP::"},
     {"App::Cpan", "/App/Cpan", "CPAN"},
     {"CPAN", "/CPAN", "ExtUtils"},
     {"Devel::PPPort", "/Devel/PPPort", ""},
     {"ExtUtils", "/ExtUtils/", ""},
     {"Module::CoreList", "/Module/CoreList", ""},
     {"Pod::", "/Pod/", ""},
     {"TAP::", "/TAP/", "Test::"},
     {"Unicode::Collate", "/Unicode/Collate", ""}}};

/// Whether a module of Perl's own in `path` that mentions such a module needs it: its own relatives
/// it does.
bool is_for_development(std::string_view module, std::string_view path) {
    const auto* const of = std::find_if(
        development_families.begin(), development_families.end(),
        [&](const DevelopmentFamily& family) { return module.starts_with(family.module); });
    const auto* const by = std::find_if(
        development_families.begin(), development_families.end(),
        [&](const DevelopmentFamily& family) { return path.find(family.place) != path.npos; });
    return of != development_families.end() &&
           (by == development_families.end() || (by != of && by->needs != of->module));
}

/// The tables of East Asian charsets, a third of an installation: kept for code that names one of
/// their charsets, in lower case here (Encode::Config, Encode::Alias).
struct CharsetTable {
    std::string_view module;
    std::array<std::string_view, 6> charsets;  ///< unused ones are empty
};
constexpr std::array<CharsetTable, 4> charset_tables{
    {{"Encode::CN", {"gb2312", "gb18030", "gbk", "cp936", "euc-cn", "hz-gb"}},
     {"Encode::JP", {"euc-jp", "shiftjis", "shift_jis", "sjis", "iso-2022-jp", "cp932"}},
     {"Encode::KR", {"euc-kr", "cp949", "johab", "iso-2022-kr", "ksc5601", "uhc"}},
     {"Encode::TW", {"big5", "cp950"}}}};

bool is_charset_table(std::string_view module) {
    return std::any_of(charset_tables.begin(), charset_tables.end(), [&](const auto& table) {
        return module == table.module || module.starts_with(std::string(table.module) + "::");
    });
}

void add_charset_tables(std::string_view line, std::set<std::string_view>& names) {
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
    for (const CharsetTable& table : charset_tables) {
        for (const std::string_view name : table.charsets) {
            if (!name.empty() && std::search(line.begin(), line.end(), name.begin(), name.end(),
                                             same) != line.end()) {
                names.insert(table.module);
            }
        }
    }
}

/// "/usr/local/lib/perl5/5.36.0/…", as a build into a prefix has them; beside them is site_perl.
bool is_in_core_folder(std::string_view path) {
    constexpr std::string_view folder = "/perl5/5.";
    const std::size_t at = path.find(folder);
    return at != std::string_view::npos && at + folder.size() < path.size() &&
           path[at + folder.size()] >= '0' && path[at + folder.size()] <= '9';
}

bool is_perls_own(Evidence& evidence, NodeId node) {
    const auto owner = evidence.packages().owner(node);
    if (!owner) {
        return is_in_core_folder(evidence.rootfs()[node].path);
    }
    return evidence.packages()[*owner].origin() == "perl";
}

/// Whether a module whose name begins with `first` may be in a folder: one look for most names.
bool may_have(const rootfs::Rootfs& tree, const ModuleFolder& folder, const std::string& first) {
    return tree.child(folder.node, first) || tree.child(folder.node, first + ".pm") ||
           tree.child(folder.node, first + ".pl") ||
           (folder.compiled && tree.child(*folder.compiled, first));
}

/// Keeps a module by name, the code compiled for it, and what is in the folder of its name; of a
/// package that isn't Perl's own, all of the package, for its plugins are loaded by computed names.
/// False where no folder has it.
bool keep_module(Evidence& evidence, const ModuleFolders& folders, std::string_view name,
                 std::optional<NodeId> from) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    bool found = false;
    std::string file;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool separator = name.substr(i).starts_with("::");
        file += separator ? '/' : name[i];
        i += separator ? 1 : 0;
    }
    const Reason reason{perl.id, from, Confidence::likely, "mentions " + std::string(name)};
    const std::string first = file.substr(0, file.find('/'));
    for (const auto& [path, folder] : folders) {
        if (!may_have(tree, folder, first)) {
            continue;
        }
        const std::string base = path + "/";
        for (const std::string_view ending : {".pm", ".pl"}) {
            const auto module = tree.resolve(base + file + std::string(ending)).node;
            found = found || module;
            if (!module || evidence.is_kept(*module)) {
                continue;
            }
            evidence.keep_path(base + file + std::string(ending), reason);
            const auto owner = evidence.packages().owner(*module);
            if (owner && !is_perls_own(evidence, *module)) {
                for (const NodeId other : evidence.packages()[*owner].files) {
                    if (!is_ballast(evidence, other) && !tree[other].is_executable()) {
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
    return found;
}

/// The lines of Perl code that are neither comment nor documentation.
void for_each_line(std::string_view code, const std::function<void(std::string_view)>& take) {
    bool documentation = false;
    while (!code.empty()) {
        const std::string_view line = code.substr(0, code.find('\n'));
        code.remove_prefix(std::min(line.size() + 1, code.size()));
        if (line == "__END__") {
            return;
        }
        if (line.starts_with('=') && line.size() > 1 && line[1] >= 'a' && line[1] <= 'z') {
            documentation = !line.starts_with("=cut");
            continue;
        }
        const std::size_t start = line.find_first_not_of(" \t");
        if (!documentation && start != std::string_view::npos && line[start] != '#') {
            take(line.substr(start));
        }
    }
}

/// The names of modules in a line: whatever has "::" in it, and the words of use and require.
void add_modules(std::string_view line, std::set<std::string_view>& names) {
    const bool loads = line.find("use ") != std::string_view::npos ||
                       line.find("require") != std::string_view::npos || line.starts_with("no ");
    for (std::size_t at = 0; at < line.size();) {
        if (!is_name_char(line[at])) {
            ++at;
            continue;
        }
        const std::size_t first = at;
        bool qualified = false;
        while (at < line.size() && (is_name_char(line[at]) || line.substr(at).starts_with("::"))) {
            qualified = qualified || line[at] == ':';
            at += line[at] == ':' ? 2U : 1U;
        }
        std::string_view name = line.substr(first, at - first);
        if (qualified || loads) {
            while (name.ends_with("::")) {
                name.remove_suffix(2);
            }
            names.insert(name);
        }
    }
}

/// "-MPOSIX=floor", "-mTime::Piece".
void add_modules_of_options(std::string_view line, std::set<std::string_view>& names) {
    for (std::size_t at = line.find('-'); at != std::string_view::npos;
         at = line.find('-', at + 1)) {
        const std::string_view option = line.substr(at);
        if (option.starts_with("-M") || option.starts_with("-m")) {
            const auto* const end = std::find_if_not(option.begin() + 2, option.end(), [](char c) {
                return is_name_char(c) || c == ':';
            });
            names.emplace(option.begin() + 2, end);
        }
    }
}

/// The modules of the code that a shell gives to Perl, in words or in a here-document.
std::set<std::string_view> mentioned_by_shell(std::string_view text) {
    std::set<std::string_view> names;
    if (text.find("perl") != std::string_view::npos) {
        for_each_line(text, [&](std::string_view line) {
            add_modules(line, names);
            add_modules_of_options(line, names);
        });
    }
    return names;
}

bool is_perl_code(std::string_view path, std::string_view text) {
    const std::string_view first = text.substr(0, text.find('\n'));
    return path.ends_with(".pm") || path.ends_with(".pl") || path.ends_with(".cgi") ||
           path.ends_with(".psgi") || path.ends_with(".al") || path.ends_with(".t") ||
           (first.starts_with("#!") && first.find("perl") != std::string_view::npos);
}

bool embeds_perl(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr &&
           std::any_of(facts->needed.begin(), facts->needed.end(), [](const std::string& library) {
               return library.starts_with("libperl.so");
           });
}

/// What a server that embeds Perl gives it to run before the application's code.
std::set<std::string, std::less<>> mentioned_in_data(Evidence& evidence, NodeId node) {
    std::set<std::string_view> names;
    for_each_string(evidence, node, [&](std::string_view text) {
        for_each_line(text, [&](std::string_view line) {
            if (line.find("use ") != std::string_view::npos ||
                line.find("require ") != std::string_view::npos) {
                add_modules(line, names);
            }
        });
    });
    return {names.begin(), names.end()};
}

/// The modules that a file of code mentions.
std::set<std::string, std::less<>> mentioned(Evidence& evidence, NodeId node) {
    const Text& path = evidence.rootfs()[node].path;
    if (evidence.elf(node) != nullptr) {
        return mentioned_in_data(evidence, node);
    }
    const bool own = is_perls_own(evidence, node);
    if (own && (path::basename(path) == "Config_heavy.pl" ||
                path.find("/unicore/") != std::string::npos)) {
        return {};  // how Perl was built, with the names of all its modules; tables
    }
    if (dialect_of_script(evidence.text(node))) {
        const auto names = mentioned_by_shell(evidence.text(node));
        return {names.begin(), names.end()};
    }
    std::set<std::string_view> names;
    for_each_line(evidence.text(node), [&](std::string_view line) {
        add_modules(line, names);
        if (!own) {
            add_charset_tables(line, names);
        }
    });
    return {names.begin(), names.end()};
}

bool is_documentation(const rootfs::Node& node) {
    return node.path.ends_with(".pod") || path::basename(node.path) == ".packlist";
}

/// What somebody installed from CPAN is there for this image, and plugins are loaded by computed
/// names.
void keep_site_modules(Evidence& evidence, const ModuleFolders& folders) {
    for (const auto& [name, folder] : folders) {
        if (name.find("/site_perl") != std::string::npos &&
            !evidence.packages().owner(folder.node)) {
            keep_folder(evidence, folder.node,
                        {perl.id, std::nullopt, Confidence::likely, "on Perl's path: " + name},
                        is_documentation);
        }
    }
}

void keep_mentioned(Evidence& evidence, const ModuleFolders& folders, std::string_view name,
                    std::optional<NodeId> from) {
    const std::size_t last = name.rfind("::");
    if (!keep_module(evidence, folders, name, from) && last != std::string_view::npos) {
        // Foo::bar() calls a function of module Foo.
        keep_module(evidence, folders, name.substr(0, last), from);
    }
}

/// What the config's own commands give to Perl.
void keep_modules_of_commands(Evidence& evidence, const ModuleFolders& folders) {
    std::vector<std::vector<std::string>> lines = command_lines(evidence);
    lines.push_back(evidence.config().healthcheck);
    for (const std::vector<std::string>& line : lines) {
        std::string text;
        for (const std::string& word : line) {
            text += word + '\n';
        }
        for (const std::string_view name : mentioned_by_shell(text)) {
            keep_mentioned(evidence, folders, name, std::nullopt);
        }
    }
}

/// Works on all Perl code at once, since the interpreter may be kept after the code.
void settle(Evidence& evidence) {
    const std::vector<NodeId> perls = interpreters(evidence);
    if (perls.empty()) {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const ModuleFolders folders = module_folders(evidence, perls);
    keep_site_modules(evidence, folders);
    keep_modules_of_commands(evidence, folders);
    for (const NodeId interpreter : perls) {
        for (const std::string_view name : implicit_modules) {
            keep_module(evidence, folders, name, interpreter);
        }
    }
    std::vector<NodeId> code;
    for (const auto& [node, reasons] : evidence.kept()) {
        if (tree[node].is_file() &&
            (is_perl_code(tree[node].path, evidence.text(node)) ||
             dialect_of_script(evidence.text(node)) || embeds_perl(evidence, node))) {
            code.push_back(node);
        }
    }
    std::set<std::string_view> known;
    for (const NodeId node : code) {
        const bool own = is_perls_own(evidence, node);
        for (const std::string_view name : evidence.noted("perl-modules", node, mentioned)) {
            const bool in_passing =
                own && (is_charset_table(name) || is_for_development(name, tree[node].path));
            if (!in_passing && known.insert(name).second) {
                keep_mentioned(evidence, folders, name, node);
            }
        }
    }
}

}  // namespace

const Rule perl{.id = "perl", .summary = "a module that kept Perl code mentions", .settle = settle};

}  // namespace slimimg::closure::rules
