#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/closure/closure.hpp"
#include "slimimg/closure/shell.hpp"

namespace slimimg::closure {

/// Where a piece of shell text stands, and how it is run.
struct ShellOrigin {
    std::optional<rootfs::NodeId> file;  ///< nothing: the config
    std::string name;                    ///< in reasons
    std::string workdir = "/";
    std::vector<std::string> programs;  ///< folders that are searched before PATH
    int depth = 0;                      ///< texts that it is behind: scripts run scripts by name
    /// The scripts and targets by name that led here or were read on the way: they may run each
    /// other.
    std::shared_ptr<std::set<std::string, std::less<>>> named = nullptr;
};

/// The shell that the first line names, also behind env, or s6-overlay's with-contenv.
std::optional<ShellDialect> dialect_of_script(std::string_view text);

/// What the image starts, or the user names in its place.
std::vector<std::vector<std::string>> command_lines(const Evidence& evidence);

/// What Evidence::afford is asked for shell text that is read again and again by name.
constexpr std::uint64_t steps_per_byte = 10;

/// Keeps what a piece of shell text runs, reads and names. `arguments` are "$1" and on; nothing
/// where they are not known.
void keep_shell_text(Evidence& evidence, std::string_view text, ShellDialect dialect,
                     const ShellOrigin& origin, std::optional<std::vector<std::string>> arguments);

/// Where a package manager of Node.js is told to run scripts of a package.json or programs of
/// its dependencies ("npm run start", "yarn start", "npx serve"), keeps what these need.
void keep_package_scripts(Evidence& evidence, const std::vector<std::string>& argv,
                          const ShellOrigin& origin);

/// What PM2's list of processes has such a manager run: {script: 'npm', args: 'run worker'}.
void keep_processes(Evidence& evidence, rootfs::NodeId node);

/// Where make is run: what the recipes of its targets, and of those that these depend on, need.
void keep_make_targets(Evidence& evidence, const std::vector<std::string>& argv,
                       const ShellOrigin& origin);

}  // namespace slimimg::closure
