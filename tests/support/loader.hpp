#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "slimimg/closure/loader.hpp"

#include "support/command.hpp"
#include "support/loadable.hpp"
#include "support/tar.hpp"

namespace test {

/// What a loader lists for a file, or the model of it says.
struct Listing {
    std::vector<std::string> paths;  ///< of the objects as opened, in load order, program left out
    std::vector<std::string> missing;  ///< names, sorted, each once
    std::string error;                 ///< what the loader said instead of a list
};

/// Runs a glibc loader on a file, below `root`: `loader` is its path there.
Listing list_with_glibc(const std::filesystem::path& root, const std::string& loader,
                        const std::string& file, const slimimg::closure::LoaderEnvironment& env);
/// The same with musl's.
Listing list_with_musl(const std::filesystem::path& root, const std::string& loader,
                       const std::string& file, const slimimg::closure::LoaderEnvironment& env);

/// The model's answer in the same form. An interpreter that no object needs is left out, as the
/// loaders do it.
Listing listing_of(const slimimg::closure::Link& link);

/// A small image, once in memory for the model and once on disk for the real loader.
class World {
  public:
    World& add(const std::string& path, const Loadable& elf, unsigned mode = 0755);
    World& add_program(const std::string& path, Loadable elf, unsigned mode = 0755);
    World& add_text(const std::string& path, const std::string& content, unsigned mode = 0644);
    World& add_link(const std::string& path, const std::string& target);
    /// This machine's glibc loader at its usual place.
    World& add_glibc();
    /// This machine's musl loader, at `path`.
    World& add_musl(const std::string& path = musl_x86_64);
    /// A file of this machine, at the same path.
    World& add_host(const std::string& path);

    [[nodiscard]] slimimg::rootfs::Rootfs tree() const;
    void extract(const std::filesystem::path& folder) const;

  private:
    std::vector<Member> members_;
};

/// The model's link of a program of a world.
struct Linked {
    slimimg::rootfs::Rootfs tree;
    slimimg::closure::ElfStore store;
    slimimg::closure::Link link;

    Linked(const World& world, const std::string& program,
           const slimimg::closure::LoaderEnvironment& environment = {});
    /// The object of this path; a failing check where there is none.
    [[nodiscard]] const slimimg::closure::LoadedObject& object(std::string_view path) const;
};

/// Checks that the model says `paths` and `missing`, and that the real loader lists the same.
void check_glibc(const World& world, const std::string& program,
                 const std::vector<std::string>& paths,
                 const slimimg::closure::LoaderEnvironment& environment = {},
                 const std::vector<std::string>& missing = {});
void check_musl(const World& world, const std::string& program,
                const std::vector<std::string>& paths,
                const slimimg::closure::LoaderEnvironment& environment = {},
                const std::vector<std::string>& missing = {},
                const std::string& loader = musl_x86_64);

}  // namespace test
