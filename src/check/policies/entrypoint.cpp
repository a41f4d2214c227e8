#include <algorithm>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/fits.hpp"

#include "check/policies/policies.hpp"

namespace slimimg::check::policies {
namespace {

using rootfs::NodeId;

/// Where execvp would look, in an engine: PATH, or its default.
std::optional<NodeId> first_named(const Inspection& look, std::string_view name, bool& is_elsewhere,
                                  std::optional<NodeId>& unusable) {
    const rootfs::Rootfs& tree = look.rootfs();
    const std::string workdir = path::normalize(look.config().workdir);
    const auto take = [&](const rootfs::Resolution& found) -> std::optional<NodeId> {
        if (!found.node) {
            return std::nullopt;
        }
        if (!tree[*found.node].is_executable()) {
            unusable = unusable ? unusable : found.node;
            return std::nullopt;
        }
        return found.node;
    };
    // What is mounted when the container runs cannot be in the image.
    if (name.find('/') != std::string_view::npos) {
        const std::string whole = path::normalize(path::join(workdir, name));
        const auto& volumes = look.config().volumes;
        is_elsewhere = std::any_of(volumes.begin(), volumes.end(), [&](const std::string& volume) {
            return path::is_within(whole, path::normalize(volume));
        });
        return take(tree.resolve(name, workdir));
    }
    std::string_view folders = look.config().env_value("PATH").value_or(
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    while (true) {
        const std::size_t colon = folders.find(':');
        const std::string_view folder = folders.substr(0, colon);
        if (const auto found = take(tree.resolve(path::join(folder, name), workdir))) {
            return found;
        }
        if (colon == std::string_view::npos) {
            return std::nullopt;
        }
        folders.remove_prefix(colon + 1);
    }
}

void check_machine(Inspection& look, NodeId program) {
    const elf::ElfFacts* facts = look.elf(program);
    const image::Platform& platform = look.config().platform;
    if (facts == nullptr || closure::fits(platform, facts->abi)) {
        return;
    }
    look.find_at(program, {.message = "the program " + look.rootfs()[program].path + " is for " +
                                      elf::machine_name(facts->abi.machine) +
                                      ", the image says it is for " + platform.str(),
                           .fix = "build the image with --platform " + platform.os + "/" +
                                  "ARCH of the program, or the program for " + platform.str(),
                           .subject = "machine"});
}

/// What the kernel refuses with ENOEXEC (fs/exec.c), and engines do not try a shell as shells do.
/// Other systems than Linux, and what binfmt_misc has been told of, have formats of their own.
void check_format(Inspection& look, NodeId program, const std::string& origin) {
    const std::string_view text = look.rootfs().content(program).text();
    const bool is_text = text.substr(0, 256).find('\0') == std::string_view::npos;
    if (look.config().platform.os != "linux" || !is_text || text.starts_with("#!")) {
        return;
    }
    look.find_at(program, {.message = origin + " starts " + look.rootfs()[program].path +
                                      (text.empty() ? ", which is empty"
                                                    : ", a script whose first line is no #! line: "
                                                      "\"exec format error\""),
                           .fix = text.empty() ? "COPY the program there"
                                               : "begin it with #!/bin/sh, or start it with sh",
                           .subject = origin});
}

void check_command(Inspection& look, const std::vector<std::string>& argv,
                   const std::string& origin) {
    if (argv.empty() || argv.front().empty()) {
        return;
    }
    const std::string& name = argv.front();
    bool is_elsewhere = false;
    std::optional<NodeId> unusable;
    if (const auto program = first_named(look, name, is_elsewhere, unusable)) {
        check_machine(look, *program);
        check_format(look, *program, origin);
        return;
    }
    if (is_elsewhere) {
        return;
    }
    if (unusable) {
        const rootfs::Node& node = look.rootfs()[*unusable];
        look.find_at(
            *unusable,
            {.message = origin + " starts " + node.path +
                        (node.is_file() ? ", which is not executable" : ", which is not a file"),
             .fix = node.is_file() ? "COPY --chmod=755 it, or chmod +x where it is made"
                                   : "name the program in " + origin,
             .subject = origin});
        return;
    }
    const bool by_path = name.find('/') != std::string::npos;
    look.find({.message = origin + " starts " + name + ", which " +
                          (by_path ? "is not in the image" : "is in no folder of PATH"),
               .fix = "COPY the program to where " + origin + " names it, or correct " + origin,
               .path = by_path && name.starts_with('/') ? path::normalize(name) : "",
               .subject = origin + ' ' + name});
}

void inspect(Inspection& look) {
    const image::Config& config = look.config();
    check_command(look, config.argv(), config.entrypoint.empty() ? "CMD" : "ENTRYPOINT");
    if (config.healthcheck.size() > 1 && config.healthcheck.front() == "CMD") {
        check_command(look, {config.healthcheck.begin() + 1, config.healthcheck.end()},
                      "HEALTHCHECK");
    }
}

}  // namespace

const Policy entrypoint{
    {.id = "entrypoint",
     .level = Level::error,
     .distroless = Level::error,
     .title = "The program is missing, not executable, no program, or for another platform",
     .reason = "The container cannot start: engines look the entrypoint up in the image, as execvp "
               "does, and the kernel runs programs of its own machine."},
    inspect};

}  // namespace slimimg::check::policies
