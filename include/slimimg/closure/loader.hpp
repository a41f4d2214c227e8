#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/elf/elf.hpp"
#include "slimimg/rootfs/rootfs.hpp"

/// What the dynamic loaders do, modelled: which file answers each NEEDED name, and why.
namespace slimimg::closure {

struct LoaderKnowledge;

/// The ELF facts of the image's files, and what its loaders are, each read once.
class ElfStore {
  public:
    ElfStore(const rootfs::Rootfs& rootfs, const Limits& limits);

    /// Null where the node is not an ELF file that a loader would take.
    const elf::ElfFacts* facts(rootfs::NodeId node);
    [[nodiscard]] const rootfs::Rootfs& rootfs() const { return rootfs_; }
    [[nodiscard]] const Limits& limits() const { return limits_; }
    /// For the loader models alone.
    [[nodiscard]] LoaderKnowledge& loaders() { return *loaders_; }

  private:
    const rootfs::Rootfs& rootfs_;
    Limits limits_;
    /// Null for what is no ELF file, as most are not.
    std::unordered_map<rootfs::NodeId, std::unique_ptr<const elf::ElfFacts>> by_inode_;
    std::shared_ptr<LoaderKnowledge> loaders_;
};

/// The variables of the process that its loader reads.
struct LoaderEnvironment {
    std::string library_path;   ///< LD_LIBRARY_PATH
    std::string preload;        ///< LD_PRELOAD
    std::string workdir = "/";  ///< relative paths start there
};

/// Another file that the loader would take in place of the base copy on some CPU.
struct Alternative {
    rootfs::NodeId file = 0;
    std::vector<rootfs::NodeId> links;
    std::string path;  ///< as it is opened
    std::string why;   ///< "glibc-hwcaps/x86-64-v3"
};

/// An object of a process, in load order.
struct LoadedObject {
    rootfs::NodeId file = 0;
    std::vector<rootfs::NodeId> links;  ///< every symlink passed on the way to it
    /// Index of the object that asked first; nothing for the program, for preloads of musl and
    /// for an interpreter that no object needs.
    std::optional<std::size_t> loaded_by;
    Text name;      ///< as it was asked for
    Text found_by;  ///< "RUNPATH $ORIGIN/lib", "ld.so.cache", "default folder /usr/lib", …
    std::vector<Alternative> alternatives;  ///< their own needs follow as objects of their own
    Text path;  ///< as the loader opened it, links not followed; $ORIGIN is its folder
    std::vector<std::string> aliases;  ///< further names under which the loader knows it
    /// The object whose RPATHs are searched after its own, and so on up. Not always the one that
    /// asked: glibc forgets who called dlopen.
    std::optional<std::size_t> rpath_parent;
};

struct MissingLibrary {
    std::string name;
    rootfs::NodeId needed_by = 0;
    std::vector<std::string> searched;  ///< the folders, in order
    std::string problem;  ///< what is wrong with the file that ended the search, if one did
};

/// A file that the loader itself read to decide: its cache, /etc/ld.so.preload, ld-musl's path
/// file.
struct LoaderFile {
    rootfs::NodeId file = 0;
    std::string why;
};

/// A process image before main() runs, and whatever was loaded into it afterwards.
struct Link {
    rootfs::NodeId program = 0;
    enum class Kind { none, glibc, musl } kind = Kind::none;  ///< none: static
    /// [0] is the program; then preloads, then breadth first: the order in which symbols are
    /// looked up. The interpreter stands where it is first needed, or last.
    std::vector<LoadedObject> objects;
    std::optional<std::size_t> interpreter;  ///< index into objects
    std::vector<MissingLibrary> missing;
    std::optional<std::string> missing_interpreter;
    std::vector<LoaderFile> files;
    std::vector<Diagnostic> diagnostics;
};

/// Links a program as its own loader (by PT_INTERP: musl's, else glibc's) would. A shared object
/// that is no program may be given too: it is linked as `ld.so --list` would do it, with the
/// image's loader for its machine.
Link link_program(ElfStore& store, rootfs::NodeId program, const LoaderEnvironment& environment);

/// What dlopen(name) adds to a process: appends to link.objects and link.missing, and returns the
/// index of the object, or nothing where it isn't found. `caller` is the index of the object that
/// calls it. `name` may be a path.
std::optional<std::size_t> link_module(ElfStore& store, Link& link, std::string_view name,
                                       std::size_t caller, const LoaderEnvironment& environment);

}  // namespace slimimg::closure
