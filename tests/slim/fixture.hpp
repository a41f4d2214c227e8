#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slimimg/slim/slim.hpp"

#include "support/archive.hpp"
#include "support/closure.hpp"

namespace test {

/// The closure of a tree that keeps what a request includes, and the plan made of it.
struct Planned : ClosureOf {
    slimimg::slim::Plan plan;

    Planned(slimimg::rootfs::Rootfs tree, std::vector<std::string> include,
            slimimg::image::Config image_config = {})
        : ClosureOf(std::move(tree), std::move(image_config), wanting(std::move(include))),
          plan(slimimg::slim::make_plan(rootfs, config, packages, closure)) {}

    [[nodiscard]] const slimimg::slim::PlanItem* item(std::string_view path) const {
        const auto at = std::find_if(plan.items.begin(), plan.items.end(),
                                     [&](const auto& item) { return item.path == path; });
        return at == plan.items.end() ? nullptr : &*at;
    }

  private:
    static slimimg::closure::Request wanting(std::vector<std::string> include) {
        slimimg::closure::Request request;
        request.include = std::move(include);
        return request;
    }
};

}  // namespace test
