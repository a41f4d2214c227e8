#include <string>

#include "slimimg/base/path.hpp"

#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

/// psql, pg_dump and the like of postgresql-client-common are links to pg_wrapper, which looks for
/// the program of the name that it was called by below this folder (PgCommon.pm, $binroot).
constexpr std::string_view versions_folder = "/usr/lib/postgresql";

void inspect(Evidence& evidence, rootfs::NodeId node) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    if (!tree[node].is_symlink()) {
        return;
    }
    const auto target = tree.resolve(tree[node].path).node;
    const auto versions = tree.find(versions_folder);
    if (!target || !versions || path::basename(tree[*target].path) != "pg_wrapper") {
        return;
    }
    const std::string name(path::basename(tree[node].path));
    for (const rootfs::NodeId version : tree.children(*versions)) {
        evidence.keep_path(path::join(tree[version].path, "bin/" + name),
                           {postgresql_client.id, node, Confidence::likely,
                            "pg_wrapper starts the program that it is called as"});
    }
}

}  // namespace

const Rule postgresql_client{.id = "postgresql-client",
                             .summary = "a program that Debian's pg_wrapper starts",
                             .inspect = inspect};

}  // namespace slimimg::closure::rules
