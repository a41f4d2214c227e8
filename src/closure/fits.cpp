#include "slimimg/closure/fits.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace slimimg::closure {
namespace {

/// What a config's architecture (GOARCH) is in ELF headers.
struct Machine {
    std::string_view architecture;
    std::uint16_t machine = 0;
    std::uint8_t bits = 64;
};
constexpr std::array machines{
    Machine{"amd64", 62, 64},    Machine{"arm64", 183, 64},   Machine{"386", 3, 32},
    Machine{"arm", 40, 32},      Machine{"riscv64", 243, 64}, Machine{"ppc64le", 21, 64},
    Machine{"ppc64", 21, 64},    Machine{"s390x", 22, 64},    Machine{"mips64le", 8, 64},
    Machine{"loong64", 258, 64},
};

}  // namespace

bool fits(const image::Platform& platform, const elf::Abi& abi) {
    const auto expected = std::find_if(
        machines.begin(), machines.end(),
        [&](const Machine& machine) { return machine.architecture == platform.architecture; });
    if (platform.os != "linux" || expected == machines.end()) {
        return true;
    }
    // A 64-bit x86 kernel runs 32-bit programs, and an ARM one mostly does.
    const bool narrower = (platform.architecture == "amd64" && abi.machine == 3) ||
                          (platform.architecture == "amd64" && abi.machine == 62) ||
                          (platform.architecture == "arm64" && abi.machine == 40);
    return narrower || (abi.machine == expected->machine && abi.bits == expected->bits);
}

}  // namespace slimimg::closure
