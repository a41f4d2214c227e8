#include "image/json.hpp"

#include "slimimg/base/error.hpp"
#include "slimimg/base/limit_names.hpp"
#include "slimimg/base/path.hpp"

namespace slimimg::image {
namespace {

[[noreturn]] void throw_json(
    std::string_view what, const std::string& problem,
    const std::string& hint = "the image is damaged; save or pull it again") {
    throw Error(Exit::bad_input, "json", std::string(what) + problem, hint);
}

/// Asked while JSON is read, before what it asks of the machine is built.
class Guard {
  public:
    Guard(const Limits& limits, std::string_view what) : limits_(limits), what_(what) {}

    void check(int depth, Json::parse_event_t event) {
        if (static_cast<std::uint64_t>(depth) > limits_.json_depth) {
            throw_json(what_,
                       ": its JSON is nested deeper than " + std::to_string(limits_.json_depth),
                       raise_hint(&Limits::json_depth));
        }
        if (event == Json::parse_event_t::object_start) {
            keys_.push_back(0);
        } else if (event == Json::parse_event_t::object_end) {
            keys_.pop_back();
        } else if (event == Json::parse_event_t::key) {
            // An object that keeps its keys' order looks at all of them for each new one.
            looks_ += ++keys_.back();
            if (looks_ > most_looks) {
                throw_json(what_, ": its JSON has objects with too many keys");
            }
        }
    }

  private:
    static constexpr std::uint64_t most_looks = 1ULL << 27;

    const Limits& limits_;
    std::string_view what_;
    std::vector<std::uint64_t> keys_;  // of the objects around
    std::uint64_t looks_ = 0;
};

}  // namespace

Json parse_json(Bytes text, const Limits& limits, std::string_view what) {
    if (text.size() > limits.json_bytes) {
        throw_json(what,
                   ": its JSON has " + std::to_string(text.size()) + " bytes, over the limit of " +
                       std::to_string(limits.json_bytes),
                   raise_hint(&Limits::json_bytes));
    }
    Guard guard(limits, what);
    try {
        return Json::parse(as_text(text), [&](int depth, Json::parse_event_t event, Json&) {
            guard.check(depth, event);
            return true;
        });
    } catch (const Json::parse_error& error) {
        throw_json(what, ": it is no valid JSON, at byte " + std::to_string(error.byte));
    } catch (const Json::exception&) {
        throw_json(what, ": its JSON holds a number that is too large");
    }
}

void JsonView::fail(std::string_view problem) const {
    throw_json(what_, (place_.empty() ? " " : ": " + path::printable(place_.substr(0, 200)) + " ") +
                          std::string(problem));
}

JsonView JsonView::member(std::string_view key) const {
    static const Json none;
    std::string place = place_ + (place_.empty() ? "" : ".") + std::string(key);
    if (value_->is_null()) {
        return {none, what_, std::move(place)};
    }
    if (!value_->is_object()) {
        fail("is no object");
    }
    const auto at = value_->find(std::string(key));
    return {at == value_->end() ? none : *at, what_, std::move(place)};
}

std::vector<JsonView> JsonView::items() const {
    std::vector<JsonView> views;
    if (value_->is_null()) {
        return views;
    }
    if (!value_->is_array()) {
        fail("is no list");
    }
    views.reserve(value_->size());
    for (std::size_t i = 0; i < value_->size(); ++i) {
        views.push_back({(*value_)[i], what_, place_ + "[" + std::to_string(i) + "]"});
    }
    return views;
}

std::vector<std::string> JsonView::keys() const {
    std::vector<std::string> keys;
    if (value_->is_null()) {
        return keys;
    }
    if (!value_->is_object()) {
        fail("is no object");
    }
    for (const auto& [key, value] : value_->items()) {
        keys.push_back(key);
    }
    return keys;
}

std::string JsonView::text() const {
    if (value_->is_null()) {
        return {};
    }
    if (!value_->is_string()) {
        fail("is no text");
    }
    return value_->get<std::string>();
}

std::vector<std::string> JsonView::texts() const {
    std::vector<std::string> texts;
    if (value_->is_string()) {
        return {text()};  // Docker takes one text for a list of one: its Entrypoint was one once
    }
    for (const JsonView& item : items()) {
        texts.push_back(item.text());
    }
    return texts;
}

std::map<std::string, std::string> JsonView::text_map() const {
    std::map<std::string, std::string> map;
    if (value_->is_null()) {
        return map;
    }
    if (!value_->is_object()) {
        fail("is no object");
    }
    for (const auto& [key, value] : value_->items()) {
        map[key] = JsonView(value, what_, place_ + "." + key).text();
    }
    return map;
}

std::optional<std::uint64_t> JsonView::size() const {
    if (value_->is_null()) {
        return std::nullopt;
    }
    if (!value_->is_number_unsigned()) {
        fail("is no size");
    }
    return value_->get<std::uint64_t>();
}

bool JsonView::flag() const {
    if (value_->is_null()) {
        return false;
    }
    if (!value_->is_boolean()) {
        fail("is neither true nor false");
    }
    return value_->get<bool>();
}

}  // namespace slimimg::image
