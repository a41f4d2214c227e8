#include "slimimg/base/seal.hpp"

#include <algorithm>
#include <memory>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/parallel.hpp"

#include "base/crypto.hpp"

namespace slimimg {
namespace {

[[noreturn]] void throw_crypto(std::string_view what) {
    throw Error(Exit::internal, "crypto", "OpenSSL can't compute " + std::string(what),
                "install libssl3 again: its libcrypto.so is damaged");
}

EVP_MAC* fetch() {
    OSSL_LIB_CTX* const context = crypto_context();
    return context == nullptr ? nullptr : EVP_MAC_fetch(context, "POLY1305", nullptr);
}

class Poly1305 {
  public:
    Poly1305()
        : algorithm_(fetch(), EVP_MAC_free),
          context_(algorithm_ ? EVP_MAC_CTX_new(algorithm_.get()) : nullptr, EVP_MAC_CTX_free) {
        if (!context_) {
            throw_crypto("Poly1305");
        }
    }

    Seal tag(const SealKey& key, Bytes bytes) {
        Seal seal{};
        std::size_t size = 0;
        if (EVP_MAC_init(context_.get(), key.data(), key.size(), nullptr) != 1 ||
            EVP_MAC_update(context_.get(), reinterpret_cast<const unsigned char*>(bytes.data()),
                           bytes.size()) != 1 ||
            EVP_MAC_final(context_.get(), seal.data(), &size, seal.size()) != 1) {
            throw_crypto("Poly1305");
        }
        return seal;
    }

  private:
    std::unique_ptr<EVP_MAC, decltype(&EVP_MAC_free)> algorithm_;
    std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context_;
};

}  // namespace

SealKey random_seal_key() {
    SealKey key{};
    OSSL_LIB_CTX* const context = crypto_context();
    if (context == nullptr || RAND_priv_bytes_ex(context, key.data(), key.size(), 0) != 1) {
        throw_crypto("random bytes");
    }
    return key;
}

Seal seal(const SealKey& key, Bytes bytes) {
    return Poly1305().tag(key, bytes);
}

std::vector<Seal> seal_pieces(const SealKey& key, Bytes bytes, const RunOptions& options) {
    std::vector<Seal> seals((bytes.size() + seal_piece_bytes - 1) / seal_piece_bytes);
    // A run of pieces for each thread: a context costs more than a piece of a small layer.
    const std::size_t runs = std::min<std::size_t>(std::max(options.threads, 1U), seals.size());
    parallel_for(options.threads, runs, [&](std::size_t run) {
        Poly1305 poly;
        for (std::size_t i = run; i < seals.size(); i += runs) {
            const Bytes rest = bytes.subspan(i * seal_piece_bytes);
            seals[i] = poly.tag(key, rest.first(std::min(seal_piece_bytes, rest.size())));
        }
    });
    return seals;
}

}  // namespace slimimg
