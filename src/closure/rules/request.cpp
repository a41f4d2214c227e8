#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

void keep_included(Evidence& evidence, const std::string& wanted) {
    const Reason reason{request.id, std::nullopt, Confidence::required, "--include " + wanted};
    const rootfs::Resolution found = evidence.rootfs().resolve(wanted, "/", false);
    if (found.node) {
        for (const rootfs::NodeId link : found.links) {
            evidence.keep(link, reason);
        }
        evidence.keep_tree(*found.node, reason);
        return;
    }
    bool any = false;
    const std::string pattern = path::is_glob(wanted) ? path::normalize(wanted) : std::string();
    for (rootfs::NodeId node = 0; !pattern.empty() && node < evidence.rootfs().size(); ++node) {
        if (path::glob_match(pattern, evidence.rootfs()[node].path)) {
            evidence.keep_tree(node, reason);
            any = true;
        }
    }
    if (!any) {
        throw Error(Exit::usage, "include-unknown",
                    "--include " + path::printable(wanted) + " matches nothing in the image",
                    "paths are those of the image, such as /etc/app; * stops at /, ** does not");
    }
}

void keep_package(Evidence& evidence, const std::string& name) {
    const auto id = evidence.packages().find(name);
    if (!id) {
        throw Error(Exit::usage, "package-unknown",
                    "--include-package " + path::printable(name) +
                        " is not a package that the image has installed");
    }
    for (const rootfs::NodeId node : evidence.packages()[*id].files) {
        evidence.keep(
            node, {request.id, std::nullopt, Confidence::required, "--include-package " + name});
    }
}

void start(Evidence& evidence) {
    if (evidence.request().keep == Keep::strict) {
        evidence.diagnose({Severity::note, "keep-strict", "",
                           "--keep strict keeps the program and its libraries: files that it opens "
                           "and programs that it starts are left out, but for --include",
                           true});
    }
    for (const std::string& wanted : evidence.request().include) {
        keep_included(evidence, wanted);
    }
    for (const std::string& name : evidence.request().include_packages) {
        keep_package(evidence, name);
    }
}

}  // namespace

const Rule request{.id = "request", .summary = "the user asked for it", .start = start};

}  // namespace slimimg::closure::rules
