#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/limits.hpp"

/// Untrusted JSON, read with limits.
namespace slimimg::image {

using Json = nlohmann::ordered_json;

/// Throws Error (bad_input) naming `what` where the text is no JSON, too deep or too long.
Json parse_json(Bytes text, const Limits& limits, std::string_view what);

/// A value in a JSON document and where it stands. As in the engines, null counts as absent, and an
/// absent value reads as empty; a value of another type than asked for is an Error (bad_input) that
/// names the place.
class JsonView {
  public:
    /// The document itself; both must outlive the view.
    JsonView(const Json& value, std::string_view what) : value_(&value), what_(what) {}

    [[nodiscard]] bool is_absent() const { return value_->is_null(); }
    [[nodiscard]] bool is_object() const { return value_->is_object(); }

    [[nodiscard]] JsonView member(std::string_view key) const;
    [[nodiscard]] std::vector<JsonView> items() const;
    /// The keys of an object that is used as a set.
    [[nodiscard]] std::vector<std::string> keys() const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::vector<std::string> texts() const;
    [[nodiscard]] std::map<std::string, std::string> text_map() const;
    [[nodiscard]] std::optional<std::uint64_t> size() const;
    [[nodiscard]] bool flag() const;

    /// Throws Error (bad_input): "config sha256:…: history[3].created is no text".
    [[noreturn]] void fail(std::string_view problem) const;

  private:
    JsonView(const Json& value, std::string_view what, std::string place)
        : value_(&value), what_(what), place_(std::move(place)) {}

    const Json* value_;
    std::string_view what_;
    std::string place_;
};

}  // namespace slimimg::image
