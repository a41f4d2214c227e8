#include "kinds.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/check/tools.hpp"
#include "slimimg/elf/elf.hpp"

namespace slimimg::report {
namespace {

using namespace std::string_view_literals;

struct KindName {
    std::string_view id;
    std::string_view label;
};

constexpr std::array<KindName, kind_count> kind_names{{
    {"program", "programs"},
    {"library", "libraries"},
    {"script", "scripts"},
    {"module", "interpreters' modules"},
    {"configuration", "configuration"},
    {"certificates", "certificates"},
    {"time-zones", "time zones"},
    {"application", "application files"},
    {"data", "data"},
    {"link", "links and folders"},
}};

template <std::size_t n>
bool is_within_any(std::string_view file, const std::array<std::string_view, n>& folders) {
    return std::any_of(folders.begin(), folders.end(),
                       [&](std::string_view folder) { return path::is_within(file, folder); });
}

constexpr std::array certificate_folders{"/etc/ssl"sv, "/etc/pki"sv, "/etc/ca-certificates"sv,
                                         "/usr/lib/ssl"sv, "/usr/share/ca-certificates"sv};
constexpr std::array time_zone_paths{"/usr/share/zoneinfo"sv, "/usr/lib/zoneinfo"sv,
                                     "/etc/localtime"sv, "/etc/timezone"sv};
constexpr std::array system_folders{"/bin"sv,   "/boot"sv,  "/dev"sv,    "/etc"sv,  "/lib"sv,
                                    "/lib32"sv, "/lib64"sv, "/libx32"sv, "/proc"sv, "/run"sv,
                                    "/sbin"sv,  "/sys"sv,   "/tmp"sv,    "/usr"sv,  "/var"sv};
constexpr std::array module_endings{".py"sv,  ".pyc"sv, ".pyi"sv, ".pm"sv,  ".pl"sv,
                                    ".rb"sv,  ".js"sv,  ".mjs"sv, ".cjs"sv, ".class"sv,
                                    ".jar"sv, ".php"sv, ".lua"sv, ".tcl"sv, ".ph"sv};
/// "libssl.so.3", "libssl.so", "_ssl.cpython-311-x86_64-linux-gnu.so"
bool is_library_name(std::string_view name) {
    return name.ends_with(".so") || name.find(".so.") != name.npos;
}

std::string_view extension(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    return dot == name.npos || dot == 0 ? ""sv : name.substr(dot);
}

}  // namespace

std::string_view kind_id(Kind kind) {
    return kind_names[static_cast<std::size_t>(kind)].id;
}

std::string_view kind_label(Kind kind) {
    return kind_names[static_cast<std::size_t>(kind)].label;
}

std::string_view type_name(archive::EntryType type) {
    switch (type) {
        case archive::EntryType::file:
            return "file";
        case archive::EntryType::directory:
            return "directory";
        case archive::EntryType::symlink:
            return "symlink";
        case archive::EntryType::hardlink:
            return "hardlink";
        case archive::EntryType::char_device:
            return "char_device";
        case archive::EntryType::block_device:
            return "block_device";
        case archive::EntryType::fifo:
            return "fifo";
    }
    return "file";
}

std::uint64_t content_bytes(const archive::LayerScan& layer) {
    std::uint64_t bytes = 0;
    for (const archive::LayerEntry& entry : layer.entries) {
        bytes += entry.header.type == archive::EntryType::file ? entry.header.size : 0;
    }
    return bytes;
}

std::string_view head_of(const rootfs::Rootfs& rootfs, const rootfs::Node& node) {
    if (!node.is_file() || node.entry == rootfs::Node::no_entry) {
        return {};
    }
    const auto [layer, entry] = rootfs.stored(node.inode);
    const auto stored =
        checked_subspan(layer.tar.bytes, entry.content.offset, entry.content.length);
    if (entry.sparse || !stored) {
        return {};
    }
    return as_text(*stored).substr(0, 64);
}

Kind kind_of_file(std::string_view file, std::string_view head, bool owned) {
    const std::string_view name = path::basename(file);
    if (elf::is_elf(as_bytes(head))) {
        return is_library_name(name) || name.ends_with(".node") ? Kind::library : Kind::program;
    }
    if (is_within_any(file, certificate_folders)) {
        return Kind::certificates;
    }
    if (is_within_any(file, time_zone_paths)) {
        return Kind::time_zones;
    }
    if (head.starts_with("#!")) {
        return Kind::script;
    }
    if (!owned && !is_within_any(file, system_folders)) {
        return Kind::application;
    }
    if (is_one_of(extension(name), module_endings)) {
        return Kind::module;
    }
    return path::is_within(file, "/etc") ? Kind::configuration : Kind::data;
}

void add_to_surface(Surface& surface, std::string_view file, const archive::Header& header,
                    bool elf) {
    const bool is_file =
        header.type == archive::EntryType::file || header.type == archive::EntryType::hardlink;
    const bool executable = is_file && (header.mode & 0111) != 0;
    surface.files += is_file ? 1 : 0;
    surface.executables += executable ? 1 : 0;
    surface.elf_files += elf ? 1 : 0;
    if (executable && (header.mode & 06000) != 0) {
        surface.set_id_files.emplace_back(file);
    }
    const bool callable = executable || header.type == archive::EntryType::symlink;
    if (!callable) {
        return;
    }
    if (check::is_shell_path(file)) {
        surface.shells.emplace_back(file);
    }
    if (check::is_package_manager_path(file)) {
        surface.package_managers.emplace_back(file);
    }
}

}  // namespace slimimg::report
