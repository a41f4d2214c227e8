#include "image/json.hpp"

#include "slimimg/base/error.hpp"

namespace slimimg::image {
namespace {

[[noreturn]] void throw_json(std::string_view what, const std::string& problem) {
    throw Error(Exit::bad_input, "json", std::string(what) + ": " + problem,
                "the image is damaged; save or pull it again");
}

}  // namespace

Json parse_json(Bytes text, const Limits& limits, std::string_view what) {
    if (text.size() > limits.json_bytes) {
        throw_json(what, "its JSON has " + std::to_string(text.size()) +
                             " bytes, over the limit of " + std::to_string(limits.json_bytes));
    }
    const auto check_depth = [&](int depth, Json::parse_event_t /*event*/, Json& /*value*/) {
        if (depth > static_cast<int>(limits.json_depth)) {
            throw_json(what, "its JSON is nested deeper than " + std::to_string(limits.json_depth));
        }
        return true;
    };
    try {
        return Json::parse(as_text(text), check_depth);
    } catch (const Json::exception&) {
        throw_json(what, "it is no valid JSON");
    }
}

const Json& member(const Json& object, const char* key) {
    static const Json none;
    if (!object.is_object()) {
        return none;
    }
    const auto at = object.find(key);
    return at == object.end() ? none : *at;
}

std::string text_member(const Json& object, const char* key, std::string_view what) {
    const Json& value = member(object, key);
    if (value.is_null()) {
        return {};
    }
    if (!value.is_string()) {
        throw_json(what, "\"" + std::string(key) + "\" is no text");
    }
    return value.get<std::string>();
}

std::vector<std::string> list_member(const Json& object, const char* key, std::string_view what) {
    const Json& value = member(object, key);
    std::vector<std::string> list;
    if (value.is_null()) {
        return list;
    }
    if (value.is_string()) {
        return {value.get<std::string>()};  // Entrypoint was a plain text once
    }
    if (!value.is_array()) {
        throw_json(what, "\"" + std::string(key) + "\" is no list");
    }
    for (const Json& item : value) {
        if (!item.is_string()) {
            throw_json(what, "\"" + std::string(key) + "\" holds something that is no text");
        }
        list.push_back(item.get<std::string>());
    }
    return list;
}

std::optional<std::uint64_t> size_member(const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_number_unsigned() ? std::optional(value.get<std::uint64_t>()) : std::nullopt;
}

}  // namespace slimimg::image
