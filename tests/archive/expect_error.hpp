#pragma once

#include <functional>
#include <string_view>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

namespace test {

/// Checks that `work` throws an Error of this code whose message holds `part`.
inline void expect_error(std::string_view code, std::string_view part,
                         const std::function<void()>& work,
                         slimimg::Exit status = slimimg::Exit::bad_input) {
    try {
        work();
        FAIL_CHECK("nothing was thrown, expected " << code);
    } catch (const slimimg::Error& error) {
        CHECK(error.code() == code);
        CHECK(error.status() == status);
        CHECK_MESSAGE(error.message().find(part) != std::string::npos, error.message());
    }
}

}  // namespace test
