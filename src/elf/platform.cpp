#include <elf.h>

#include "slimimg/elf/elf.hpp"

namespace slimimg::elf {
namespace {

std::string_view mips_triplet(const Abi& abi) {
    const bool little = abi.order == std::endian::little;
    if (abi.bits == 64) {
        return little ? "mips64el-linux-gnuabi64" : "mips64-linux-gnuabi64";
    }
    if ((abi.flags & EF_MIPS_ABI2) != 0) {
        return little ? "mips64el-linux-gnuabin32" : "mips64-linux-gnuabin32";
    }
    return little ? "mipsel-linux-gnu" : "mips-linux-gnu";
}

std::string_view arm_triplet(const Abi& abi) {
    if (abi.order == std::endian::big) {
        return {};
    }
    return (abi.flags & EF_ARM_ABI_FLOAT_HARD) != 0 ? "arm-linux-gnueabihf" : "arm-linux-gnueabi";
}

}  // namespace

std::string machine_name(std::uint16_t machine) {
    switch (machine) {
        case EM_386:
            return "x86";
        case EM_X86_64:
            return "x86-64";
        case EM_ARM:
            return "ARM";
        case EM_AARCH64:
            return "AArch64";
        case EM_RISCV:
            return "RISC-V";
        case EM_PPC:
            return "PowerPC";
        case EM_PPC64:
            return "PowerPC 64";
        case EM_S390:
            return "IBM Z";
        case EM_MIPS:
            return "MIPS";
        case EM_LOONGARCH:
            return "LoongArch";
        case EM_SPARC:
        case EM_SPARC32PLUS:
        case EM_SPARCV9:
            return "SPARC";
        case EM_ALPHA:
            return "Alpha";
        case EM_PARISC:
            return "PA-RISC";
        case EM_68K:
            return "m68k";
        case EM_SH:
            return "SuperH";
        case EM_IA_64:
            return "Itanium";
        case EM_BPF:
            return "BPF";
        default:
            return "machine " + std::to_string(machine);
    }
}

std::string_view multiarch_triplet(const Abi& abi) {
    const bool wide = abi.bits == 64;
    const bool little = abi.order == std::endian::little;
    switch (abi.machine) {
        case EM_386:
            return "i386-linux-gnu";
        case EM_X86_64:
            return wide ? "x86_64-linux-gnu" : "x86_64-linux-gnux32";
        case EM_ARM:
            return arm_triplet(abi);
        case EM_AARCH64:
            return little && wide ? "aarch64-linux-gnu" : "";
        case EM_RISCV:
            return wide ? "riscv64-linux-gnu" : "";
        case EM_PPC:
            return "powerpc-linux-gnu";
        case EM_PPC64:
            return little ? "powerpc64le-linux-gnu" : "powerpc64-linux-gnu";
        case EM_S390:
            return wide ? "s390x-linux-gnu" : "s390-linux-gnu";
        case EM_MIPS:
            return mips_triplet(abi);
        case EM_LOONGARCH:
            return wide ? "loongarch64-linux-gnu" : "";
        case EM_SPARC:
        case EM_SPARC32PLUS:
            return "sparc-linux-gnu";
        case EM_SPARCV9:
            return "sparc64-linux-gnu";
        case EM_ALPHA:
            return "alpha-linux-gnu";
        case EM_PARISC:
            return "hppa-linux-gnu";
        case EM_68K:
            return "m68k-linux-gnu";
        case EM_SH:
            return "sh4-linux-gnu";
        case EM_IA_64:
            return "ia64-linux-gnu";
        default:
            return {};
    }
}

}  // namespace slimimg::elf
