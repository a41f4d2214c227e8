#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>

#include "slimimg/base/one_of.hpp"
#include "slimimg/base/path.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// Screens without a machine's own: what is drawn there the processor draws.
constexpr std::array<std::string_view, 6> screens{"Xvfb",      "Xvnc", "Xtightvnc",
                                                  "Xtigervnc", "xpra", "weston"};

bool is_screen(std::string_view path) {
    return is_one_of(path::basename(path), screens);
}

/// A program that draws by OpenGL, or a module of Python that does. What libraries of widgets can
/// do besides is left to those: Mesa's compiler is larger than most applications.
bool draws(Evidence& evidence, NodeId node) {
    static constexpr std::array<std::string_view, 5> libraries{
        "libEGL.so.1", "libGL.so.1", "libGLEW.so.2.2", "libGLU.so.1", "libOpenGL.so.0"};
    const std::string_view path = evidence.rootfs()[node].path;
    const elf::ElfFacts* facts = evidence.elf(node);
    const bool counts = facts != nullptr && !is_screen(path) &&
                        (facts->is_program() || path.find("-packages/") != path.npos);
    return counts &&
           std::any_of(facts->needed.begin(), facts->needed.end(),
                       [](const std::string& needed) { return is_one_of(needed, libraries); });
}

bool draws_by_itself(Evidence& evidence) {
    if (evidence.config().env_value("LIBGL_ALWAYS_SOFTWARE")) {
        return true;
    }
    const auto& kept = evidence.kept();
    return std::any_of(kept.begin(), kept.end(),
                       [&](const auto& entry) {
                           const Node& node = evidence.rootfs()[entry.first];
                           return node.is_executable() && is_screen(node.path);
                       }) &&
           std::any_of(kept.begin(), kept.end(),
                       [&](const auto& entry) { return draws(evidence, entry.first); });
}

/// Drivers are the host's, who lends a device; Mesa's for the processor are the image's.
void settle(Evidence& evidence) {
    static constexpr std::array<std::string_view, 4> interfaces{"libEGL.so.1", "libGL.so.1",
                                                                "libGLX.so.0", "libgbm.so.1"};
    static constexpr std::array<std::string_view, 4> drivers{
        "libEGL_mesa.so.0", "libGLX_mesa.so.0", "dri/kms_swrast_dri.so", "dri/swrast_dri.so"};
    std::set<std::string> folders;
    for (const auto& [node, reasons] : evidence.kept()) {
        const std::string_view path = evidence.rootfs()[node].path;
        if (is_one_of(path::basename(path), interfaces)) {
            folders.emplace(path::parent(path));
        }
    }
    if (folders.empty() || !draws_by_itself(evidence)) {
        return;
    }
    const Reason reason{software_graphics.id, std::nullopt, Confidence::likely,
                        "the processor draws where there is no device"};
    for (const std::string& folder : folders) {
        for (const std::string_view driver : drivers) {
            evidence.keep_path(path::join(folder, driver), reason);
        }
    }
    keep_named(evidence, "/usr/share/glvnd/egl_vendor.d", reason);
}

}  // namespace

const Rule software_graphics{
    .id = "software-graphics", .summary = "Mesa's drivers that need no device", .settle = settle};

}  // namespace slimimg::closure::rules
