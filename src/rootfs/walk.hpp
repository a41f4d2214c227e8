#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "slimimg/base/limits.hpp"

namespace slimimg::rootfs {

/// The names that a look-up of a path passes, those of the links it enters put in front. "." is
/// handed out too, also for a slash at the end: what stands before it must be a folder.
class Walk {
  public:
    Walk(std::string_view path, const Limits& limits) : text_(path), limits_(limits) {}

    /// The next name; nothing at the end.
    std::optional<std::string_view> next() {
        while (text_.empty() && !later_.empty()) {
            text_ = later_.back();
            later_.pop_back();
        }
        if (text_.empty()) {
            return std::nullopt;
        }
        text_.remove_prefix(std::min(text_.find_first_not_of('/'), text_.size()));
        if (text_.empty()) {
            return ".";
        }
        const std::string_view name = text_.substr(0, text_.find('/'));
        text_.remove_prefix(name.size());
        return name;
    }

    /// True where nothing stands behind the name that next() gave.
    [[nodiscard]] bool at_end() const { return text_.empty() && later_.empty(); }

    /// Puts `folder` in front of what is left.
    void put_in_front(std::string_view folder) {
        if (!text_.empty()) {
            later_.push_back(text_);
        }
        text_ = folder;
    }

    /// Goes on with a link's target. False where the kernel would refuse: it is empty or too long,
    /// or there were too many links.
    bool enter(std::string_view target) {
        if (target.empty() || target.size() > limits_.path_bytes || ++links_ > limits_.symlinks) {
            return false;
        }
        put_in_front(target);
        return true;
    }

  private:
    std::string_view text_;
    std::vector<std::string_view> later_;  // the nearest last
    std::uint64_t links_ = 0;
    const Limits& limits_;
};

}  // namespace slimimg::rootfs
