#include "slimimg/base/path.hpp"

#include "check/policies/elf_files.hpp"
#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

constexpr unsigned others_write = 00002;

/// What is wrong with a folder of a search path; empty where nothing is.
std::string problem_of(const rootfs::Rootfs& tree, std::string_view file, std::string_view folder) {
    if (folder.empty()) {
        return "the folder that the process is in (an empty part)";
    }
    const bool at_origin = folder.starts_with("$ORIGIN") || folder.starts_with("${ORIGIN}");
    if (folder.front() != '/' && folder.front() != '$') {
        return std::string(folder) + ", which is relative to the folder that the process is in";
    }
    if (folder.front() == '$' && !at_origin) {
        return {};
    }
    std::string whole(folder);
    if (at_origin) {
        const std::size_t after = folder.find('/');
        whole = std::string(path::parent(file)) +
                (after == std::string_view::npos ? "" : std::string(folder.substr(after)));
    }
    const std::string plain = path::normalize(whole);
    const rootfs::Resolution found = tree.resolve(plain);
    const bool writable = found.node && tree[*found.node].is_directory() &&
                          (tree[*found.node].header.mode & others_write) != 0;
    const bool temporary = path::is_within(plain, "/tmp") || path::is_within(plain, "/var/tmp") ||
                           path::is_within(plain, "/dev/shm");
    return writable || temporary ? std::string(folder) + ", which every user may write to" : "";
}

void inspect(Inspection& look) {
    for_each_kept_elf(look, [&](rootfs::NodeId node, const elf::ElfFacts& facts) {
        // As loaders do: RPATH counts where there is no RUNPATH.
        const std::optional<std::string>& path = facts.runpath ? facts.runpath : facts.rpath;
        if (!path || path->empty()) {
            return;
        }
        const rootfs::Node& file = look.rootfs()[node];
        for (std::size_t start = 0; start <= path->size();) {
            const std::size_t end = std::min(path->find(':', start), path->size());
            const std::string folder = path->substr(start, end - start);
            const std::string problem = problem_of(look.rootfs(), file.path, folder);
            if (!problem.empty()) {
                look.find_at(node, {.message = file.path + " looks for libraries in " + problem,
                                    .fix = "link it with -Wl,-rpath,'$ORIGIN/../lib', or patchelf "
                                           "--set-rpath",
                                    .subject = folder});
            }
            start = end + 1;
        }
    });
}

}  // namespace

const Policy elf_search_path{
    {.id = "elf-search-path",
     .level = Level::warning,
     .distroless = Level::warning,
     .title = "A search path for libraries that others can write to",
     .reason = "Whoever can put a file there has it loaded into the process. Relative and empty "
               "parts mean wherever the process happens to be."},
    inspect};

}  // namespace slimimg::check::policies
