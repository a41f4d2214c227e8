#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/closure/loader.hpp"
#include "slimimg/closure/packages.hpp"
#include "slimimg/image/image.hpp"
#include "slimimg/rootfs/rootfs.hpp"

/// The evidence graph: which files of the image the program needs, each with its reasons.
namespace slimimg::closure {

enum class Confidence {
    hint,      ///< worth telling the user; never kept for it
    package,   ///< belongs to a package that is needed; kept with --keep packages
    likely,    ///< named or owned by what is kept
    required,  ///< the program fails without it
};
std::string_view confidence_name(Confidence confidence);

/// An edge of the graph: why a file is kept.
struct Reason {
    std::string_view rule;               ///< the id of the rule, static storage
    std::optional<rootfs::NodeId> from;  ///< the file that names it; nothing: the image's config or
                                         ///< the user's request
    Confidence confidence = Confidence::required;
    Text detail;  ///< "NEEDED libssl.so.3, found in ld.so.cache"
};

/// How far the closure goes: edges below the level are noted as hints only.
enum class Keep { strict, automatic, packages };
/// Of "strict", "auto" or "packages".
std::optional<Keep> parse_keep(std::string_view name);

/// A file or folder of the image that its new base is to have.
struct BasePath {
    std::string path;
    std::string why;
};

/// What the user asked for.
struct Request {
    std::vector<std::vector<std::string>> entrypoints;  ///< empty: the image's own
    std::vector<std::string> include;                   ///< paths or globs
    std::vector<std::string> include_packages;
    std::vector<std::string> exclude;  ///< globs; they win over all but required
    Keep keep = Keep::automatic;
    std::vector<std::string> allow_missing;  ///< names or globs
    std::vector<BasePath> base;
};

/// Something that the program needs and the image lacks.
struct Unresolved {
    std::string name;
    std::optional<rootfs::NodeId> needed_by;
    std::string kind;      ///< "library", "interpreter", "version", "symbol", "command", …
    std::string detail;    ///< where it was looked for
    bool required = true;  ///< false: the needing file is itself kept as likely only
    bool allowed = false;  ///< by Request::allow_missing

    [[nodiscard]] bool fatal() const { return required && !allowed; }
};

/// The result.
struct Closure {
    /// Every kept node with its reasons, the strongest first. Folders on the way to a kept file
    /// are here too, with the rule "parent".
    std::map<rootfs::NodeId, std::vector<Reason>> kept;
    /// Files that evidence of too low a confidence names: why they might be missed.
    std::map<rootfs::NodeId, std::vector<Reason>> hinted;
    std::vector<Unresolved> unresolved;
    std::vector<Diagnostic> diagnostics;
    std::vector<Link> links;  ///< one a kept program, in node order

    /// The chain of reasons from a root to a kept file, the strongest and shortest; empty where
    /// the file is not kept.
    struct Step {
        rootfs::NodeId node = 0;
        Reason reason;
    };
    [[nodiscard]] std::vector<Step> why(rootfs::NodeId node) const;
};

class Evidence;
struct ElfTexts;         // closure/elf_reading.hpp, for the rules
enum class LayerOrigin;  // closure/rules/layers.hpp, for them too

/// A kind of knowledge. A new one is a file in src/closure/rules and a line in rules.cpp. Each
/// function may be null.
struct Rule {
    std::string_view id;       ///< kebab-case, shown in reports
    std::string_view summary;  ///< one line for the docs and for `why`
    /// Once, first: what the config and the request alone say.
    void (*start)(Evidence&) = nullptr;
    /// For each node that is kept, once.
    void (*inspect)(Evidence&, rootfs::NodeId) = nullptr;
    /// When the work list is empty; what it keeps is worked through and then it is called again,
    /// until no rule adds anything.
    void (*settle)(Evidence&) = nullptr;
};

/// All rules, in the order in which they run.
const std::vector<const Rule*>& all_rules();

/// The work in progress that rules look at and add to. They hold no state of their own: what a
/// rule must remember is derived from here.
class Evidence {
  public:
    Evidence(const rootfs::Rootfs& rootfs, const image::Config& config, const PackageDb& packages,
             const Request& request, const RunOptions& options);
    ~Evidence();
    Evidence(const Evidence&) = delete;
    Evidence& operator=(const Evidence&) = delete;

    // What there is.
    [[nodiscard]] const rootfs::Rootfs& rootfs() const;
    [[nodiscard]] const image::Config& config() const;
    [[nodiscard]] const PackageDb& packages() const;
    [[nodiscard]] const Request& request() const;
    /// The facts of an ELF file; null for anything else.
    const elf::ElfFacts* elf(rootfs::NodeId node);
    ElfStore& elves();
    /// True where an ELF file has an undefined dynamic symbol of this name.
    bool imports(rootfs::NodeId node, std::string_view symbol);
    /// All of them, sorted.
    const std::vector<std::string_view>& imports(rootfs::NodeId node);
    /// A file's bytes as text; empty for what is no file.
    std::string_view text(rootfs::NodeId node);
    /// What stands in an ELF file's constant data, read once for the rules that look at it in turn.
    std::shared_ptr<const ElfTexts> texts(rootfs::NodeId node);
    /// What `read` finds in a file, read once: `topic` tells one kind of reading from another.
    const std::set<std::string, std::less<>>& noted(
        std::string_view topic, rootfs::NodeId node,
        std::set<std::string, std::less<>> (*read)(Evidence&, rootfs::NodeId));
    /// Who made each layer.
    [[nodiscard]] const std::vector<LayerOrigin>& layer_origins() const;
    /// What `ask` says of a node, asked once: it must depend on the tree and the packages alone.
    bool remembered(bool (*ask)(const Evidence&, rootfs::NodeId), rootfs::NodeId node) const;
    /// Where a path leads. The first 65,536 are looked up once, further ones each time.
    std::optional<rootfs::NodeId> place_of(std::string_view path) const;
    /// False where no name in `folder` is `name` and an ending such as ".conf"; true where one may
    /// be.
    bool may_complete(rootfs::NodeId folder, std::string_view name) const;
    /// The variables that the program starts with, as its loader sees them.
    [[nodiscard]] const LoaderEnvironment& loader_environment() const;
    /// The processes that run in the image, by program; links of programs kept so far.
    std::map<rootfs::NodeId, Link>& links();

    // What is kept so far.
    [[nodiscard]] bool is_kept(rootfs::NodeId node) const;
    [[nodiscard]] const std::map<rootfs::NodeId, std::vector<Reason>>& kept() const;
    /// What evidence too weak to keep it names.
    [[nodiscard]] const std::map<rootfs::NodeId, std::vector<Reason>>& hinted() const;
    /// The strongest confidence with which a node is kept; hint where it isn't.
    [[nodiscard]] Confidence confidence(rootfs::NodeId node) const;

    // Adding. All return whether the edge is strong enough for the request's level to keep the
    // node (kept now or before); a weaker edge is noted as a hint.
    /// Keeps one node, the folders above it, and where it is a symlink what it leads to.
    bool keep(rootfs::NodeId node, Reason reason);
    /// Keeps what `path` resolves to and every link passed. False too where there is nothing.
    bool keep_path(std::string_view path, Reason reason, std::string_view from = "/");
    /// Keeps what was found, and every link passed. False too where there is nothing.
    bool keep_found(const rootfs::Resolution& found, Reason reason);
    /// Keeps a folder and all below it that `wanted` (may be null: all) says yes to.
    bool keep_tree(rootfs::NodeId folder, const Reason& reason,
                   bool (*wanted)(const rootfs::Node&) = nullptr);
    /// The folders of PATH that the image has, in its order.
    [[nodiscard]] std::vector<rootfs::NodeId> search_path() const;
    /// Looks a command up as execvp does, in the image's PATH; a name with "/" as it is, from the
    /// workdir. Only an executable file answers.
    [[nodiscard]] rootfs::Resolution find_program(std::string_view name) const;
    /// Keeps a program by command name; false where there is none.
    bool keep_program(std::string_view name, Reason reason);
    void unresolved(Unresolved what);
    void diagnose(Diagnostic diagnostic);

    /// Asked before each search whose work is the product of two things that an image can have any
    /// number of: false once `rule` has had its share of steps, each of some ten nanoseconds. That
    /// is told once, with `asker`.
    bool afford(std::string_view rule, std::optional<rootfs::NodeId> asker, std::uint64_t steps);
    /// The steps of path::glob_match.
    static std::uint64_t match_steps(std::string_view pattern, std::string_view path) {
        return 1 + pattern.size() * path.size() / 64;
    }

    /// Runs the rules to the end and hands the result over.
    Closure run(const std::vector<const Rule*>& rules);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// The closure of an image by all rules.
Closure compute_closure(const rootfs::Rootfs& rootfs, const image::Config& config,
                        const PackageDb& packages, const Request& request,
                        const RunOptions& options);

}  // namespace slimimg::closure
