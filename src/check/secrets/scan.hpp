#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "check/inspection.hpp"

namespace slimimg::check::secrets {

/// A secret in a file of some layer.
struct FoundSecret {
    std::string kind;
    std::string path;
    std::size_t layer = 0;
    std::size_t line = 0;                  ///< from 1
    std::string identity;                  ///< what tells it from others, without telling it
    std::optional<std::size_t> hidden_by;  ///< the layer that replaces or deletes the file
    bool deleted = false;                  ///< and does not replace it
};

/// All that is found in text files of all layers, in order of path and line; each once, where it
/// can be seen if it can be. What packages install, and samples, are left out.
std::vector<FoundSecret> scan_layers(const Inspection& look);

/// Of a text that is no file: a variable, a step of the history.
std::vector<FoundSecret> scan_text(std::string_view text);

}  // namespace slimimg::check::secrets
