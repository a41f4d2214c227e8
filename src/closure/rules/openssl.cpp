#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/path.hpp"

#include "closure/rules/constant_strings.hpp"
#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// A folder of what libcrypto opens besides itself; the calls that lead there (OpenSSL's
/// crypto/provider_core.c and crypto/engine/eng_list.c), and the words of openssl.cnf that do
/// (crypto/provider_conf.c, crypto/engine/eng_cnf.c).
struct Plugins {
    std::string_view folder;  ///< what its name starts with
    std::array<std::string_view, 4> calls;
    std::array<std::string_view, 3> settings;
};
constexpr std::array<Plugins, 2> kinds{
    {{"ossl-modules",
      {"OSSL_PROVIDER_load", "OSSL_PROVIDER_load_ex", "OSSL_PROVIDER_try_load",
       "OSSL_PROVIDER_set_default_search_path"},
      {"legacy", "fips", "module"}},
     {"engines-",
      {"ENGINE_by_id", "ENGINE_load_dynamic", "ENGINE_load_private_key", "ENGINE_load_public_key"},
      {"engines", "dynamic_path", "engine_id"}}}};

bool is_openssl(Evidence& evidence, NodeId node) {
    const elf::ElfFacts* facts = evidence.elf(node);
    return facts != nullptr && facts->soname && facts->soname->starts_with("libcrypto.so.");
}

bool uses_openssl(const elf::ElfFacts& facts) {
    return std::any_of(facts.needed.begin(), facts.needed.end(), [](const std::string& name) {
        return name.starts_with("libcrypto.so") || name.starts_with("libssl.so");
    });
}

bool is_configuration(std::string_view path) {
    return path.ends_with(".cnf") && path.find("/ssl/") != std::string_view::npos;
}

bool is_set(std::string_view text, std::string_view setting) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.substr(0, line.find('#')).find(setting) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

/// How a kept file asks for plugins of this kind; empty where it doesn't.
std::string asking(Evidence& evidence, NodeId node, const Plugins& plugins) {
    if (const elf::ElfFacts* facts = evidence.elf(node)) {
        for (const std::string_view call : plugins.calls) {
            if (uses_openssl(*facts) && evidence.imports(node, call)) {
                return "calls " + std::string(call);
            }
        }
    } else if (is_configuration(evidence.rootfs()[node].path)) {
        for (const std::string_view setting : plugins.settings) {
            if (is_set(evidence.text(node), setting)) {
                return "sets " + std::string(setting);
            }
        }
    }
    return {};
}

void keep_plugins(Evidence& evidence, NodeId library, const Plugins& plugins,
                  const Reason& reason) {
    for_each_string(evidence, library, [&](std::string_view text) {
        if (text.starts_with('/') && path::basename(text).starts_with(plugins.folder)) {
            keep_named(evidence, text, reason);
        }
    });
}

void settle(Evidence& evidence) {
    std::vector<NodeId> libraries;
    std::vector<NodeId> others;
    for (const auto& [node, reasons] : evidence.kept()) {
        (is_openssl(evidence, node) ? libraries : others).push_back(node);
    }
    for (const NodeId library : libraries) {
        for (const Plugins& plugins : kinds) {
            for (const NodeId node : others) {
                if (const std::string how = asking(evidence, node, plugins); !how.empty()) {
                    keep_plugins(evidence, library, plugins,
                                 {openssl.id, node, Confidence::likely, how});
                }
            }
        }
    }
}

}  // namespace

const Rule openssl{.id = "openssl",
                   .summary = "OpenSSL's providers and engines, where something asks for them",
                   .settle = settle};

}  // namespace slimimg::closure::rules
