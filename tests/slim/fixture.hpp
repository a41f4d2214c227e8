#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slimimg/slim/slim.hpp"

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

/// Sets a variable of the environment for as long as it lives.
class Variable {
  public:
    Variable(std::string name, const std::string& value);
    ~Variable();
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

  private:
    std::string name_;
};

using Pack = std::string (*)(std::string_view);

/// A Docker-archive of the first generation: a config and layers, plain or packed, in one tar.
std::string docker_archive(const std::string& config, const std::vector<std::string>& layers,
                           const std::string& name = "app:1.0", Pack pack = nullptr);

/// A folder of its own that is gone with the object.
class Folder {
  public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    [[nodiscard]] std::string operator/(std::string_view name) const {
        return path_ + "/" + std::string(name);
    }
    /// Writes a file and returns its path.
    std::string file(std::string_view name, const std::string& content) const;
    /// The names of what is in it, sorted.
    [[nodiscard]] std::vector<std::string> names() const;

  private:
    std::string path_;
};

std::string read_file(const std::string& path);

}  // namespace test
