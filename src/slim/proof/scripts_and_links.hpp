#pragma once

#include <vector>

#include "slimimg/closure/closure.hpp"

namespace slimimg::slim::proof {

/// Two trees, the written one and that it was made from, each with what asks questions of it.
struct Trees {
    closure::Evidence& written;
    closure::Evidence& source;
    const closure::Closure& closure;
    /// The written image stands on another, whose libraries and folders may serve in other places.
    bool on_base = false;
};

/// Kept symlinks that lead somewhere in the source and nowhere in the written tree.
void check_symlinks(const Trees& trees, std::vector<closure::Unresolved>& failures);

/// The commands of the config, and the interpreters that the first lines of kept scripts name:
/// where what they lead to in the source is kept, they must lead there in the written tree.
void check_commands(const Trees& trees, std::vector<closure::Unresolved>& failures,
                    std::vector<Diagnostic>& diagnostics);
void check_scripts(const Trees& trees, std::vector<closure::Unresolved>& failures);

}  // namespace slimimg::slim::proof
