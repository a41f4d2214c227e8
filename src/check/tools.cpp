#include "slimimg/check/tools.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

namespace slimimg::check {
namespace {

using namespace std::string_view_literals;

constexpr std::array program_folders{"/bin"sv,      "/sbin"sv,          "/usr/bin"sv,
                                     "/usr/sbin"sv, "/usr/local/bin"sv, "/usr/local/sbin"sv,
                                     "/busybox"sv,  "/usr/libexec"sv};
constexpr std::array shells{"sh"sv,   "ash"sv, "bash"sv, "rbash"sv, "busybox"sv, "csh"sv, "dash"sv,
                            "fish"sv, "ksh"sv, "mksh"sv, "tcsh"sv,  "toybox"sv,  "zsh"sv};
constexpr std::array package_managers{"apk"sv,  "apt"sv,      "apt-get"sv, "dnf"sv,
                                      "dpkg"sv, "microdnf"sv, "opkg"sv,    "pacman"sv,
                                      "rpm"sv,  "tdnf"sv,     "yum"sv,     "zypper"sv};

bool is_program(std::string_view file, const auto& names) {
    const auto has = [](const auto& list, std::string_view what) {
        return std::find(list.begin(), list.end(), what) != list.end();
    };
    return has(program_folders, path::parent(file)) && has(names, path::basename(file));
}

}  // namespace

bool is_shell_path(std::string_view path) {
    return is_program(path, shells);
}

bool is_package_manager_path(std::string_view path) {
    return is_program(path, package_managers);
}

}  // namespace slimimg::check
