#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/called_library.hpp"
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
        any = keep_called_library(evidence, *program, name, reason) || any;
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
