#include "slim/bases/bases.hpp"

namespace slimimg::slim::bases {

const BaseStyle base_style{
    .id = "base",
    .summary = "static, and the C library and OpenSSL",
    .below = &static_style,
    .parts = {
        {.what = "C library",
         .names = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
                   "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2", "libc.musl-*.so.1"},
         .library = true,
         .text = ""},
        {.what = "OpenSSL",
         .names = {"libssl.so.*", "libcrypto.so.*"},
         .library = true,
         .text = ""},
    }};

}  // namespace slimimg::slim::bases
