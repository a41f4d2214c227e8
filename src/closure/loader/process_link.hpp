#pragma once

#include <optional>
#include <string_view>

#include "slimimg/closure/loader.hpp"

#include "closure/loader/image_files.hpp"
#include "closure/loader/loader_info.hpp"

/// What the two loader models share, and their entry points.
namespace slimimg::closure::loader {

/// All that a model works with: the image, the loader, and the process that it adds to.
struct Session {
    ElfStore& store;
    const LoaderInfo& info;
    const LoaderEnvironment& environment;
    Link& link;
};

/// The loader of a program.
struct Interpreter {
    std::string name;  ///< as PT_INTERP has it
    std::optional<Opened> file;
    std::string_view found_by;
};

/// True for programs that run with AT_SECURE when they give their user other rights: set-id, or
/// file capabilities.
bool is_secure(const rootfs::Node& program);

/// The links by which an object that is loaded is found by a further name (libsndio.so.7.0, beside
/// .so.7): without them that search fails.
void add_name(LoadedObject& object, const Opened& found);

/// Why no loader maps this object into a process that runs already; empty where it can be.
std::string unloadable(const elf::ElfFacts* facts);

/// Caps the work on hostile images: each name asked for and each file tried is a step. Real
/// programs stay below a hundredth.
constexpr std::uint64_t max_steps = 1'000'000;

void link_with_glibc(const Session& session, const Interpreter& interpreter);
std::optional<std::size_t> open_with_glibc(const Session& session, std::string_view name,
                                           std::size_t caller);

void link_with_musl(const Session& session, const Interpreter& interpreter);
std::optional<std::size_t> open_with_musl(const Session& session, std::string_view name,
                                          std::size_t caller);

}  // namespace slimimg::closure::loader
