#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/process.hpp"
#include "closure/rules/python_parts.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

constexpr std::size_t largest_code = 1UL << 20;

bool is_script(std::string_view path) {
    static constexpr std::array<std::string_view, 6> endings{".py", ".rb", ".lua",
                                                             ".js", ".pm", ".php"};
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return path.ends_with(ending); });
}

/// Calls that open a library by name: Python's ctypes and cffi, Ruby's FFI and Fiddle, LuaJIT's,
/// PHP's FFI::cdef.
bool opens_libraries(std::string_view code) {
    static constexpr std::array<std::string_view, 8> calls{
        "find_library", "CDLL(",  "LoadLibrary(", "dlopen(",
        "ffi_lib",      "Fiddle", "ffi.load",     "FFI::cdef"};
    return std::any_of(calls.begin(), calls.end(), [&](std::string_view call) {
        return code.find(call) != std::string_view::npos;
    });
}

/// What stands in quotes and could be a library's name, with or without "lib" and ".so".
std::set<std::string_view> quoted_names(std::string_view code) {
    std::set<std::string_view> names;
    for (std::size_t at = code.find_first_of("'\""); at != std::string_view::npos;
         at = code.find_first_of("'\"", at + 1)) {
        const std::string_view rest = code.substr(at + 1, 64);
        const std::size_t end = rest.find_first_not_of(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-");
        if (end != 0 && end != std::string_view::npos && rest[end] == code[at]) {
            names.insert(rest.substr(0, end));
        }
    }
    return names;
}

/// The program whose interpreter runs the script: the nearest one up the chain of reasons.
std::optional<NodeId> interpreter_of(Evidence& evidence, NodeId script) {
    std::deque<NodeId> work{script};
    std::set<NodeId> seen{script};
    while (!work.empty()) {
        const NodeId node = work.front();
        work.pop_front();
        if (const auto link = evidence.links().find(node);
            link != evidence.links().end() && link->second.kind != Link::Kind::none) {
            return node;
        }
        for (const Reason& reason : evidence.kept().at(node)) {
            if (reason.from && evidence.is_kept(*reason.from) && seen.insert(*reason.from).second) {
                work.push_back(*reason.from);
            }
        }
    }
    return std::nullopt;
}

/// Where libraries are: beside those of the program, and the loaders' common folders.
std::set<std::string> library_folders(Evidence& evidence, NodeId program) {
    std::set<std::string> folders{"/lib", "/usr/lib", "/usr/lib64", "/usr/local/lib"};
    for (const LoadedObject& object : evidence.links().at(program).objects) {
        if (object.file != program) {
            folders.emplace(path::parent(evidence.rootfs()[object.file].path));
        }
    }
    return folders;
}

/// "libmagic.so.1" for "magic": what a search for the name finds, by the names that the linker and
/// the loader use, not by the file's full version.
std::set<std::string> libraries_called(Evidence& evidence, NodeId program, std::string_view name) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const std::string start = "lib" + std::string(name) + ".so";
    std::set<std::string> found;
    for (const std::string& folder : library_folders(evidence, program)) {
        const auto node = tree.resolve(folder).node;
        if (!node) {
            continue;
        }
        for (const NodeId file : tree.children(*node)) {
            const std::string_view base = path::basename(tree[file].path);
            const std::string_view version =
                base.starts_with(start) ? base.substr(start.size()) : "?";
            if (version.empty() || (version.starts_with('.') && version.rfind('.') == 0)) {
                found.emplace(base);
            }
        }
    }
    return found;
}

void inspect(Evidence& evidence, NodeId node) {
    const rootfs::Node& file = evidence.rootfs()[node];
    // Modules of Python itself explain these calls with examples.
    if (!file.is_file() || !is_script(file.path) || is_python_standard_library(file.path)) {
        return;
    }
    const std::string_view code = evidence.text(node);
    if (code.size() > largest_code || !opens_libraries(code)) {
        return;
    }
    const auto program = interpreter_of(evidence, node);
    if (!program) {
        return;
    }
    bool any = false;
    for (const std::string_view name : quoted_names(code)) {
        const Reason reason{foreign_function.id, node, Confidence::likely,
                            "opens libraries and names " + std::string(name)};
        if (name.starts_with("lib") && name.find(".so") != std::string_view::npos) {
            any = keep_dlopened(evidence, *program, name, reason) || any;
            continue;
        }
        for (const std::string& library : libraries_called(evidence, *program, name)) {
            any = keep_dlopened(evidence, *program, library, reason) || any;
        }
    }
    // ctypes.util.find_library asks ldconfig what there is (Lib/ctypes/util.py).
    if (any && code.find("find_library") != std::string_view::npos) {
        evidence.keep_path("/sbin/ldconfig", {foreign_function.id, node, Confidence::likely,
                                              "find_library reads what ldconfig -p prints"});
    }
}

}  // namespace

const Rule foreign_function{.id = "foreign-function",
                            .summary = "a library that a script opens by name",
                            .inspect = inspect};

}  // namespace slimimg::closure::rules
