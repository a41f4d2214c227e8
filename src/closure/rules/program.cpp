#include <string>
#include <vector>

#include "slimimg/base/path.hpp"
#include "slimimg/closure/fits.hpp"

#include "closure/rules/folders.hpp"
#include "closure/rules/rules.hpp"

namespace slimimg::closure::rules {
namespace {

std::string line_of(const std::vector<std::string>& argv) {
    std::string line;
    for (const std::string& word : argv) {
        line += (line.empty() ? "" : " ") + word;
    }
    return line;
}

/// A word that names a file: as it stands, or behind "--option=" or "key=".
void keep_argument(Evidence& evidence, std::string_view word, const std::string& origin) {
    const std::string workdir = path::normalize(evidence.config().workdir);
    const std::size_t equals = word.find('=');
    // Java takes "@file" for a file of arguments, and lists of archives and folders.
    std::vector<std::string_view> texts{
        word, equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1),
        word.starts_with('@') ? word.substr(1) : std::string_view()};
    for (std::string_view rest = word; rest.find_first_of(":=") != std::string_view::npos;) {
        rest.remove_prefix(rest.find_first_of(":=") + 1);
        const std::string_view part = rest.substr(0, rest.find_first_of(":="));
        if (part.find('/') != std::string_view::npos) {
            texts.push_back(part);
        }
    }
    if (word.starts_with('/') && word.find(':') != std::string_view::npos) {
        texts.push_back(word.substr(0, word.find(':')));
    }
    for (std::string_view text : texts) {
        if (text.ends_with("/*")) {
            text.remove_suffix(2);  // all archives of a folder
        }
        if (text.empty() || text == "." || text == "/" || text.starts_with('-')) {
            continue;
        }
        keep_asked_for(
            evidence, text,
            {program.id, std::nullopt, Confidence::likely, origin + " names " + std::string(text)},
            workdir);
    }
}

/// The config of an image that was built on another machine, or the program, is wrong.
void tell_of_other_machine(Evidence& evidence, const std::string& command) {
    const auto found = evidence.find_program(command).node;
    const elf::ElfFacts* facts = found ? evidence.elf(*found) : nullptr;
    const image::Platform& platform = evidence.config().platform;
    if (facts != nullptr && !fits(platform, facts->abi)) {
        evidence.diagnose({Severity::warning, "machine-differs", evidence.rootfs()[*found].path,
                           "is for " + elf::machine_name(facts->abi.machine) +
                               ", the image says it is for " + platform.str() +
                               ": it does not start there",
                           true});
    }
}

void keep_command(Evidence& evidence, const std::vector<std::string>& argv,
                  const std::string& origin) {
    if (argv.empty()) {
        return;
    }
    const std::string detail = origin + ": " + line_of(argv);
    tell_of_other_machine(evidence, argv.front());
    if (!evidence.keep_program(argv.front(),
                               {program.id, std::nullopt, Confidence::required, detail})) {
        evidence.unresolved({.name = argv.front(),
                             .needed_by = std::nullopt,
                             .kind = "command",
                             .detail = detail + " (no executable file of that name in PATH)"});
    }
    for (std::size_t i = 1; i < argv.size(); ++i) {
        keep_argument(evidence, argv[i], origin);
        // An entrypoint that runs its arguments (a script's exec "$@", tini -g --, gosu USER) gets
        // a program somewhere among them.
        if (!argv[i].starts_with('-') &&
            (argv[i].find('/') == std::string::npos || argv[i].starts_with('/'))) {
            evidence.keep_program(argv[i], {program.id, std::nullopt, Confidence::likely,
                                            origin + " is given " + argv[i]});
        }
    }
}

void start(Evidence& evidence) {
    const image::Config& config = evidence.config();
    if (evidence.request().entrypoints.empty()) {
        const std::vector<std::string> argv = config.argv();
        if (argv.empty()) {
            evidence.diagnose({Severity::warning, "no-entrypoint", "",
                               "the image has neither ENTRYPOINT nor CMD; name the program with "
                               "--entrypoint",
                               true});
        }
        keep_command(evidence, argv, config.entrypoint.empty() ? "CMD" : "ENTRYPOINT");
        // CMD may be meant for the entrypoint to run, and is what stands after it.
        if (!config.entrypoint.empty() && !config.cmd.empty() && config.entrypoint.size() > 1) {
            evidence.keep_program(config.cmd.front(), {program.id, std::nullopt, Confidence::likely,
                                                       "CMD: " + line_of(config.cmd)});
        }
    }
    for (const std::vector<std::string>& argv : evidence.request().entrypoints) {
        keep_command(evidence, argv, "--entrypoint");
    }
    if (config.healthcheck.size() > 1 && config.healthcheck.front() == "CMD") {
        keep_command(evidence, {config.healthcheck.begin() + 1, config.healthcheck.end()},
                     "HEALTHCHECK");
    }
}

}  // namespace

const Rule program{
    .id = "program", .summary = "the image's config starts it or names it", .start = start};

}  // namespace slimimg::closure::rules
