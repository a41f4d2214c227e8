#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>

#include <doctest/doctest.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "slimimg/base/name_hash.hpp"

using namespace slimimg;

namespace {

/// OpenSSL's SipHash with one round a word and three at the end.
std::uint64_t openssl_sip_hash(const SipKey& key, const std::string& text) {
    const std::unique_ptr<EVP_MAC, void (*)(EVP_MAC*)> mac(
        EVP_MAC_fetch(nullptr, "SIPHASH", nullptr), EVP_MAC_free);
    REQUIRE(mac);
    const std::unique_ptr<EVP_MAC_CTX, void (*)(EVP_MAC_CTX*)> context(EVP_MAC_CTX_new(mac.get()),
                                                                       EVP_MAC_CTX_free);
    std::size_t size = 8;
    unsigned compression = 1;
    unsigned finalization = 3;
    const std::array<OSSL_PARAM, 4> parameters{OSSL_PARAM_construct_size_t("size", &size),
                                               OSSL_PARAM_construct_uint("c-rounds", &compression),
                                               OSSL_PARAM_construct_uint("d-rounds", &finalization),
                                               OSSL_PARAM_construct_end()};
    REQUIRE(EVP_MAC_init(context.get(), reinterpret_cast<const unsigned char*>(key.data()),
                         sizeof(key), parameters.data()) == 1);
    REQUIRE(EVP_MAC_update(context.get(), reinterpret_cast<const unsigned char*>(text.data()),
                           text.size()) == 1);
    std::uint64_t hash = 0;
    std::size_t written = 0;
    REQUIRE(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(&hash), &written,
                          sizeof(hash)) == 1);
    return hash;
}

}  // namespace

TEST_CASE("the hash of names is SipHash-1-3") {
    const SipKey key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
    std::string text;
    for (int i = 0; i < 70; ++i) {
        CAPTURE(i);
        CHECK(sip_hash(key, text) == openssl_sip_hash(key, text));
        text += static_cast<char>(i * 37);
    }
}

TEST_CASE("names are hashed under one key in a process, and found by views") {
    CHECK(NameHash()("a") == NameHash()(std::string("a")));
    CHECK(NameHash()("a") != sip_hash({0, 0}, "a"));
    const NameMap<int> map{{"a", 1}};
    CHECK(map.find(std::string_view("a"))->second == 1);
    std::set<std::size_t> hashes;
    for (int i = 0; i < 1000; ++i) {
        hashes.insert(NameHash()(std::to_string(i)));
    }
    CHECK(hashes.size() == 1000);
}
