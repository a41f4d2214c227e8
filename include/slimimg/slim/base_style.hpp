#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

/// What an image holds beside its program, in the manner of distroless's images.
namespace slimimg::slim {

/// Something that a base has: the image's own where it has it, else a small text, else missing.
struct BasePart {
    std::string_view what;  ///< "trust store", for the report
    /// Paths, of which the first that the image has is taken, whole where it is a folder; or where
    /// `library` is set sonames, all of them.
    std::vector<std::string_view> names;
    bool library = false;
    std::string_view text;  ///< content of the first path where the image has none; may be empty
};

/// A style is a file in src/slim/bases and a line in bases.cpp.
struct BaseStyle {
    std::string_view id;
    std::string_view summary;
    const BaseStyle* below = nullptr;  ///< whose parts it has too
    std::vector<BasePart> parts;

    /// True where it adds nothing to what the program needs.
    [[nodiscard]] bool is_empty() const { return below == nullptr && parts.empty(); }
};

/// From the smallest to the largest.
std::span<const BaseStyle* const> all_base_styles();
/// Null where there is no style of this name.
const BaseStyle* find_base_style(std::string_view id);

}  // namespace slimimg::slim
