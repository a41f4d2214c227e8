#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "closure/rules/layers.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::NodeId;

/// "en_US.utf8" of "en_US.UTF-8": how glibc spells a codeset in a folder's name
/// (intl/l10nflist.c, _nl_normalize_codeset).
std::string normalized(std::string_view locale) {
    std::string result(locale.substr(0, locale.find_first_of(".@")));
    if (const std::size_t dot = locale.find('.'); dot != std::string_view::npos) {
        result += '.';
        for (const char c : locale.substr(dot + 1, locale.find('@') - dot - 1)) {
            if (c >= 'A' && c <= 'Z') {
                result += static_cast<char>(c - 'A' + 'a');
            } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
                result += c;
            }
        }
    }
    return result;
}

void keep_locale(Evidence& evidence, const std::string& variable, std::string_view locale) {
    if (locale.empty() || locale == "C" || locale == "POSIX") {
        return;
    }
    const rootfs::Rootfs& tree = evidence.rootfs();
    const Reason reason{rules::locale.id, std::nullopt, Confidence::likely,
                        "ENV " + variable + "=" + std::string(locale)};
    const std::string language(locale.substr(0, locale.find_first_of("_.@")));
    const std::string territory(locale.substr(0, locale.find_first_of(".@")));
    bool folder_found = false;
    for (const std::string& name : {std::string(locale), normalized(locale)}) {
        if (const auto folder = tree.find("/usr/lib/locale/" + name)) {
            evidence.keep_tree(*folder, reason);
            folder_found = true;
        }
    }
    if (!folder_found) {
        evidence.keep_path("/usr/lib/locale/locale-archive", reason);
    }
    for (const std::string& name : {language, territory}) {
        if (const auto folder = tree.find("/usr/share/locale/" + name)) {
            evidence.keep_tree(*folder, reason);
        }
    }
    evidence.keep_path("/usr/share/locale/locale.alias", reason);
}

void start(Evidence& evidence) {
    // Distributions have the archive in a package, or none: locale-gen makes it for somebody.
    const auto archive = evidence.rootfs().find("/usr/lib/locale/locale-archive");
    if (archive && !evidence.packages().owner(*archive) &&
        is_installed_on_top(evidence, *archive)) {
        evidence.keep(*archive, {rules::locale.id, std::nullopt, Confidence::likely,
                                 "a build step generated these locales"});
    }
    static constexpr std::array<std::string_view, 9> variables{
        "LANG",       "LC_ALL",      "LC_CTYPE", "LC_COLLATE", "LC_MESSAGES",
        "LC_NUMERIC", "LC_MONETARY", "LC_TIME",  "LANGUAGE"};
    for (const std::string_view variable : variables) {
        keep_locale(evidence, std::string(variable),
                    evidence.config().env_value(variable).value_or(""));
    }
}

}  // namespace

const Rule locale{
    .id = "locale", .summary = "the locale that the environment asks for", .start = start};

}  // namespace slimimg::closure::rules
