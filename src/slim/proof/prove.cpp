#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "slimimg/slim/slim.hpp"

#include "slim/proof/linkage.hpp"
#include "slim/proof/scripts_and_links.hpp"

namespace slimimg::slim {
namespace {

using closure::Unresolved;
using proof::Gap;

std::vector<std::string> files_of(const rootfs::Rootfs& tree) {
    std::vector<std::string> files;
    for (const rootfs::Node& node : tree.nodes()) {
        if (node.is_file()) {
            files.push_back(node.path);
        }
    }
    return files;
}

/// True where nothing but required edges leads to the file.
bool is_required(const closure::Closure& closure, rootfs::NodeId node) {
    const auto chain = closure.why(node);
    return !chain.empty() && std::all_of(chain.begin(), chain.end(), [](const auto& step) {
        return step.reason.confidence == closure::Confidence::required;
    });
}

Unresolved unresolved_of(const Gap& gap, const rootfs::Rootfs& source) {
    return {.name = gap.name,
            .needed_by = source.find(gap.object),
            .kind = gap.kind,
            .detail = gap.detail};
}

std::string listed(const std::set<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string text;
    std::size_t told = 0;
    for (const std::string& name : names) {
        if (told++ == most) {
            return text + " and " + std::to_string(names.size() - most) + " more";
        }
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

/// Sorts what the written tree lacks by whether the source lacks it too. A lost answer is a
/// failure. What never had one is the image's own affair, and told: a plugin may miss its library
/// for good, and a symbol may never be looked up. Only a version that a required file wants keeps
/// its program from starting for certain; missing libraries are in the closure already.
class Judge {
  public:
    Judge(const rootfs::Rootfs& source, const closure::Closure& closure, Proof& proof)
        : source_(source), closure_(closure), proof_(proof) {}

    void judge(const std::vector<Gap>& here, const std::vector<Gap>& there) {
        std::set<std::tuple<std::string, std::string, std::string, std::string>> known;
        for (const Gap& gap : there) {
            known.insert(gap.key());
        }
        for (const Gap& gap : here) {
            if (!known.contains(gap.key())) {
                fail(gap, gap.detail.empty()
                              ? "found in the source image and not in the written one"
                              : gap.detail);
            } else if (gap.kind == "version" && requires_object(gap)) {
                fail(gap, gap.detail + "; the source image lacks it too");
            } else if (gap.kind == "version" || gap.kind == "symbol") {
                lacking_[{gap.object, gap.kind}].insert(gap.name);
            }
        }
        tell();
    }

  private:
    bool requires_object(const Gap& gap) {
        const auto node = source_.find(gap.object);
        return node && is_required(closure_, *node);
    }

    void fail(const Gap& gap, const std::string& detail) {
        Unresolved failure = unresolved_of(gap, source_);
        failure.detail = detail;
        const bool told =
            std::any_of(proof_.failures.begin(), proof_.failures.end(), [&](const Unresolved& f) {
                return f.name == failure.name && f.needed_by == failure.needed_by &&
                       f.kind == failure.kind;
            });
        if (!told) {
            proof_.failures.push_back(std::move(failure));
        }
    }

    void tell() {
        for (const auto& [what, names] : lacking_) {
            const auto& [object, kind] = what;
            const bool symbols = kind == "symbol";
            proof_.diagnostics.push_back(
                {symbols ? Severity::note : Severity::warning,
                 symbols ? "symbol-undefined" : "version-undefined", object,
                 "no file that is kept defines " + listed(names) +
                     (symbols ? ", and none that is loaded with it in the source image"
                              : ", as in the source image")});
        }
    }

    const rootfs::Rootfs& source_;
    const closure::Closure& closure_;
    Proof& proof_;
    std::map<std::pair<std::string, std::string>, std::set<std::string>> lacking_;
};

/// What the image that the written one stands on lacks by itself is its own affair.
void leave_out_gaps_of(const rootfs::Rootfs& base, const closure::LoaderEnvironment& environment,
                       const RunOptions& run, std::vector<Gap>& gaps) {
    closure::ElfStore elves(base, run.limits);
    const std::vector<Gap> own = proof::check_linkage(elves, files_of(base), environment, run).gaps;
    std::erase_if(gaps, [&](const Gap& gap) {
        return std::any_of(own.begin(), own.end(),
                           [&](const Gap& other) { return other.key() == gap.key(); });
    });
}

}  // namespace

Proof prove(const rootfs::Rootfs& written, const rootfs::Rootfs& source,
            const closure::Closure& closure, const image::Config& config, const RunOptions& run,
            const rootfs::Rootfs* base) {
    const closure::PackageDb no_packages;
    const closure::Request no_request;
    closure::Evidence here(written, config, no_packages, no_request, run);
    closure::Evidence there(source, config, no_packages, no_request, run);
    const std::vector<std::string> files = files_of(written);

    proof::Linkage linkage =
        proof::check_linkage(here.elves(), files, here.loader_environment(), run);
    Proof proof{.programs = linkage.programs,
                .libraries = linkage.libraries,
                .symbols = linkage.symbols,
                .failures = {},
                .diagnostics = std::move(linkage.diagnostics)};
    if (!linkage.gaps.empty()) {
        if (base != nullptr) {
            leave_out_gaps_of(*base, here.loader_environment(), run, linkage.gaps);
        }
        const proof::Linkage before =
            proof::check_linkage(there.elves(), files, there.loader_environment(), run);
        Judge(source, closure, proof).judge(linkage.gaps, before.gaps);
    }
    const proof::Trees trees{here, there, closure, base != nullptr};
    check_symlinks(trees, proof.failures);
    check_commands(trees, proof.failures, proof.diagnostics);
    check_scripts(trees, proof.failures);
    return proof;
}

}  // namespace slimimg::slim
