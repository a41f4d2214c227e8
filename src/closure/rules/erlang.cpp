#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/erlang_names.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;
using Names = std::set<std::string, std::less<>>;

/// For developers: other modules of OTP and Elixir mention them in passing.
constexpr std::array<std::string_view, 14> developers_applications{
    "common_test", "debugger", "dialyzer", "edoc",     "erl_docgen", "et",    "eunit",
    "ex_unit",     "iex",      "mix",      "observer", "reltool",    "tools", "wx"};
constexpr std::array<std::string_view, 6> elixirs_applications{"eex", "elixir", "ex_unit",
                                                               "iex", "logger", "mix"};

/// How a module is named.
enum class Naming {
    by_command,     ///< in a command or a script
    called,         ///< by a compiled module that calls it
    mentioned,      ///< by one that has its name for an atom, which may be any word
    by_own,         ///< by a module of OTP or Elixir
    by_developers,  ///< by one of those that are for developers
};
constexpr std::size_t namings = 5;

struct Application {
    std::string name;
    NodeId file = 0;  ///< its resource file, NAME.app
    NodeId ebin = 0;
    bool own = false;  ///< of OTP or Elixir

    [[nodiscard]] bool for_developers() const { return is_one_of(name, developers_applications); }
};

/// "…/erts-13.1/bin": the virtual machine and what it starts from its BINDIR.
bool is_system_folder(const Node& folder) {
    return path::basename(folder.path) == "bin" &&
           path::basename(path::parent(folder.path)).starts_with("erts-");
}

std::string_view without_ending(std::string_view path, std::string_view ending) {
    std::string_view name = path::basename(path);
    name.remove_suffix(ending.size());
    return name;
}

/// The installations, "/usr/lib/erlang", whose virtual machine is kept.
std::set<NodeId> installations(Evidence& evidence) {
    std::set<NodeId> roots;
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const auto& [program, link] : evidence.links()) {
        const Node& folder = tree[tree[program].parent];
        if (is_system_folder(folder) && path::basename(tree[program].path).starts_with("beam")) {
            roots.insert(tree[folder.parent].parent);
        }
    }
    return roots;
}

/// "kernel-8.5.3": what OTP itself installed, as it records it.
Names installed_with_otp(Evidence& evidence, NodeId root) {
    Names names;
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto releases = tree.child(root, "releases");
    for (const NodeId release : releases ? tree.children(*releases) : std::vector<NodeId>()) {
        const auto list = tree.child(release, "installed_application_versions");
        std::string_view rest = list ? evidence.text(*list) : std::string_view();
        while (!rest.empty()) {
            names.emplace(take_line(rest));
        }
    }
    return names;
}

/// All code of the image, and which of it stays.
class Code {
  public:
    explicit Code(Evidence& evidence) : evidence_(evidence), tree_(evidence.rootfs()) {
        for (const NodeId root : installations(evidence)) {
            with_otp_.merge(installed_with_otp(evidence, root));
        }
        for (NodeId id = 1; id < tree_.size(); ++id) {
            const std::string_view path = tree_[id].path;
            if (tree_[id].is_file() && path.ends_with(".app")) {
                add_application(id);
            } else if (tree_[id].is_file() && path.ends_with(".beam")) {
                modules_.emplace(without_ending(path, ".beam"), id);
            }
        }
    }

    /// Keeps what the code kept so far names, and what that names.
    void keep_named() {
        std::vector<NodeId> kept;
        for (const auto& [node, reasons] : evidence_.kept()) {
            if (tree_[node].is_file() && evidence_.elf(node) == nullptr) {
                kept.push_back(node);
            }
        }
        for (const NodeId node : kept) {
            look_at(node);
        }
        while (!work_.empty()) {
            const NodeId node = work_.back();
            work_.pop_back();
            look_at(node);
        }
    }

    void keep_application(std::string_view name, const Reason& reason) {
        if (!started_.emplace(name).second) {
            return;
        }
        const auto [first, last] = applications_.equal_range(name);
        for (auto at = first; at != last; ++at) {
            keep_whole(at->second, reason);
        }
    }

    /// What a command or a script names is started by it: all of the application.
    void keep_words(const Names& words, const std::optional<NodeId>& from) {
        for (const std::string& word : words) {
            const Reason reason{erlang.id, from, Confidence::likely, "names " + word};
            keep_application(word, reason);
            keep_modules(word, reason, Naming::by_command);
        }
    }

  private:
    void add_application(NodeId file) {
        const NodeId ebin = tree_[file].parent;
        const std::string_view name = without_ending(tree_[file].path, ".app");
        const std::string_view home = path::basename(tree_[tree_[ebin].parent].path);
        const Application application{
            std::string(name), file, ebin,
            with_otp_.contains(home) || is_one_of(name, elixirs_applications)};
        applications_.emplace(name, application);
        by_folder_.emplace(ebin, application);
    }

    [[nodiscard]] const Application* application_of(NodeId module) const {
        const auto at = by_folder_.find(tree_[module].parent);
        return at == by_folder_.end() ? nullptr : &at->second;
    }

    void keep(NodeId node, const Reason& reason) {
        if (!evidence_.is_kept(node) && evidence_.keep(node, reason)) {
            work_.push_back(node);
        }
    }

    /// Beside ebin is what code:priv_dir gives: libraries, programs and data.
    void keep_private_folder(NodeId ebin, const Reason& reason) {
        const auto folder = tree_.child(tree_[ebin].parent, "priv");
        if (folder && private_.insert(*folder).second) {
            keep_folder(evidence_, *folder, reason);
        }
    }

    /// Everything that it has loaded: modules have computed names too.
    void keep_whole(const Application& application, const Reason& reason) {
        if (!whole_.insert(application.ebin).second) {
            return;
        }
        for (const std::string_view name : {"ebin", "consolidated"}) {
            const auto folder = name == "ebin" ? std::optional(application.ebin)
                                               : tree_.child(tree_[application.ebin].parent, name);
            for (const NodeId file : folder ? tree_.children(*folder) : std::vector<NodeId>()) {
                keep(file, reason);
            }
        }
        keep_private_folder(application.ebin, reason);
        // No recursion: a chain of applications is as long as the image makes it.
        work_.push_back(application.file);
    }

    /// Keeps the modules of this name: alone where OTP brings them, for that has no computed names
    /// across its applications, else with all of their application. What is for developers is
    /// mentioned in passing.
    void keep_modules(std::string_view name, const Reason& reason, Naming naming) {
        if (!named_[static_cast<std::size_t>(naming)].emplace(name).second) {
            return;
        }
        const auto [first, last] = modules_.equal_range(name);
        for (auto at = first; at != last; ++at) {
            const Application* application = application_of(at->second);
            if (application != nullptr && application->for_developers() &&
                (naming == Naming::mentioned || naming == Naming::by_own)) {
                continue;
            }
            if (application != nullptr && (naming == Naming::by_command || !application->own)) {
                keep_whole(*application, reason);
            } else {
                keep(at->second, reason);
                keep_private_folder(tree_[at->second].parent, reason);
            }
        }
    }

    /// A module of an application of OTP or Elixir: what it calls, and of its own application what
    /// it names in any way, as supervisors do. What other applications are named for is optional.
    void look_at_own_module(NodeId node, const Application& application) {
        const Naming naming = application.for_developers() ? Naming::by_developers : Naming::by_own;
        for (const std::string& name : evidence_.noted("erlang-calls", node, called_modules)) {
            keep_modules(name, {erlang.id, node, Confidence::likely, "calls " + name}, naming);
        }
        for (const std::string& name : evidence_.noted("erlang-names", node, erlang_names)) {
            const auto module = tree_.child(application.ebin, name + ".beam");
            if (module) {
                keep(*module, {erlang.id, node, Confidence::likely, "names " + name});
            }
        }
    }

    void look_at(NodeId node) {
        if (!seen_.insert(node).second) {
            return;
        }
        const std::string_view path = tree_[node].path;
        if (path.ends_with(".app")) {
            if (const Application* application = application_of(node)) {
                keep_whole(*application, {erlang.id, node, Confidence::likely, "described by it"});
            }
            for (const std::string& name : evidence_.noted("erlang-starts", node, started_before)) {
                keep_application(name,
                                 {erlang.id, node, Confidence::likely, "starts after " + name});
            }
            return;
        }
        const bool module = path.ends_with(".beam");
        const Application* application = module ? application_of(node) : nullptr;
        if (application != nullptr && application->own) {
            look_at_own_module(node, *application);
        } else if (module) {
            look_at_module(node);
        } else {
            keep_words(evidence_.noted("erlang-names", node, erlang_names), node);
            keep_programs(node);
        }
    }

    void look_at_module(NodeId node) {
        const Names& called = evidence_.noted("erlang-calls", node, called_modules);
        for (const std::string& name : evidence_.noted("erlang-names", node, erlang_names)) {
            const Reason reason{erlang.id, node, Confidence::likely, "names " + name};
            if (!is_one_of(name, developers_applications)) {
                keep_application(name, reason);
            }
            keep_modules(name, reason, called.contains(name) ? Naming::called : Naming::mentioned);
        }
    }

    void keep_programs(NodeId script) {
        for (const std::string& name :
             evidence_.noted("erlang-programs", script, erlang_programs)) {
            evidence_.keep_program(name, {erlang.id, script, Confidence::likely, "starts " + name});
        }
    }

    Evidence& evidence_;
    const rootfs::Rootfs& tree_;
    Names with_otp_;
    std::multimap<std::string, Application, std::less<>> applications_;
    std::multimap<std::string, NodeId, std::less<>> modules_;
    std::map<NodeId, Application> by_folder_;  ///< by ebin
    std::vector<NodeId> work_;
    std::array<Names, namings> named_;  ///< what was looked up
    Names started_;
    std::set<NodeId> seen_;
    std::set<NodeId> whole_;
    std::set<NodeId> private_;
};

/// erlexec starts the virtual machine and the port mapper, that in turn its helpers, all by the
/// folder that BINDIR names (erts/etc/common/erlexec.c; sys_drivers.c; inet_gethost_native.erl).
void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const NodeId folder = tree[node].parent;
    if (!tree[node].is_executable() || !is_system_folder(tree[folder]) ||
        path::basename(tree[node].path) != "erlexec") {
        return;
    }
    for (const std::string_view name :
         {"beam", "beam.smp", "epmd", "erl_child_setup", "heart", "inet_gethost"}) {
        evidence.keep_path(tree[folder].path + "/" + std::string(name),
                           {erlang.id, node, Confidence::likely, "starts " + std::string(name)});
    }
}

/// What `init` reads first: a boot script of the installation, or of a release.
void keep_boot_scripts(Evidence& evidence, NodeId root) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    for (const std::string_view name : {"bin", "releases"}) {
        const auto folder = tree.child(root, name);
        for (NodeId id = folder.value_or(0); folder && id < tree[*folder].subtree_end; ++id) {
            const std::string_view path = tree[id].path;
            if (path.ends_with(".boot") || path.ends_with(".config") || path.ends_with(".args") ||
                path.ends_with("start_erl.data")) {
                evidence.keep_path(path, {erlang.id, std::nullopt, Confidence::likely,
                                          "read at the start of Erlang in " + tree[root].path});
            }
        }
    }
}

/// The options in the image's config: "-s NAME", "-eval", ERL_FLAGS, ELIXIR_ERL_OPTIONS.
Names words_of_config(const image::Config& config) {
    Names words;
    std::vector<std::string> texts = config.argv();
    texts.insert(texts.end(), config.healthcheck.begin(), config.healthcheck.end());
    for (const std::string& variable : config.env) {
        if (variable.starts_with("ERL") || variable.starts_with("ELIXIR")) {
            texts.push_back(variable);
        }
    }
    for (const std::string& text : texts) {
        words.merge(erlang_words(text));
    }
    return words;
}

/// Works on all code at once, since the virtual machine may be kept after the code.
void settle(Evidence& evidence) {
    const std::set<NodeId> roots = installations(evidence);
    if (roots.empty()) {
        return;
    }
    for (const NodeId root : roots) {
        keep_boot_scripts(evidence, root);
    }
    Code code(evidence);
    for (const std::string_view name : {"kernel", "stdlib"}) {
        code.keep_application(name, {erlang.id, std::nullopt, Confidence::likely,
                                     "every boot script starts " + std::string(name)});
    }
    code.keep_words(words_of_config(evidence.config()), std::nullopt);
    code.keep_named();
}

}  // namespace

const Rule erlang{.id = "erlang",
                  .summary = "a module or application that Erlang or Elixir code names",
                  .inspect = inspect,
                  .settle = settle};

}  // namespace slimimg::closure::rules
