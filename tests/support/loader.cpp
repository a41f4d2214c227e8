#include "support/loader.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <doctest/doctest.h>

#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"

#include "support/tree.hpp"

namespace test {
namespace {

namespace fs = std::filesystem;
using slimimg::closure::Link;
using slimimg::closure::LoaderEnvironment;

void tidy(std::vector<std::string>& names) {
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
}

/// Reads "\tname => path (0x…)", "\tname (0x…)" and "\tname => not found".
Listing read_listing(const Output& output) {
    Listing listing;
    std::istringstream lines(output.text);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t address = line.rfind(" (0x");
        const std::size_t arrow = line.find(" => ");
        if (!line.starts_with('\t') || line == "\tstatically linked") {
            listing.error += line + "\n";
        } else if (line.ends_with(" => not found")) {
            listing.missing.push_back(line.substr(1, arrow - 1));
        } else if (address != std::string::npos) {
            const std::size_t start = arrow == std::string::npos ? 1 : arrow + 4;
            const std::string path = line.substr(start, address - start);
            if (path.find("linux-vdso") == std::string::npos) {
                listing.paths.push_back(path);
            }
        }
    }
    tidy(listing.missing);
    return listing;
}

std::vector<std::string> variables(const LoaderEnvironment& environment) {
    std::vector<std::string> result;
    if (!environment.library_path.empty()) {
        result.push_back("LD_LIBRARY_PATH=" + environment.library_path);
    }
    if (!environment.preload.empty()) {
        result.push_back("LD_PRELOAD=" + environment.preload);
    }
    return result;
}

std::string lines_of(const std::vector<std::string>& texts) {
    std::string result;
    for (const std::string& text : texts) {
        result += text + "\n";
    }
    return result;
}

void check_same(const Listing& listing, const Listing& expected) {
    INFO(listing.error);
    CHECK(lines_of(listing.paths) == lines_of(expected.paths));
    CHECK(lines_of(listing.missing) == lines_of(expected.missing));
}

void check(const World& world, const std::string& program, const Listing& expected,
           const LoaderEnvironment& environment, const auto& real_loader) {
    const Linked linked(world, program, environment);
    {
        INFO("the model");
        check_same(listing_of(linked.link), expected);
    }

    const TemporaryFolder folder;
    world.extract(folder.path());
    INFO("the real loader");
    check_same(real_loader(folder.path()), expected);
}

}  // namespace

Listing list_with_glibc(const fs::path& root, const std::string& loader, const std::string& file,
                        const LoaderEnvironment& environment) {
    std::vector<std::string> env = variables(environment);
    env.emplace_back("LD_TRACE_LOADED_OBJECTS=1");
    // The answer for a CPU without any extension, whatever this one has.
    return read_listing(run({.argv = {loader, "--glibc-hwcaps-mask", "", file},
                             .env = env,
                             .root = root,
                             .workdir = environment.workdir}));
}

Listing list_with_musl(const fs::path& root, const std::string& loader, const std::string& file,
                       const LoaderEnvironment& environment) {
    const Output output = run({.argv = {loader, "--list", file},
                               .env = variables(environment),
                               .root = root,
                               .workdir = environment.workdir});
    Listing listing = read_listing(output);
    std::istringstream lines(listing.error);
    for (std::string line; std::getline(lines, line);) {
        constexpr std::string_view start = "Error loading shared library ";
        if (line.starts_with(start)) {
            listing.missing.push_back(line.substr(start.size(), line.find(": ") - start.size()));
        }
    }
    tidy(listing.missing);
    // The first line is the loader itself, and a reserved name repeats it where it is needed.
    if (!listing.paths.empty()) {
        listing.paths.erase(listing.paths.begin());
    }
    std::vector<std::string> once;
    for (const std::string& path : listing.paths) {
        if (std::find(once.begin(), once.end(), path) == once.end()) {
            once.push_back(path);
        }
    }
    listing.paths = once;
    return listing;
}

Listing listing_of(const Link& link) {
    Listing listing;
    for (std::size_t i = 1; i < link.objects.size(); ++i) {
        if (i != link.interpreter || link.objects[i].loaded_by) {
            listing.paths.push_back(link.objects[i].path);
        }
    }
    for (const auto& missing : link.missing) {
        listing.missing.push_back(missing.name);
    }
    tidy(listing.missing);
    return listing;
}

World& World::add(const std::string& path, const Loadable& what, unsigned mode) {
    members_.push_back(file(path.substr(1), loadable(what), mode));
    return *this;
}

World& World::add_program(const std::string& path, Loadable what, unsigned mode) {
    members_.push_back(file(path.substr(1), loadable_program(std::move(what)), mode));
    return *this;
}

World& World::add_text(const std::string& path, const std::string& content, unsigned mode) {
    members_.push_back(file(path.substr(1), content, mode));
    return *this;
}

World& World::add_link(const std::string& path, const std::string& target) {
    members_.push_back(symlink(path.substr(1), target));
    return *this;
}

World& World::add_host(const std::string& path) {
    return add_text(path, std::string(slimimg::map_file(path).text()), 0755);
}

World& World::add_glibc() {
    return add_host(glibc_x86_64);
}

World& World::add_musl(const std::string& path) {
    return add_text(path, std::string(slimimg::map_file(musl_x86_64).text()), 0755);
}

slimimg::rootfs::Rootfs World::tree() const {
    std::string layer;
    for (const Member& member : members_) {
        layer += tar_member(member);
    }
    return tree_of({layer + std::string(1024, '\0')});
}

void World::extract(const fs::path& folder) const {
    for (const Member& member : members_) {
        const fs::path at = folder / member.name;
        fs::create_directories(at.parent_path());
        if (member.type == '2') {
            fs::create_symlink(member.link, at);
            continue;
        }
        std::ofstream(at, std::ios::binary) << member.content;
        fs::permissions(at, fs::perms(member.mode));
    }
    fs::permissions(folder, fs::perms(0755));
}

Linked::Linked(const World& world, const std::string& program, const LoaderEnvironment& environment)
    : tree(world.tree()), store(tree, {}) {
    const auto node = tree.resolve(program).node;
    REQUIRE(node);
    link = link_program(store, *node, environment);
}

const slimimg::closure::LoadedObject& Linked::object(std::string_view path) const {
    const auto at = std::find_if(link.objects.begin(), link.objects.end(),
                                 [&](const auto& object) { return object.path == path; });
    REQUIRE(at != link.objects.end());
    return *at;
}

void check_glibc(const World& world, const std::string& program,
                 const std::vector<std::string>& paths, const LoaderEnvironment& environment,
                 const std::vector<std::string>& missing) {
    check(world, program, {paths, missing, {}}, environment, [&](const fs::path& root) {
        return list_with_glibc(root, glibc_x86_64, program, environment);
    });
}

void check_musl(const World& world, const std::string& program,
                const std::vector<std::string>& paths, const LoaderEnvironment& environment,
                const std::vector<std::string>& missing, const std::string& loader) {
    check(world, program, {paths, missing, {}}, environment,
          [&](const fs::path& root) { return list_with_musl(root, loader, program, environment); });
}

}  // namespace test
