#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/limits.hpp"

/// Untrusted JSON, read with limits; engines take null for absent, and so do these.
namespace slimimg::image {

using Json = nlohmann::ordered_json;

/// Throws Error (bad_input) naming `what` where the text is no JSON, too deep or too long.
Json parse_json(Bytes text, const Limits& limits, std::string_view what);

/// The member of an object; null JSON where it is absent or `object` is none.
const Json& member(const Json& object, const char* key);

/// The text, list or number of a member; empty where it is absent or null. Throws Error
/// (bad_input) for another type.
std::string text_member(const Json& object, const char* key, std::string_view what);
std::vector<std::string> list_member(const Json& object, const char* key, std::string_view what);
std::optional<std::uint64_t> size_member(const Json& object, const char* key);

}  // namespace slimimg::image
