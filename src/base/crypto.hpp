#pragma once

#include <openssl/types.h>

namespace slimimg {

/// A context of OpenSSL's into which no configuration is loaded: what a machine's openssl.cnf
/// allows or loads has no say in what formats and caches are made of. Kept as long as the process;
/// null where OpenSSL can't make one.
OSSL_LIB_CTX* crypto_context();

}  // namespace slimimg
