#pragma once

#include <optional>
#include <string_view>

#include "slimimg/closure/closure.hpp"

namespace slimimg::closure {

/// A process in which an object of the image is loaded.
struct Process {
    const Link* program = nullptr;  ///< the link of a kept program that the object is part of;
    std::optional<Link> extended;   ///< else a copy of one with what the object adds to it, or the
                                    ///< link of the object by itself
    std::size_t object = 0;         ///< index of the object in link().objects

    [[nodiscard]] const Link& link() const { return program != nullptr ? *program : *extended; }
};

/// The process of the program that led to `object`: the nearest one up the chain of reasons, else
/// the first program of the same ABI; the object is loaded into it where it isn't part of it.
/// Nothing where the node is no ELF file that could be loaded.
std::optional<Process> process_of(Evidence& evidence, rootfs::NodeId object);

/// Keeps what dlopen(name) by `caller` would load, with `reason` for the object itself and the
/// rule "link" for what that needs in turn. False where nothing answers the name.
bool keep_dlopened(Evidence& evidence, rootfs::NodeId caller, std::string_view name,
                   const Reason& reason);

/// Keeps the objects of `link` from index `first` on, each for the one that asked for it, and
/// tells of those that are missing from `first_missing` on.
void keep_objects(Evidence& evidence, const Link& link, std::size_t first,
                  std::size_t first_missing);

}  // namespace slimimg::closure
