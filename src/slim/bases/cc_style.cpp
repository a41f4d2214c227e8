#include "slim/bases/bases.hpp"

namespace slimimg::slim::bases {

const BaseStyle cc_style{
    .id = "cc",
    .summary = "base, and what compiled C++, Rust and OpenMP programs link",
    .below = &base_style,
    .parts = {
        {.what = "unwinder", .names = {"libgcc_s.so.1"}, .library = true, .text = ""},
        {.what = "C++ library", .names = {"libstdc++.so.6"}, .library = true, .text = ""},
        {.what = "OpenMP library", .names = {"libgomp.so.1"}, .library = true, .text = ""},
    }};

}  // namespace slimimg::slim::bases
