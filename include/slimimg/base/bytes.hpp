#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

namespace slimimg {

using Bytes = std::span<const std::byte>;

inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// The part [offset, offset+length) of `bytes`, or nothing where that is not wholly inside.
/// Safe for any two numbers read from untrusted input.
inline std::optional<Bytes> checked_subspan(Bytes bytes, std::uint64_t offset,
                                            std::uint64_t length) {
    if (offset > bytes.size() || length > bytes.size() - offset) {
        return std::nullopt;
    }
    return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
}

/// True where `text` stands somewhere in `bytes`. Looks at few of them (memmem(3), which skips).
bool contains(Bytes bytes, std::string_view text);

/// The unsigned integer of T's size at `offset`, in the given byte order; nothing past the end.
template <std::unsigned_integral T>
std::optional<T> read_uint(Bytes bytes, std::uint64_t offset,
                           std::endian order = std::endian::little) {
    const auto part = checked_subspan(bytes, offset, sizeof(T));
    if (!part) {
        return std::nullopt;
    }
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const std::size_t at = order == std::endian::big ? i : sizeof(T) - 1 - i;
        value =
            static_cast<T>((value << (sizeof(T) > 1 ? 8 : 0)) | std::to_integer<T>((*part)[at]));
    }
    return value;
}

/// The eight bytes at `bytes` as a number, the first one lowest.
inline std::uint64_t little_endian_word(const char* bytes) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes, sizeof(word));
    if constexpr (std::endian::native == std::endian::big) {
        word = __builtin_bswap64(word);
    }
    return word;
}

/// The NUL-terminated text at `offset`, without the NUL; nothing where no NUL follows.
inline std::optional<std::string_view> read_c_string(Bytes bytes, std::uint64_t offset) {
    if (offset >= bytes.size()) {
        return std::nullopt;
    }
    const std::string_view rest = as_text(bytes.subspan(static_cast<std::size_t>(offset)));
    const std::size_t end = rest.find('\0');
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    return rest.substr(0, end);
}

/// Bytes and whatever keeps them alive: a mapping of a file, a spooled layer, a buffer.
struct Slice {
    Bytes bytes;
    std::shared_ptr<const void> owner;

    [[nodiscard]] std::uint64_t size() const { return bytes.size(); }
    [[nodiscard]] std::string_view text() const { return as_text(bytes); }
    /// A part with the same owner; nothing where it is not wholly inside.
    [[nodiscard]] std::optional<Slice> sub(std::uint64_t offset, std::uint64_t length) const {
        const auto part = checked_subspan(bytes, offset, length);
        if (!part) {
            return std::nullopt;
        }
        return Slice{*part, owner};
    }
};

/// A slice that owns a copy of `text`.
Slice slice_of(std::string_view text);

}  // namespace slimimg
