#include "closure/loader/loader_info.hpp"

#include <algorithm>
#include <charconv>

#include "slimimg/base/path.hpp"

#include "closure/loader/machine.hpp"

namespace slimimg::closure::loader {
namespace {

bool is_text(char c) {
    return c >= ' ' && c <= '~';
}

/// No text that is looked for is longer; what is would cost too much to look at.
constexpr std::size_t max_text = 4096;
constexpr std::size_t max_folders = 16;

/// The NUL-terminated text that begins at `at`, cut off where it is too long.
std::string_view text_at(std::string_view bytes, std::size_t at) {
    const std::string_view window = bytes.substr(std::min(at, bytes.size()), max_text);
    return window.substr(0, window.find('\0'));
}

/// The text that position `at` is in.
std::string_view text_around(std::string_view bytes, std::size_t at) {
    std::size_t begin = at;
    while (begin > 0 && at - begin < max_text && is_text(bytes[begin - 1])) {
        --begin;
    }
    return text_at(bytes, begin);
}

bool is_system_folder(std::string_view text) {
    return text.size() > 2 && text.size() < max_text && text.front() == '/' && text.back() == '/' &&
           text.find("lib") != std::string_view::npos &&
           std::all_of(text.begin(), text.end(), is_text);
}

/// glibc's system_dirs: its default folders as one array of NUL-terminated texts, each with a "/"
/// at the end, which no other texts of the loader have. It stands there more than once; what comes
/// before it can be any bytes, so the longest counts.
std::vector<std::string> find_system_folders(std::string_view bytes) {
    constexpr std::string_view end_of_folder("/\0", 2);
    std::vector<std::string> longest;
    for (std::size_t end = bytes.find(end_of_folder); end != std::string_view::npos;
         end = bytes.find(end_of_folder, end + 1)) {
        std::string_view text = text_around(bytes, end);
        text.remove_prefix(std::min(text.find('/'), text.size()));
        std::vector<std::string> folders;
        while (is_system_folder(text) && folders.size() < max_folders) {
            folders.emplace_back(text);
            const auto start = static_cast<std::size_t>(text.data() - bytes.data());
            text = text_at(bytes, start + text.size() + 1);
        }
        if (folders.size() > longest.size()) {
            longest = std::move(folders);
        }
    }
    return longest;
}

/// DL_DST_LIB: Debian's is the multiarch folder, others' the last part of their library folder.
std::string lib_token(const std::vector<std::string>& system_folders) {
    if (system_folders.empty()) {
        return "lib";
    }
    const std::string first = path::normalize(system_folders.front());
    const std::string_view name = path::basename(first);
    const std::string_view above = path::parent(first);
    return above == "/lib" || above == "/usr/lib" ? "lib/" + std::string(name) : std::string(name);
}

/// "ld.so (Debian GLIBC 2.36-9) stable release version 2.36." stands in loaders since 2.33, whose
/// successor 2.37 gave the hardware folders up.
bool has_legacy_hardware(std::string_view bytes) {
    constexpr std::string_view mark = "release version 2.";
    const std::size_t at = bytes.find(mark);
    if (at == std::string_view::npos) {
        return true;
    }
    const std::string_view digits = bytes.substr(at + mark.size(), 4);
    int minor = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), minor);
    return minor <= 36;
}

/// The list "x86-64-v4:x86-64-v3:x86-64-v2", split.
std::vector<std::string> find_hwcaps_folders(std::string_view bytes, std::string_view member) {
    if (member.empty()) {
        return {};
    }
    for (std::size_t at = bytes.find(member); at != std::string_view::npos;
         at = bytes.find(member, at + 1)) {
        std::string_view list = text_around(bytes, at);
        if (list.find(':') == std::string_view::npos || list.size() > 256 ||
            (':' + std::string(list) + ':').find(':' + std::string(member) + ':') ==
                std::string::npos) {
            continue;
        }
        std::vector<std::string> folders;
        while (!list.empty()) {
            const std::size_t colon = std::min(list.find(':'), list.size());
            folders.emplace_back(list.substr(0, colon));
            list.remove_prefix(std::min(colon + 1, list.size()));
        }
        return folders;
    }
    return {};
}

/// "x86_64" of "musl libc (x86_64)", the first line of what musl's loader prints when run alone.
std::string find_musl_architecture(std::string_view bytes) {
    constexpr std::string_view mark = "musl libc (";
    const std::size_t at = bytes.find(mark);
    if (at == std::string_view::npos) {
        return {};
    }
    const std::string_view rest = bytes.substr(at + mark.size(), 32);
    const std::size_t end = rest.find(')');
    return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
}

/// The first text that holds `part` and starts with "/".
std::string find_path(std::string_view bytes, std::string_view part) {
    for (std::size_t at = bytes.find(part); at != std::string_view::npos;
         at = bytes.find(part, at + 1)) {
        const std::string_view text = text_around(bytes, at);
        if (text.starts_with('/')) {
            return std::string(text);
        }
    }
    return {};
}

}  // namespace

LoaderInfo read_loader_info(Bytes file, const elf::Abi& abi) {
    const std::string_view bytes = as_text(file);
    LoaderInfo info{.abi = abi};
    info.architecture = find_musl_architecture(bytes);
    if (!info.architecture.empty()) {
        info.kind = LoaderInfo::Kind::musl;
        return info;
    }
    info.system_folders = find_system_folders(bytes);
    if (info.system_folders.empty()) {
        info.preload = find_path(bytes, "/libgcompat.so");
        info.real_loader = info.preload.empty() ? "" : find_path(bytes, "/ld-musl-");
        return info;
    }
    info.kind = LoaderInfo::Kind::glibc;
    info.lib = lib_token(info.system_folders);
    info.legacy_hardware = has_legacy_hardware(bytes);
    info.hwcaps_folders = find_hwcaps_folders(bytes, a_hwcaps_folder(abi));
    return info;
}

LoaderInfo guess_loader_info(const rootfs::Rootfs& rootfs, const elf::Abi& abi) {
    LoaderInfo info{.kind = LoaderInfo::Kind::glibc, .abi = abi};
    const std::string multiarch = "lib/" + std::string(elf::multiarch_triplet(abi));
    const bool debian = multiarch != "lib/" && rootfs.resolve("/usr/" + multiarch).node;
    const std::string own = debian ? multiarch : abi.bits == 64 ? "lib64" : "lib";
    info.system_folders = {"/" + own + "/", "/usr/" + own + "/"};
    if (own != "lib") {
        info.system_folders.insert(info.system_folders.end(), {"/lib/", "/usr/lib/"});
    }
    info.lib = own;
    info.hwcaps_folders = {};
    return info;
}

}  // namespace slimimg::closure::loader
