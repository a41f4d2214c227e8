#include "slimimg/base/bytes.hpp"

#include <cstring>
#include <string>

namespace slimimg {

bool contains(Bytes bytes, std::string_view text) {
    return memmem(bytes.data(), bytes.size(), text.data(), text.size()) != nullptr;
}

Slice slice_of(std::string_view text) {
    const auto owner = std::make_shared<const std::string>(text);
    return {as_bytes(*owner), owner};
}

}  // namespace slimimg
