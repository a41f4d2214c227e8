#include "slimimg/base/bytes.hpp"

#include <string>

namespace slimimg {

Slice slice_of(std::string_view text) {
    const auto owner = std::make_shared<const std::string>(text);
    return {as_bytes(*owner), owner};
}

}  // namespace slimimg
