#include "slimimg/base/text.hpp"

#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>

namespace slimimg {

Text::Block* Text::new_block(std::string_view text) {
    if (text.size() > std::numeric_limits<std::uint32_t>::max()) {
        throw std::length_error("a text of over 4 GB");
    }
    void* memory = ::operator new(sizeof(Block) + text.size() + 1);
    auto* block = new (memory) Block{1, static_cast<std::uint32_t>(text.size())};
    auto* characters = reinterpret_cast<char*>(block + 1);
    std::memcpy(characters, text.data(), text.size());
    characters[text.size()] = '\0';
    return block;
}

void Text::drop(Block* block) noexcept {
    block->~Block();
    ::operator delete(block);
}

}  // namespace slimimg
