#pragma once

#include <vector>

#include "slimimg/slim/base_style.hpp"
#include "slimimg/slim/slim.hpp"

#include "slim/plan.hpp"

/// From a base style to an image: what the closure keeps for it, what is made, what is missing.
namespace slimimg::slim::bases {

/// The style of an image by what its programs link: static where nothing is linked, cc where the
/// compilers' libraries are, else base.
const BaseStyle& choose_style(const rootfs::Rootfs& rootfs, const closure::Closure& closure);

/// The image's own files that a style has, for closure::Request::base.
std::vector<closure::BasePath> wanted_paths(const BaseStyle& style, const rootfs::Rootfs& rootfs,
                                            const image::Config& config);

/// Parts that neither the image nor a text of slimimg's has, one note each.
std::vector<Diagnostic> missing_parts(const BaseStyle& style, const rootfs::Rootfs& rootfs,
                                      const image::Config& config);

}  // namespace slimimg::slim::bases
