#include "slimimg/base/digest.hpp"

#include <algorithm>
#include <new>
#include <span>

#include <openssl/evp.h>

#include "slimimg/base/error.hpp"

#include "base/crypto.hpp"

namespace slimimg {
namespace {

std::optional<std::uint8_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') {
        return static_cast<std::uint8_t>(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return static_cast<std::uint8_t>(c - 'a' + 10);
    }
    return std::nullopt;
}

std::string hex_digits(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

[[noreturn]] void throw_crypto(std::string_view algorithm = "SHA-256") {
    throw Error(Exit::internal, "crypto", "OpenSSL can't compute " + std::string(algorithm),
                "install libssl3 again: its libcrypto.so is damaged");
}

EVP_MD* fetch(const char* algorithm) {
    OSSL_LIB_CTX* const context = crypto_context();
    return context == nullptr ? nullptr : EVP_MD_fetch(context, algorithm, nullptr);
}

const EVP_MD* sha256_algorithm() {
    static const EVP_MD* const algorithm = fetch("SHA256");
    return algorithm;
}

std::string hex_of(const char* name, Bytes bytes) {
    const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm(fetch(name), EVP_MD_free);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (algorithm == nullptr || EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size,
                                           algorithm.get(), nullptr) != 1) {
        throw_crypto(name);
    }
    return hex_digits(std::span(digest).first(size));
}

}  // namespace

OSSL_LIB_CTX* crypto_context() {
    static OSSL_LIB_CTX* const context = OSSL_LIB_CTX_new();
    return context;
}

struct Hasher::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    State() = default;
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() { EVP_MD_CTX_free(context); }
};

std::string Digest::hex() const {
    return hex_digits(value);
}

std::optional<Digest> Digest::parse(std::string_view text) {
    static constexpr std::string_view prefix = "sha256:";
    if (text.starts_with(prefix)) {
        text.remove_prefix(prefix.size());
    }
    Digest digest;
    if (text.size() != 2 * digest.value.size()) {
        return std::nullopt;
    }
    for (std::size_t i = 0; i < digest.value.size(); ++i) {
        const auto high = hex_digit(text[2 * i]);
        const auto low = hex_digit(text[2 * i + 1]);
        if (!high || !low) {
            return std::nullopt;
        }
        digest.value[i] = static_cast<std::uint8_t>(*high << 4 | *low);
    }
    return digest;
}

Hasher::Hasher() : state_(std::make_unique<State>()) {
    const EVP_MD* const algorithm = sha256_algorithm();
    if (state_->context == nullptr || algorithm == nullptr ||
        EVP_DigestInit_ex(state_->context, algorithm, nullptr) != 1) {
        throw_crypto();
    }
}

Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(Bytes bytes) {
    if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) {
        throw_crypto();
    }
}

Digest Hasher::finish() {
    Digest digest;
    if (EVP_DigestFinal_ex(state_->context, digest.value.data(), nullptr) != 1) {
        throw_crypto();
    }
    return digest;
}

Digest sha256(Bytes bytes) {
    Hasher hasher;
    hasher.update(bytes);
    return hasher.finish();
}

std::string md5_hex(Bytes bytes) {
    return hex_of("MD5", bytes);
}

std::string sha1_hex(Bytes bytes) {
    return hex_of("SHA1", bytes);
}

}  // namespace slimimg
