#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

/// Makes small ELF files for tests: no code, but all that a dynamic loader looks at, so that the
/// real loaders list them too; for any machine.
namespace test {

struct Loadable {
    std::uint16_t machine = 62;  ///< e_machine: 62 x86-64
    unsigned bits = 64;
    std::endian order = std::endian::little;
    std::uint16_t type = 3;  ///< 2 ET_EXEC, 3 ET_DYN
    std::uint8_t os_abi = 0;
    std::uint32_t flags = 0;  ///< e_flags
    std::string interpreter = {};
    std::vector<std::string> needed = {};
    std::string soname = {};
    std::string rpath = {};
    std::string runpath = {};
    std::vector<std::string> filters = {};
    std::vector<std::string> auxiliaries = {};
    std::uint64_t flags_1 = 0;
    std::string data = {};  ///< constant data, loaded
};

constexpr std::uint64_t flag_pie = 0x08000000;        // DF_1_PIE
constexpr std::uint64_t flag_no_default_lib = 0x800;  // DF_1_NODEFLIB
constexpr const char* glibc_x86_64 = "/lib64/ld-linux-x86-64.so.2";
constexpr const char* musl_x86_64 = "/lib/ld-musl-x86_64.so.1";

/// The bytes of the file.
std::string loadable(const Loadable& what);

/// A position-independent program of glibc's loader for x86-64.
std::string loadable_program(Loadable what);

}  // namespace test
