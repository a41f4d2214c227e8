#include "closure/loader/machine.hpp"

#include <algorithm>
#include <array>

namespace slimimg::closure::loader {
namespace {

// e_machine, by the names of elf.h.
constexpr std::uint16_t em_386 = 3;
constexpr std::uint16_t em_mips = 8;
constexpr std::uint16_t em_ppc = 20;
constexpr std::uint16_t em_ppc64 = 21;
constexpr std::uint16_t em_s390 = 22;
constexpr std::uint16_t em_arm = 40;
constexpr std::uint16_t em_sparcv9 = 43;
constexpr std::uint16_t em_x86_64 = 62;
constexpr std::uint16_t em_aarch64 = 183;
constexpr std::uint16_t em_riscv = 243;
constexpr std::uint16_t em_loongarch = 258;

constexpr std::uint16_t et_exec = 2;
constexpr std::uint16_t et_dyn = 3;

// Parts of e_flags.
constexpr std::uint32_t arm_eabi_mask = 0xff000000;
constexpr std::uint32_t arm_eabi_5 = 0x05000000;
constexpr std::uint32_t arm_soft_float = 0x200;
constexpr std::uint32_t arm_hard_float = 0x400;
constexpr std::uint32_t ppc64_abi_mask = 3;
constexpr std::uint32_t riscv_float_mask = 6;
constexpr std::uint32_t riscv_float_double = 4;
constexpr std::uint32_t loongarch_abi_mask = 7;
constexpr std::uint32_t loongarch_soft_float = 1;
constexpr std::uint32_t mips_abi2 = 0x20;
constexpr std::uint32_t mips_fp64 = 0x200;
constexpr std::uint32_t mips_nan2008 = 0x400;

constexpr std::uint8_t osabi_sysv = 0;
constexpr std::uint8_t osabi_gnu = 3;
constexpr std::uint8_t osabi_arm_aeabi = 64;

// Flags of ld.so.cache (glibc's ldconfig.h).
constexpr std::int32_t flag_elf = 1;
constexpr std::int32_t flag_libc6 = 3;

bool is_hard_float_arm(const elf::Abi& own) {
    return (own.flags & arm_hard_float) != 0;
}

/// elf_machine_matches_host of each machine.
bool matches_machine(const elf::Abi& own, std::uint16_t machine, std::uint32_t flags) {
    if (machine != own.machine) {
        return false;
    }
    switch (own.machine) {
        case em_ppc64: {
            const std::uint32_t own_abi = (own.flags & ppc64_abi_mask) != 0
                                              ? own.flags & ppc64_abi_mask
                                          : own.order == std::endian::little ? 2U
                                                                             : 1U;
            return (flags & ppc64_abi_mask) == 0 || (flags & ppc64_abi_mask) == own_abi;
        }
        case em_riscv:
            return (flags & riscv_float_mask) == (own.flags & riscv_float_mask);
        case em_mips:
            return (own.bits == 64 || (flags & mips_abi2) == (own.flags & mips_abi2)) &&
                   (flags & mips_nan2008) == (own.flags & mips_nan2008) && (flags & mips_fp64) == 0;
        default:
            return true;
    }
}

bool is_valid_float_abi(const elf::Abi& own, std::uint32_t flags) {
    if (own.machine != em_arm || (flags & arm_eabi_mask) != arm_eabi_5) {
        return true;
    }
    return (flags & (is_hard_float_arm(own) ? arm_soft_float : arm_hard_float)) == 0;
}

bool is_valid_osabi(const elf::Abi& own, std::uint8_t osabi) {
    return osabi == osabi_sysv || osabi == osabi_gnu ||
           (osabi == osabi_arm_aeabi && own.machine == em_arm);
}

/// The flags of ld.so.cache that mark a library of exactly this ABI; 3 where glibc has no mark.
std::int32_t cache_flags(const elf::Abi& own) {
    const bool wide = own.bits == 64;
    switch (own.machine) {
        case em_x86_64:
            return wide ? 0x303 : 0x803;
        case em_aarch64:
            return wide ? 0xa03 : flag_libc6;
        case em_arm:
            return is_hard_float_arm(own) ? 0x903 : 0xb03;
        case em_s390:
            return wide ? 0x403 : flag_libc6;
        case em_ppc64:
            return 0x503;
        case em_sparcv9:
            return 0x103;
        case em_riscv:
            return (own.flags & riscv_float_mask) == riscv_float_double ? 0x1003 : 0xf03;
        case em_loongarch:
            return (own.flags & loongarch_abi_mask) == loongarch_soft_float ? 0x1103 : 0x1203;
        case em_mips:
            if ((own.flags & mips_nan2008) != 0) {
                return wide ? 0xe03 : (own.flags & mips_abi2) != 0 ? 0xd03 : 0xc03;
            }
            return wide ? 0x703 : (own.flags & mips_abi2) != 0 ? 0x603 : flag_libc6;
        default:
            return flag_libc6;
    }
}

std::vector<HardwareName> sometimes(std::initializer_list<std::string_view> names) {
    std::vector<HardwareName> result;
    for (const std::string_view name : names) {
        result.push_back({name, false});
    }
    return result;
}

}  // namespace

Verdict judge_header(Bytes file, const elf::Abi& own) {
    const auto refuse = [](std::string reason) {
        return Verdict{Verdict::Kind::refuse, std::move(reason)};
    };
    const bool wide = own.bits == 64;
    if (file.size() < (wide ? 64U : 52U)) {
        return refuse("file too short");
    }
    const auto byte = [&](std::size_t at) { return std::to_integer<std::uint8_t>(file[at]); };
    if (as_text(file.first(4)) != "\177ELF") {
        return refuse("invalid ELF header");
    }
    if (byte(4) != (wide ? 2 : 1)) {
        return {Verdict::Kind::skip, wide ? "a 32-bit file" : "a 64-bit file"};
    }
    if (byte(5) != (own.order == std::endian::big ? 2 : 1)) {
        return refuse("ELF file data encoding of the other byte order");
    }
    if (byte(6) != 1 || read_uint<std::uint32_t>(file, 20, own.order) != 1U) {
        return refuse("ELF file version does not match current one");
    }
    if (!is_valid_osabi(own, byte(7))) {
        return refuse("ELF file OS ABI invalid");
    }
    if (byte(8) != 0 && byte(7) != osabi_gnu) {
        return refuse("ELF file ABI version invalid");
    }
    if (std::any_of(file.begin() + 9, file.begin() + 16,
                    [](std::byte b) { return b != std::byte{0}; })) {
        return refuse("nonzero padding in e_ident");
    }
    const auto type = *read_uint<std::uint16_t>(file, 16, own.order);
    const auto machine = *read_uint<std::uint16_t>(file, 18, own.order);
    const auto flags = *read_uint<std::uint32_t>(file, wide ? 48 : 36, own.order);
    if (!is_valid_float_abi(own, flags)) {
        return refuse("another float ABI");
    }
    if (!matches_machine(own, machine, flags)) {
        return {Verdict::Kind::skip, "for another machine"};
    }
    if (type != et_dyn && type != et_exec) {
        return refuse("only ET_DYN and ET_EXEC can be loaded");
    }
    return {};
}

std::int32_t default_cache_flags(const elf::Abi& own) {
    // 32-bit ARM alone defines a check of its own but no default.
    return own.machine == em_arm ? flag_libc6 : cache_flags(own);
}

bool accepts_cache_flags(const elf::Abi& own, std::int32_t flags) {
    const std::int32_t exact = cache_flags(own);
    if (flags == exact) {
        return true;
    }
    switch (own.machine) {
        case em_arm:
            return flags == flag_libc6;  // from before libraries were marked
        case em_loongarch:
            return flags == flag_libc6;  // before glibc 2.37
        default:
            return exact == flag_libc6 && flags == flag_elf;
    }
}

std::uint64_t common_cache_hwcaps(const elf::Abi& own) {
    constexpr std::uint64_t tls = 1ULL << 63;
    constexpr std::uint64_t x86_64 = 1ULL << 1;
    return own.machine == em_x86_64 ? tls | x86_64 : tls;
}

std::vector<HardwareName> platforms(const elf::Abi& own) {
    switch (own.machine) {
        case em_x86_64:
            return {{"haswell"}, {"xeon_phi"}, {"x86_64", true}};
        case em_386:
            return sometimes({"i686", "i586", "i486", "i386"});
        case em_aarch64:
            return {{own.order == std::endian::big ? "aarch64_be" : "aarch64", true}};
        case em_arm:
            return sometimes({"v8l", "v7l", "v6l", "v5l", "v4l"});
        case em_ppc:
        case em_ppc64:
            return sometimes({"power11", "power10", "power9", "power8", "power7", "power6x",
                              "power6", "power5+", "power5", "power4", "ppc970"});
        case em_s390:
            return sometimes({"z17", "z16", "z15", "z14", "z13", "zEC12", "z196", "z10", "z9-109",
                              "z990", "z900"});
        case em_loongarch:
            return {{"loongarch", true}};
        default:
            return {};
    }
}

std::vector<std::vector<HardwareName>> legacy_hardware_folders(const elf::Abi& own) {
    std::vector<std::vector<HardwareName>> parts{{{"tls", true}}, platforms(own)};
    // Single flags follow from the highest bit of AT_HWCAP down, as far as HWCAP_IMPORTANT goes.
    const auto add = [&](std::initializer_list<HardwareName> flags) {
        for (const HardwareName& flag : flags) {
            parts.push_back({flag});
        }
    };
    switch (own.machine) {
        case em_x86_64:
            add({{"avx512_1"}, {"x86_64", true}});
            break;
        case em_386:
            add({{"sse2"}});
            break;
        case em_aarch64:
            add({{"atomics"}});
            break;
        case em_arm:
            add({{"neon"}, {"vfp"}});
            break;
        case em_ppc:
        case em_ppc64:
            add({{"altivec"}, {"dfp"}});
            break;
        case em_s390:
            add({{"vxe2"}, {"vxe"}, {"vx"}, {"dfp"}, {"eimm"}, {"ldisp"}, {"zarch"}});
            break;
        default:
            break;
    }
    return parts;
}

std::string_view a_hwcaps_folder(const elf::Abi& own) {
    switch (own.machine) {
        case em_x86_64:
            return "x86-64-v2";
        case em_ppc64:
            return "power9";
        case em_s390:
            return "z13";
        default:
            return {};
    }
}

std::vector<std::string> glibc_interpreters(const elf::Abi& abi) {
    const bool wide = abi.bits == 64;
    const bool big = abi.order == std::endian::big;
    switch (abi.machine) {
        case em_x86_64:
            return {wide ? "/lib64/ld-linux-x86-64.so.2" : "/libx32/ld-linux-x32.so.2"};
        case em_386:
            return {"/lib/ld-linux.so.2"};
        case em_aarch64:
            return {big ? "/lib/ld-linux-aarch64_be.so.1" : "/lib/ld-linux-aarch64.so.1"};
        case em_arm:
            if (is_hard_float_arm(abi)) {
                return {"/lib/ld-linux-armhf.so.3"};
            }
            return {"/lib/ld-linux.so.3", "/lib/ld-linux-armhf.so.3"};
        case em_riscv: {
            const std::string base =
                wide ? "/lib/ld-linux-riscv64-lp64" : "/lib/ld-linux-riscv32-ilp32";
            const bool wide_float = (abi.flags & riscv_float_mask) == riscv_float_double;
            return {base + (wide_float ? "d" : "") + ".so.1"};
        }
        case em_ppc64:
            return {big ? "/lib64/ld64.so.1" : "/lib64/ld64.so.2"};
        case em_ppc:
            return {"/lib/ld.so.1"};
        case em_s390:
            return {wide ? "/lib/ld64.so.1" : "/lib/ld.so.1"};
        case em_sparcv9:
            return {"/lib64/ld-linux.so.2"};
        case em_loongarch:
            return {"/lib64/ld-linux-loongarch-lp64d.so.1", "/lib64/ld-linux-loongarch-lp64s.so.1"};
        case em_mips: {
            const std::string folder = wide                           ? "/lib64"
                                       : (abi.flags & mips_abi2) != 0 ? "/lib32"
                                                                      : "/lib";
            const bool nan2008 = (abi.flags & mips_nan2008) != 0;
            return {folder + (nan2008 ? "/ld-linux-mipsn8.so.1" : "/ld.so.1")};
        }
        default:
            return {};
    }
}

std::vector<std::string_view> musl_architectures(const elf::Abi& abi) {
    const bool wide = abi.bits == 64;
    const bool big = abi.order == std::endian::big;
    switch (abi.machine) {
        case em_x86_64:
            return {wide ? "x86_64" : "x32"};
        case em_386:
            return {"i386"};
        case em_aarch64:
            return {big ? "aarch64_be" : "aarch64"};
        case em_arm:
            if (big) {
                return {"armebhf", "armeb"};
            }
            return {"armhf", "arm"};
        case em_riscv:
            if (wide) {
                return {"riscv64", "riscv64-sf", "riscv64-sp"};
            }
            return {"riscv32"};
        case em_ppc64:
            return {big ? "powerpc64" : "powerpc64le"};
        case em_ppc:
            return {"powerpc", "powerpc-sf"};
        case em_s390:
            return {"s390x"};
        case em_loongarch:
            return {"loongarch64"};
        case em_mips:
            if (wide) {
                return {big ? "mips64" : "mips64el"};
            }
            if (big) {
                return {"mips", "mips-sf"};
            }
            return {"mipsel", "mipsel-sf"};
        default:
            return {};
    }
}

}  // namespace slimimg::closure::loader
