#include "slim/bases/bases.hpp"

#include <algorithm>
#include <array>

namespace slimimg::slim {

namespace bases {
const BaseStyle scratch{.id = "scratch",
                        .summary = "nothing but what the program needs",
                        .below = nullptr,
                        .parts = {}};
}

std::span<const BaseStyle* const> all_base_styles() {
    static const std::array<const BaseStyle*, 4> all{&bases::scratch, &bases::static_style,
                                                     &bases::base_style, &bases::cc_style};
    return all;
}

const BaseStyle* find_base_style(std::string_view id) {
    const auto styles = all_base_styles();
    const auto at = std::find_if(styles.begin(), styles.end(),
                                 [&](const BaseStyle* style) { return style->id == id; });
    return at == styles.end() ? nullptr : *at;
}

}  // namespace slimimg::slim
