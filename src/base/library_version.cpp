#include "slimimg/base/library_version.hpp"

#include <openssl/crypto.h>
#include <openssl/opensslv.h>

namespace slimimg {

std::vector<LibraryVersion> crypto_library_versions() {
    return {{"OpenSSL", OPENSSL_FULL_VERSION_STR, OpenSSL_version(OPENSSL_FULL_VERSION_STRING)}};
}

}  // namespace slimimg
