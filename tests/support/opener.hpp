#pragma once

#include <filesystem>
#include <string>

namespace test {

/// A program and a library, compiled for a test, that load modules and tell what is loaded.
struct Opener {
    std::string program;  ///< bytes; needs libcaller.so, has RUNPATH /app/lib
    std::string library;  ///< libcaller.so, has RUNPATH /caller
};

/// Compiled with gcc or musl-gcc; fails the test where that is missing. The program's arguments
/// are names to load; after "-c" the library loads them. It prints the names of all objects of the
/// process, as dl_iterate_phdr gives them.
Opener make_opener(const std::string& compiler);

}  // namespace test
