#include "image/reference.hpp"

#include <regex>

#include "slimimg/base/error.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/image/writer.hpp"

namespace slimimg::image {
namespace {

/// The first part names a registry where it could not be a folder on Docker Hub.
bool names_registry(std::string_view name) {
    const std::string_view first = name.substr(0, name.find('/'));
    return first.size() < name.size() &&
           (first == "localhost" || first.find_first_of(".:") != std::string_view::npos);
}

std::string_view without(std::string_view name, std::string_view prefix) {
    return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

std::string familiar(std::string_view name) {
    const std::string full = with_tag(name);
    const std::string_view local = without(full, "localhost/");
    return std::string(without(without(local, "docker.io/"), "library/"));
}

}  // namespace

std::string with_tag(std::string_view name) {
    name = name.substr(0, name.find('@'));
    const std::size_t folder = name.rfind('/');
    const std::size_t from = folder == std::string_view::npos ? 0 : folder;
    const bool tagged = name.find(':', from) != std::string_view::npos;
    return std::string(name) + (tagged ? "" : ":latest");
}

std::string qualified(std::string_view name) {
    const std::string full = with_tag(name);
    if (names_registry(full)) {
        return full;
    }
    return (full.find('/') == std::string::npos ? "docker.io/library/" : "docker.io/") + full;
}

void demand_name(std::string_view name) {
    // The grammar of github.com/distribution/reference.
    static const std::string domain = "[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]+)?";
    static const std::string part = "[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*";
    static const std::string tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
    static const std::regex grammar("(" + domain + "/)?" + part + "(/" + part + ")*(:" + tag +
                                    ")?");
    constexpr std::size_t longest = 384;  // a name of 255 bytes and a tag of 128
    if (name.size() > longest || !std::regex_match(name.begin(), name.end(), grammar)) {
        throw Error(Exit::usage, "bad-name",
                    "no engine takes " + path::printable(name) + " for an image's name",
                    "write it as name:tag or registry/name:tag, in small letters, digits and .-_");
    }
}

bool is_same_name(std::string_view name, std::string_view wanted) {
    return name == wanted || familiar(name) == familiar(wanted);
}

}  // namespace slimimg::image
