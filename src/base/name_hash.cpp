#include "slimimg/base/name_hash.hpp"

#include <bit>
#include <cerrno>
#include <system_error>

#include <unistd.h>

#include "slimimg/base/bytes.hpp"

namespace slimimg {
namespace {

struct State {
    std::uint64_t v0;
    std::uint64_t v1;
    std::uint64_t v2;
    std::uint64_t v3;

    void round() {
        v0 += v1;
        v1 = std::rotl(v1, 13) ^ v0;
        v0 = std::rotl(v0, 32);
        v2 += v3;
        v3 = std::rotl(v3, 16) ^ v2;
        v0 += v3;
        v3 = std::rotl(v3, 21) ^ v0;
        v2 += v1;
        v1 = std::rotl(v1, 17) ^ v2;
        v2 = std::rotl(v2, 32);
    }
    void take(std::uint64_t word) {
        v3 ^= word;
        round();
        v0 ^= word;
    }
};

SipKey random_key() {
    SipKey key{};
    if (getentropy(key.data(), sizeof(key)) != 0) {
        throw std::system_error(errno, std::generic_category(), "random bytes");
    }
    return key;
}

}  // namespace

std::uint64_t sip_hash(const SipKey& key, std::string_view text) {
    State state{key[0] ^ 0x736f6d6570736575, key[1] ^ 0x646f72616e646f6d,
                key[0] ^ 0x6c7967656e657261, key[1] ^ 0x7465646279746573};
    const std::size_t words = text.size() / 8;
    for (std::size_t i = 0; i < words; ++i) {
        state.take(little_endian_word(text.data() + 8 * i));
    }
    // What is left, and the length in the last byte.
    std::array<char, 8> last{};
    text.copy(last.data(), text.size() % 8, 8 * words);
    last[7] = static_cast<char>(text.size());
    state.take(little_endian_word(last.data()));
    state.v2 ^= 0xFF;
    state.round();
    state.round();
    state.round();
    return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::size_t NameHash::operator()(std::string_view name) const {
    static const SipKey key = random_key();
    return sip_hash(key, name);
}

}  // namespace slimimg
