#include <array>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/report/check_format.hpp"

#include "check_words.hpp"
#include "layout.hpp"

namespace slimimg::report {
namespace {

using check::CheckReport;
using check::Finding;
using check::Level;

constexpr std::size_t annotations_shown = 10;  ///< of a level in a step; GitHub drops the rest

/// As the runner takes them apart (actions/toolkit, packages/core/src/command.ts).
std::string escaped(std::string_view text, bool property) {
    std::string result;
    for (const char c : path::printable(text)) {
        if (c == '%') {
            result += "%25";
        } else if (property && c == ':') {
            result += "%3A";
        } else if (property && c == ',') {
            result += "%2C";
        } else {
            result += c;
        }
    }
    return result;
}

std::string command(std::string_view name, std::string_view title, std::string_view message) {
    return "::" + std::string(name) + " title=" + escaped(title, true) +
           "::" + escaped(message, false) + '\n';
}

}  // namespace

std::string check_github(const check::CheckResult& result, const RenderOptions&) {
    struct Annotations {
        Level level;
        std::string_view name;
        std::vector<std::string> commands = {};
    };
    std::array levels{Annotations{Level::error, "error"}, Annotations{Level::warning, "warning"},
                      Annotations{Level::note, "notice"}};
    for (const CheckReport& image : result.images) {
        if (image.error) {
            levels[0].commands.push_back(
                command("error", image.source + " was not checked", problem_of(image)));
        }
        for (const Finding& finding : image.findings) {
            for (Annotations& of : levels) {
                if (of.level == finding.level && !finding.waived) {
                    of.commands.push_back(command(of.name, finding.policy + " in " + name_of(image),
                                                  finding.message + ". Fix: " + finding.fix));
                }
            }
        }
    }
    std::string text;
    for (const Annotations& of : levels) {
        const std::size_t count = of.commands.size();
        const std::size_t shown = count > annotations_shown ? annotations_shown - 1 : count;
        for (std::size_t i = 0; i < shown; ++i) {
            text += of.commands[i];
        }
        if (shown < count) {
            text += command(of.name, grouped(count - shown) + " more",
                            "the job's summary has them all");
        }
    }
    return text;
}

}  // namespace slimimg::report
