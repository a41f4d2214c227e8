#include "image/reference.hpp"

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

bool is_same_name(std::string_view name, std::string_view wanted) {
    return name == wanted || familiar(name) == familiar(wanted);
}

}  // namespace slimimg::image
