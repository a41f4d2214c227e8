#include <atomic>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include "slimimg/base/parallel.hpp"

using namespace slimimg;

TEST_CASE("parallel_for does all the work, whatever the thread count") {
    for (const unsigned threads : {0U, 1U, 3U, 16U}) {
        std::atomic<int> sum{0};
        parallel_for(threads, 10, [&](std::size_t i) { sum += static_cast<int>(i); });
        CHECK(sum == 45);
    }
}

TEST_CASE("parallel_for throws the first error by index") {
    for (const unsigned threads : {1U, 4U}) {
        try {
            parallel_for(threads, 10, [](std::size_t i) {
                if (i >= 3) {
                    throw std::runtime_error(std::to_string(i));
                }
            });
            FAIL("nothing thrown");
        } catch (const std::runtime_error& error) {
            CHECK(std::string(error.what()) == "3");
        }
    }
}
