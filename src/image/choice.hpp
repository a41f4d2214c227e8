#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "slimimg/base/diagnostic.hpp"
#include "slimimg/image/image.hpp"
#include "slimimg/image/reader.hpp"

namespace slimimg::image {

/// One of the images of an archive.
struct Candidate {
    std::vector<std::string> names;    ///< to be shown
    std::vector<std::string> aliases;  ///< by which --tag may ask for it besides
};

/// The place of the image that `selection` asks for. Where it leaves a choice: the first image, and
/// of its platforms that of this machine; a note then names the others. `platform_of` is asked only
/// where it decides. Throws Error (usage) naming what there is where nothing fits.
std::size_t choose(const std::vector<Candidate>& candidates, const Selection& selection,
                   const std::function<Platform(std::size_t)>& platform_of,
                   const std::string& source, std::vector<Diagnostic>& diagnostics);

}  // namespace slimimg::image
