#pragma once

#include <string_view>

#include "slimimg/closure/closure.hpp"

/// Packages that a language's package manager installed: others wrote them.
namespace slimimg::closure {

bool is_of_a_dependency(std::string_view path);

/// The folder of the package that a path lies in ("/app/node_modules/@a/b"); empty where it lies
/// in none.
std::string_view dependency_folder(std::string_view path);

/// True where something runs a file, as opposed to that the folder it is in stays: the config, a
/// script or a program that starts others.
bool is_run(const Evidence& evidence, rootfs::NodeId node);

/// True where code of its own package names a script in quotes.
bool is_named_by_its_package(Evidence& evidence, rootfs::NodeId node);

/// True for what a package manager leaves that no program of this image loads: native addons for
/// other systems, and what they are built from, where binding.gyp says that they are built.
bool is_build_rest(Evidence& evidence, rootfs::NodeId node);

/// Node.js's own package managers, as its image has them: npm, yarn, corepack, pnpm.
bool is_node_installer(std::string_view path);

/// Compilers, version control, package managers, what serves somebody at a terminal (completion for
/// his shell): libraries call them where their own developers work, and do without elsewhere.
bool is_developers_tool(std::string_view name);

/// What PHP's image builds and installs extensions with: docker-php-ext-install and its kin, pecl,
/// phpize.
bool is_php_installer(std::string_view path);

}  // namespace slimimg::closure
