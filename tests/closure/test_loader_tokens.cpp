#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "closure/loader/ld_cache_names.hpp"
#include "closure/loader/tokens.hpp"

using namespace slimimg::closure;
using namespace slimimg::closure::loader;

namespace {

std::string expand(std::string_view text,
                   Tokens tokens = {.origin = "/app/bin", .lib = "lib64", .platform = "x86_64"}) {
    return expand_tokens(text, tokens).value_or("(nothing)");
}

}  // namespace

TEST_SUITE("tokens of search paths") {
    TEST_CASE("known tokens are replaced, with braces and without") {
        CHECK(expand("$ORIGIN/../$LIB/${PLATFORM}/x") == "/app/bin/../lib64/x86_64/x");
        CHECK(expand("a${ORIGIN}b$LIB") == "a/app/binblib64");
    }

    TEST_CASE("a token ends where its name does") {
        CHECK(expand("$ORIGINAL") == "$ORIGINAL");
        CHECK(expand("$LIB_x") == "$LIB_x");
        CHECK(expand("${LIB") == "${LIB");
        CHECK(expand("${LIB}x") == "lib64x");
        CHECK(expand("$LIB-x") == "lib64-x");
        CHECK(expand("$$LIB$") == "$lib64$");
        CHECK(expand("$OTHER") == "$OTHER");
    }

    TEST_CASE("a path with an unknown platform is not used") {
        CHECK(expand("/x/$PLATFORM", {.origin = "/"}) == "(nothing)");
    }

    TEST_CASE("tokens are told from text") {
        CHECK(has_token("a/$LIB"));
        CHECK(!has_token("a/$LIBS/$"));
        CHECK(has_platform_token("$LIB/${PLATFORM}"));
        CHECK(!has_platform_token("$LIB"));
    }

    TEST_CASE("with AT_SECURE $ORIGIN stands first and leads to a default folder") {
        const std::vector<std::string> system{"/lib/", "/usr/lib/"};
        Tokens tokens{.origin = "/usr/lib/app",
                      .lib = "lib",
                      .secure = true,
                      .program = true,
                      .system_folders = system};
        CHECK(expand("$ORIGIN", tokens) == "/usr/lib/app");
        CHECK(expand("$ORIGIN/./x//y/..", tokens) == "/usr/lib/app/./x//y/..");
        CHECK(expand("$ORIGIN/..", tokens) == "/usr/lib/app/..");
        CHECK(expand("$ORIGIN/../../x", tokens) == "(nothing)");
        CHECK(expand("$ORIGIN/../../../lib/x", tokens) == "/usr/lib/app/../../../lib/x");
        CHECK(expand("$ORIGINx", tokens) == "$ORIGINx");
        CHECK(expand("$ORIGIN.d", tokens) == "(nothing)");
        CHECK(expand("x/$ORIGIN", tokens) == "(nothing)");
        CHECK(expand("/opt/$LIB", tokens) == "/opt/lib");
        tokens.program = false;
        CHECK(expand("$ORIGIN/../../x", tokens) == "/usr/lib/app/../../x");
    }

    TEST_CASE("musl knows the origin only, and any other dollar voids the whole") {
        CHECK(expand_musl_origin("$ORIGIN/a:/b:${ORIGIN}", "/app") == "/app/a:/b:/app");
        CHECK(expand_musl_origin("$ORIGINAL", "/app") == "/appAL");
        CHECK(!expand_musl_origin("/a:$LIB", "/app"));
        CHECK(!expand_musl_origin("$ORIGIN:$", "/app"));
        CHECK(expand_musl_origin("", "/app") == "");
    }

    TEST_CASE("names in the cache compare by their numbers") {
        CHECK(compare_cache_names("libx.so.9", "libx.so.10") < 0);
        CHECK(compare_cache_names("libx.so.010", "libx.so.10") == 0);
        CHECK(compare_cache_names("libx.so", "libx.so.1") < 0);
        CHECK(compare_cache_names("libx.so.1", "libx.so") > 0);
        CHECK(compare_cache_names("lib1", "libx") > 0);
        CHECK(compare_cache_names("liba", "libb") < 0);
        CHECK(compare_cache_names("", "") == 0);
    }
}
