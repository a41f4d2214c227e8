#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/name_endings.hpp"
#include "closure/rules/constant_strings.hpp"
#include "closure/rules/dependencies.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/starting.hpp"
#include "closure/rules/time_zone.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

constexpr std::size_t largest_text = 4UL << 20;

constexpr std::array<bool, 256> path_chars = [] {
    std::array<bool, 256> chars{};
    for (std::size_t c = 0; c < chars.size(); ++c) {
        chars[c] =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
    }
    for (const char c : std::string_view("/._-+@~,")) {
        chars[static_cast<unsigned char>(c)] = true;
    }
    return chars;
}();

bool is_path_char(char c) {
    return path_chars[static_cast<unsigned char>(c)];
}

/// What a "/" may follow at the start of a path: not a name, which would make it a relative one.
bool may_precede(char c) {
    return !is_path_char(c) && c != '%' && c != '}' && c != ')' && c != ']';
}

/// Folders of the machine, not of the image.
bool is_machine_path(std::string_view path) {
    static constexpr std::array<std::string_view, 5> folders{"/dev", "/proc", "/sys", "/run",
                                                             "/tmp"};
    return std::any_of(folders.begin(), folders.end(),
                       [&](std::string_view folder) { return path::is_within(path, folder); });
}

/// Files that every program of a C library names, with a rule of their own.
bool has_its_own_rule(std::string_view path) {
    static constexpr std::array<std::string_view, 4> places{
        "/usr/lib/locale", "/usr/share/locale", "/etc/ld.so.cache", "/etc/ld.so.preload"};
    const std::string_view name = path::basename(path);
    const std::string_view folder = path::basename(path::parent(path));
    return name == "gconv" || name.starts_with("perl5") || name == "perl-base" ||
           folder == "perl" || folder == "perl5" ||
           path.find("/gconv/") != std::string_view::npos ||
           std::any_of(places.begin(), places.end(),
                       [&](std::string_view place) { return path::is_within(path, place); });
}

/// Folders of plugins that a library always names, and opens where somebody asks: rules of their
/// own find out who.
bool is_opened_on_request(Evidence& evidence, NodeId library, std::string_view folder) {
    static constexpr std::array<std::array<std::string_view, 2>, 3> plugins{
        {{"libcrypto.so.", "ossl-modules"},
         {"libcrypto.so.", "engines-"},
         {"libpam.so.", "security"}}};
    const elf::ElfFacts* facts = evidence.elf(library);
    return facts != nullptr && facts->soname &&
           std::any_of(plugins.begin(), plugins.end(), [&](const auto& known) {
               return facts->soname->starts_with(known[0]) &&
                      path::basename(folder).starts_with(known[1]);
           });
}

bool is_shell(std::string_view path) {
    static constexpr std::array<std::string_view, 6> shells{"sh",  "bash", "dash",
                                                            "ash", "zsh",  "busybox"};
    return std::find(shells.begin(), shells.end(), path::basename(path)) != shells.end();
}

/// A program or script, as far as name and mode tell; libraries are executable too.
bool is_program_file(const Node& node) {
    return node.is_executable() && path::basename(node.path).find(".so") == std::string_view::npos;
}

/// A folder of helper programs, of the same origin as the file that names it: some other file of
/// that origin starts them (Samba's servers of RPC, Wireshark's ways to capture).
bool has_own_helpers(const Evidence& evidence, NodeId folder, NodeId file) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::vector<NodeId> children = tree.children(folder);
    return tree[folder].is_directory() && !children.empty() &&
           std::all_of(children.begin(), children.end(), [&](NodeId child) {
               return is_program_file(tree[child]) &&
                      evidence.packages().have_same_origin(child, file);
           });
}

/// What the file that names a path may do with it.
struct Naming {
    NodeId file;
    bool starts_programs;                        ///< it can run an executable that it names
    std::vector<std::string_view> endings = {};  ///< that it may add to a path
    std::vector<std::string_view> files = {};    ///< that it looks for in a folder it names
    std::vector<std::string_view> names = {};    ///< of files, alone in a string
};

void keep_one_path(Evidence& evidence, std::string_view text, const Naming& naming) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const rootfs::Resolution found = tree.resolve(text);
    // "//" and the like begin comments and addresses; the root stays for what is in it.
    if (!found.node || *found.node == naming.file || tree[*found.node].path == "/" ||
        is_machine_path(text) || has_its_own_rule(text) ||
        is_opened_on_request(evidence, naming.file, text)) {
        return;
    }
    const Node& node = tree[*found.node];
    const elf::ElfFacts* facts = evidence.elf(*found.node);
    const bool runs = node.is_executable() && (facts == nullptr || facts->is_program());
    const bool weak = (runs && !naming.starts_programs) ||
                      (node.is_file() && is_ballast(evidence, *found.node)) ||
                      is_for_the_host(node.path) ||
                      (is_zone_path(node.path) && !reads_time_zones(evidence, naming.file));
    keep_named(evidence, found,
               {named_path.id, naming.file, weak ? Confidence::hint : Confidence::likely,
                "names " + std::string(text)},
               naming.starts_programs || has_own_helpers(evidence, *found.node, naming.file)
                   ? nullptr
                   : is_program_file);
}

/// Compilers write a short folder's name into instructions (FONTCONFIG_PATH in fontconfig's
/// FcConfigGetPath, where GCC expands strdup): what stands in /etc beside a path that is named, and
/// has its own name in a string, is meant.
void keep_neighbours(Evidence& evidence, NodeId folder, const Naming& naming) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (naming.names.empty() || tree[folder].path == "/etc" ||
        !path::is_within(tree[folder].path, "/etc")) {
        return;
    }
    for (const NodeId child : tree.children(folder)) {
        if (!evidence.afford(named_path.id, naming.file, 4)) {
            return;
        }
        const Text& name = tree[child].path;
        if (!tree[child].is_directory() &&
            std::binary_search(naming.names.begin(), naming.names.end(), path::basename(name))) {
            keep_one_path(evidence, name, naming);
        }
    }
}

/// libmagic names /usr/share/misc/magic and ".mgc".
void keep_named_path(Evidence& evidence, std::string_view text, const Naming& naming) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    // Most of what looks like a path leads nowhere: one look at its folder says so.
    const std::string_view name = text.substr(text.rfind('/') + 1);
    const auto place = evidence.place_of(text.substr(0, text.size() - name.size()));
    if (!place) {
        return;
    }
    if (name.empty() || name == "." || name == ".." || tree.child(*place, name)) {
        keep_one_path(evidence, text, naming);
        keep_neighbours(evidence, *place, naming);
    } else if ((path::is_within(tree[*place].path, "/var") ||
                path::is_within(tree[*place].path, "/run")) &&
               !evidence.is_kept(*place)) {
        // What is not there may be made, in a folder that must be.
        evidence.keep(*place, {named_path.id, naming.file, Confidence::likely,
                               "names " + std::string(text) + ", which is made in it"});
    }
    constexpr std::size_t steps = 16;  // of a look-up
    if (!naming.endings.empty() && evidence.may_complete(*place, name) &&
        evidence.afford(named_path.id, naming.file, steps * naming.endings.size())) {
        for (const std::string_view ending : naming.endings) {
            const std::string completed = std::string(name).append(ending);
            if (tree.child(*place, completed)) {
                keep_one_path(evidence, std::string(text).append(ending), naming);
            }
        }
    }
    const auto folder = naming.files.empty() ? std::nullopt : tree.resolve(text).node;
    if (folder && tree[*folder].is_directory() && is_shared_folder(evidence, *folder) &&
        evidence.afford(named_path.id, naming.file, steps * naming.files.size())) {
        for (const std::string_view file : naming.files) {
            keep_one_path(evidence, path::join(text, file), naming);
        }
    }
}

/// Behind "#!" inside a package's file stands what scripts begin with: file's and Apache's magic
/// patterns, an editor's rules.
bool is_pattern(Evidence& evidence, std::string_view text, std::size_t start, NodeId file) {
    text = text.substr(0, start);
    while (text.ends_with(' ') || text.ends_with('\\')) {
        text.remove_suffix(1);
    }
    // Compiled magic patterns (libmagic's, and PHP's copy) know old ways to start Perl too.
    const bool compiled = evidence.elf(file) != nullptr;
    return (text.ends_with("#!") && (compiled || evidence.packages().owner(file))) ||
           (compiled && (text.ends_with("eval \"exec") || text.ends_with("eval 'exec")));
}

/// Paths in text whose ends can be seen: NUL, blank, quote and the like.
void scan_text(Evidence& evidence, std::string_view text, const Naming& naming) {
    for (std::size_t at = text.find('/'); at != std::string_view::npos; at = text.find('/', at)) {
        const std::size_t start = at;
        while (at < text.size() && is_path_char(text[at])) {
            ++at;
        }
        if (start != 0 &&
            (!may_precede(text[start - 1]) || is_pattern(evidence, text, start, naming.file))) {
            continue;
        }
        std::string_view name = text.substr(start, at - start);
        // What is filled in at run time ends the known part at the last whole folder.
        const bool computed = at < text.size() && (text[at] == '%' || text[at] == '$' ||
                                                   text[at] == '*' || text[at] == '{');
        if (computed) {
            name = name.substr(0, name.rfind('/'));
        }
        while (!name.empty() && (name.back() == '.' || name.back() == ',')) {
            name.remove_suffix(1);  // the end of a sentence
        }
        if (name.size() > 1) {
            keep_named_path(evidence, name, naming);
        }
    }
}

/// The longest path of the tree that `text` starts with: for strings without an end.
std::string longest_path(const rootfs::Rootfs& tree, std::string_view text) {
    NodeId at = 0;
    std::string path;
    while (text.starts_with('/')) {
        text.remove_prefix(1);
        std::optional<NodeId> best;
        std::size_t best_length = 0;
        for (std::size_t length = 1;
             length <= text.size() && is_path_char(text[length - 1]) && text[length - 1] != '/';
             ++length) {
            if (const auto child = tree.child(at, text.substr(0, length))) {
                best = child;
                best_length = length;
            }
        }
        if (!best) {
            break;
        }
        path += '/';
        path += text.substr(0, best_length);
        text.remove_prefix(best_length);
        const auto target = tree.resolve(path).node;
        if (!target) {
            break;
        }
        at = *target;
    }
    return path;
}

void scan_unterminated(Evidence& evidence, std::string_view text, const Naming& naming) {
    for (std::size_t at = text.find('/'); at != std::string_view::npos;
         at = text.find('/', at + 1)) {
        const std::string path = longest_path(evidence.rootfs(), text.substr(at, 4096));
        if (path::components(path).size() > 1) {
            keep_named_path(evidence, path, naming);
        }
    }
}

/// The options that a program was configured with, which many can print: paths of the machine that
/// built it. Those that the program itself uses stand in strings of their own.
bool is_build_record(std::string_view text) {
    static constexpr std::array<std::string_view, 4> marks{"--with", "--enable-",
                                                           "CFLAGS=", "-ffile-prefix-map="};
    return std::any_of(marks.begin(), marks.end(), [&](std::string_view mark) {
        return text.find(mark) != std::string_view::npos;
    });
}

/// "${exec_prefix}/lib/syslog-ng/3.38", where a program fills in itself what configure would have:
/// with the prefix of a distribution.
std::string with_folders(std::string_view text) {
    static constexpr std::array<std::array<std::string_view, 2>, 9> folders{
        {{"${prefix}", "/usr"},
         {"${exec_prefix}", "/usr"},
         {"${bindir}", "/usr/bin"},
         {"${sbindir}", "/usr/sbin"},
         {"${libdir}", "/usr/lib"},
         {"${libexecdir}", "/usr/libexec"},
         {"${datadir}", "/usr/share"},
         {"${sysconfdir}", "/etc"},
         {"${localstatedir}", "/var"}}};
    for (const auto& [variable, folder] : folders) {
        if (text.starts_with(variable)) {
            return std::string(folder).append(text.substr(variable.size()));
        }
    }
    return std::string(text);
}

/// "php-fpm.conf" of "%s/php-fpm.conf", whose folder stands in a string of its own; else empty.
std::string_view file_in_folder(std::string_view text) {
    constexpr std::string_view start = "%s/";
    constexpr std::size_t longest = 64;
    const std::string_view file = text.starts_with(start) ? text.substr(start.size()) : "";
    const bool is_file = file.size() <= longest && file.find('.') != std::string_view::npos &&
                         std::all_of(file.begin(), file.end(), is_path_char);
    return is_file ? file : std::string_view();
}

bool is_file_name(std::string_view text) {
    constexpr std::size_t longest = 64;
    const std::size_t point = text.find('.');
    return text.size() <= longest && point != 0 && point != std::string_view::npos &&
           text.find('/') == std::string_view::npos &&
           std::all_of(text.begin(), text.end(), is_path_char);
}

/// What a program may add to the paths that it names.
void read_additions(Evidence& evidence, Naming& naming) {
    std::set<std::string_view> endings;
    std::set<std::string_view> files;
    std::set<std::string_view> names;
    for_each_string(evidence, naming.file, [&](std::string_view text) {
        if (is_name_ending(text)) {
            endings.insert(text);
        } else if (const std::string_view file = file_in_folder(text); !file.empty()) {
            files.insert(file);
        } else if (is_file_name(text)) {
            names.insert(text);
        }
    });
    naming.endings.assign(endings.begin(), endings.end());
    naming.files.assign(files.begin(), files.end());
    naming.names.assign(names.begin(), names.end());
}

void inspect_elf(Evidence& evidence, NodeId node) {
    if (is_c_library(evidence, node)) {
        return;
    }
    Naming naming{node, starts_programs(evidence, node)};
    read_additions(evidence, naming);
    if (has_unterminated_strings(evidence, node)) {
        for (const Bytes part : elf::constant_data(as_bytes(evidence.text(node)))) {
            scan_unterminated(evidence, as_text(part), naming);
        }
        return;
    }
    for_each_with_slash(evidence, node, [&](std::string_view text) {
        if (text.starts_with("${")) {
            scan_text(evidence, with_folders(text), naming);
        } else if (text.size() > 1 && !is_build_record(text)) {
            scan_text(evidence, text, naming);
        }
    });
}

/// Lists of users, hosts and the like name folders and shells without opening them.
bool is_list(std::string_view path) {
    static constexpr std::array<std::string_view, 8> lists{
        "/etc/passwd", "/etc/group",    "/etc/shadow",    "/etc/gshadow",
        "/etc/shells", "/etc/services", "/etc/protocols", "/etc/ld.so.conf"};
    return std::find(lists.begin(), lists.end(), path) != lists.end();
}

bool is_comment(std::string_view line) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string_view::npos) {
        return true;
    }
    line.remove_prefix(start);
    // A script's first line is a comment too: it has a rule of its own.
    return line.starts_with('#') || line.starts_with(';') || line.starts_with("//");
}

/// Text that no package owns is the application's, and /etc is configuration: both mean what they
/// name. A package's modules and a runtime's name many programs that this application never starts,
/// and beside its code a dependency has what its developers run: makefiles, scripts, manuals.
bool starts_what_it_names(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 7> code{".py", ".js",  ".mjs", ".cjs",
                                                          ".rb", ".php", ".node"};
    const std::string_view path = evidence.rootfs()[node].path;
    if (path::is_within(path, "/etc")) {
        return true;
    }
    const bool runs = std::any_of(code.begin(), code.end(),
                                  [&](std::string_view ending) { return path.ends_with(ending); });
    return !evidence.packages().owner(node) && !is_python_standard_library(path) &&
           (runs || !is_of_a_dependency(path));
}

/// What a dependency has for its developers: manuals, recipes for building and testing it.
bool is_for_developers(std::string_view path) {
    static constexpr std::array<std::string_view, 6> names{
        "package.json", "Makefile", "makefile", "Rakefile", "Gemfile", "binding.gyp"};
    static constexpr std::array<std::string_view, 4> endings{".md", ".markdown", ".rst", ".rdoc"};
    const std::string_view name = path::basename(path);
    return is_of_a_dependency(path) &&
           (std::find(names.begin(), names.end(), name) != names.end() ||
            std::any_of(endings.begin(), endings.end(),
                        [&](std::string_view ending) { return name.ends_with(ending); }));
}

void inspect_text(Evidence& evidence, NodeId node) {
    std::string_view rest = evidence.text(node);
    if (rest.size() > largest_text || rest.substr(0, 4096).find('\0') != std::string_view::npos) {
        return;
    }
    const Naming naming{node, starts_what_it_names(evidence, node)};
    while (!rest.empty()) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(line.size() + 1, rest.size()));
        if (!is_comment(line)) {
            scan_text(evidence, line, naming);
        }
    }
}

void inspect(Evidence& evidence, NodeId node) {
    const Node& file = evidence.rootfs()[node];
    if (!file.is_file() || is_list(file.path) || is_for_developers(file.path)) {
        return;
    }
    if (evidence.elf(node) != nullptr) {
        inspect_elf(evidence, node);
    } else {
        inspect_text(evidence, node);
    }
}

/// Variables whose folders are searched for names, or are a toolchain's home: what is needed of
/// them, other evidence tells.
bool is_search_variable(std::string_view name) {
    static constexpr std::array<std::string_view, 9> names{
        "PATH",   "LD_LIBRARY_PATH", "CARGO_HOME", "RUSTUP_HOME", "GOPATH",
        "GOROOT", "JAVA_HOME",       "MAVEN_HOME", "GRADLE_HOME"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

void start(Evidence& evidence) {
    for (const std::string& variable : evidence.config().env) {
        const std::size_t equals = variable.find('=');
        if (equals == std::string::npos || is_search_variable(variable.substr(0, equals))) {
            continue;
        }
        std::string_view rest = std::string_view(variable).substr(equals + 1);
        while (!rest.empty()) {
            // A path, a list of them, or options that name some (JAVA_TOOL_OPTIONS).
            const std::string_view part = rest.substr(0, rest.find_first_of(": =,;\t\"'@"));
            rest.remove_prefix(std::min(part.size() + 1, rest.size()));
            if (part.starts_with('/') && !is_machine_path(part) && !is_shell(part)) {
                keep_named(evidence, part,
                           {named_path.id, std::nullopt, Confidence::likely,
                            "ENV " + variable.substr(0, equals) + " names " + std::string(part)});
            }
        }
    }
}

}  // namespace

const Rule named_path{.id = "named-path",
                      .summary = "a kept file or the config names its path",
                      .start = start,
                      .inspect = inspect};

}  // namespace slimimg::closure::rules
