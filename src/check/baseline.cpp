#include <algorithm>
#include <charconv>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/json_cursor.hpp"
#include "slimimg/check/settings.hpp"

namespace slimimg::check {
namespace {

/// An image of a report.
struct Measured {
    std::string name;
    std::optional<std::uint64_t> bytes;
};

/// The name without its tag: what stays from release to release.
std::string_view repository_of(std::string_view name) {
    const std::size_t colon = name.rfind(':');
    return colon == std::string_view::npos || name.find('/', colon) != std::string_view::npos
               ? name
               : name.substr(0, colon);
}

/// JsonCursor takes numbers without telling them: the text in between has it.
bool take_number(JsonCursor& cursor, std::optional<std::uint64_t>& number) {
    const std::string_view before = cursor.rest();
    if (!cursor.skip()) {
        return false;
    }
    std::string_view text = before.substr(0, before.size() - cursor.rest().size());
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && stop == text.data() + text.size()) {
        number = value;
    }
    return true;
}

bool take_text(JsonCursor& cursor, std::string& text) {
    const auto value = cursor.string();
    text = value.value_or("");
    return value.has_value();
}

bool take_image(JsonCursor& cursor, Measured& image) {
    return cursor.object([&](const std::string& key) {
        if (key == "name") {
            return take_text(cursor, image.name);
        }
        return key == "bytes" ? take_number(cursor, image.bytes) : cursor.skip();
    });
}

/// Of a report of check: its images; of one of analyze or rebuild: the image before.
bool take_report(JsonCursor& cursor, std::vector<Measured>& images) {
    Measured one;
    const bool whole = cursor.object([&](const std::string& key) {
        if (key == "images") {
            return cursor.array([&] { return take_image(cursor, images.emplace_back()); });
        }
        if (key == "image" && cursor.peek() == '{') {
            return take_image(cursor, one);
        }
        if (key == "reduction") {
            return cursor.object([&](const std::string& inner) {
                return inner == "before_bytes" ? take_number(cursor, one.bytes) : cursor.skip();
            });
        }
        return cursor.skip();
    });
    if (one.bytes) {
        images.push_back(one);
    }
    return whole && cursor.at_end();
}

}  // namespace

std::optional<std::uint64_t> baseline_bytes(const std::filesystem::path& path,
                                            const std::vector<std::string>& names) {
    if (!std::filesystem::exists(path)) {
        throw Error(Exit::usage, "no-baseline", "there is no baseline " + path.string(),
                    "make one: slimimg check IMAGE --report " + path.string());
    }
    const Slice content = map_file(path);
    JsonCursor cursor(content.text());
    std::vector<Measured> images;
    if (!take_report(cursor, images)) {
        throw Error(Exit::usage, "bad-baseline", path.string() + " is no JSON report of slimimg",
                    "make one: slimimg check IMAGE --report " + path.string());
    }
    std::erase_if(images, [](const Measured& image) { return !image.bytes; });
    const auto at = std::find_if(images.begin(), images.end(), [&](const Measured& image) {
        return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
            return repository_of(name) == repository_of(image.name);
        });
    });
    if (at != images.end()) {
        return at->bytes;
    }
    // A report of one image is meant, whatever its name.
    return images.size() == 1 ? images.front().bytes : std::nullopt;
}

}  // namespace slimimg::check
