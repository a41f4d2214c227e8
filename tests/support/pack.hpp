#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <libdeflate.h>
#include <lzma.h>
#include <zstd.h>

/// Compresses by the libraries themselves, so that what is read was not written by the code under
/// test.
namespace test {

inline std::string gzip(std::string_view plain) {
    libdeflate_compressor* compressor = libdeflate_alloc_compressor(6);
    std::string packed(libdeflate_gzip_compress_bound(compressor, plain.size()), '\0');
    packed.resize(libdeflate_gzip_compress(compressor, plain.data(), plain.size(), packed.data(),
                                           packed.size()));
    libdeflate_free_compressor(compressor);
    return packed;
}

inline std::string zstd(std::string_view plain) {
    std::string packed(ZSTD_compressBound(plain.size()), '\0');
    packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
    return packed;
}

inline std::string xz(std::string_view plain) {
    std::string packed(lzma_stream_buffer_bound(plain.size()), '\0');
    std::size_t size = 0;
    if (lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, nullptr,
                                reinterpret_cast<const std::uint8_t*>(plain.data()), plain.size(),
                                reinterpret_cast<std::uint8_t*>(packed.data()), &size,
                                packed.size()) != LZMA_OK) {
        throw std::runtime_error("xz");
    }
    packed.resize(size);
    return packed;
}

/// Bytes that neither compress to nothing nor stay as they are; equal for equal arguments.
inline std::string sample(std::size_t size, std::uint32_t seed = 1) {
    std::string text;
    text.reserve(size + 16);
    while (text.size() < size) {
        seed = seed * 1664525 + 1013904223;
        text += seed % 3 == 0 ? "/usr/lib/" : std::to_string(seed);
    }
    text.resize(size);
    return text;
}

}  // namespace test
