#include <algorithm>
#include <array>
#include <cctype>
#include <string>
#include <string_view>

#include "slimimg/base/lines.hpp"
#include "slimimg/base/path.hpp"

#include "closure/cron_table.hpp"
#include "closure/rules/dependencies.hpp"
#include "closure/rules/rules.hpp"
#include "closure/rules/script_tokens.hpp"
#include "closure/rules/settings.hpp"
#include "closure/rules/shell_script.hpp"

namespace slimimg::closure::rules {
namespace {

using rootfs::Node;
using rootfs::NodeId;

/// "command", "archive_command", "ExecStart", "attach-daemon": what is set is a command line.
bool means_a_command(std::string_view key) {
    static constexpr std::array<std::string_view, 6> words{"run",    "start",        "entrypoint",
                                                           "daemon", "attachdaemon", "program"};
    std::string plain;
    for (const char c : key) {
        if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
            plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return plain.ends_with("command") || plain.ends_with("cmd") || plain.starts_with("exec") ||
           std::find(words.begin(), words.end(), plain) != words.end();
}

/// `command = nginx -g "daemon off;" ; the front end` → `nginx -g "daemon off;"`.
std::string_view value_of(std::string_view text) {
    text = trim(text.substr(0, text.find(" ;")));
    const char first = text.empty() ? '\0' : text.front();
    if ((first == '"' || first == '\'') && text.find(first, 1) == text.size() - 1) {
        text = text.substr(1, text.size() - 2);
    }
    return text;
}

/// What a setting holds may be no command after all, so that a lack is not told.
void keep_commands(Evidence& evidence, NodeId file, std::string_view key, std::string_view text) {
    for (const ShellCommand& command : read_shell(text, {}).commands) {
        if (evidence.find_program(command.name()).node) {
            evidence.keep_program(command.name(), {config_command.id, file, Confidence::likely,
                                                   std::string(key) + " runs " + command.name()});
        }
    }
}

void read_settings(Evidence& evidence, NodeId node) {
    const bool procfile = is_procfile(evidence.rootfs()[node].path);
    for_each_setting(evidence.text(node), [&](std::string_view line) {
        const std::size_t sign = line.find_first_of(procfile ? ":" : "=:");
        if (sign == std::string_view::npos) {
            return;
        }
        const std::string_view key = trim(line.substr(0, sign));
        if (procfile || means_a_command(key)) {
            keep_commands(evidence, node, key, value_of(line.substr(sign + 1)));
        }
    });
}

/// Of the application: flows, job lists, settings. A package's manifest has scripts by name, which
/// package managers run.
bool is_json(Evidence& evidence, NodeId node) {
    constexpr std::size_t largest = 1UL << 20;
    const Node& file = evidence.rootfs()[node];
    const std::string_view name = path::basename(file.path);
    return file.is_file() && name.ends_with(".json") && name != "package.json" &&
           name != "composer.json" && file.header.size <= largest &&
           !is_of_a_dependency(file.path) && !evidence.packages().owner(node);
}

void read_json(Evidence& evidence, NodeId node) {
    const auto tokens = script_tokens(evidence.text(node), ScriptLanguage::javascript);
    for (std::size_t i = 0; i + 2 < tokens.size(); ++i) {
        if (tokens[i].kind == ScriptToken::Kind::string && tokens[i + 1].is_mark(':') &&
            tokens[i + 2].kind == ScriptToken::Kind::string && means_a_command(tokens[i].text)) {
            keep_commands(evidence, node, tokens[i].text, tokens[i + 2].text);
        }
    }
}

enum class CronTable { none, of_a_user, of_the_system };

/// Vixie's cron, cronie and BusyBox's crond; and the file that cron's relatives for containers are
/// given. crontab(5): a line of the system's tables also names the user.
CronTable cron_table(const Node& node) {
    static constexpr std::array<std::string_view, 3> users{"/var/spool/cron/crontabs",
                                                           "/var/spool/cron", "/etc/crontabs"};
    const std::string_view path = node.path;
    const std::string_view folder = path::parent(path);
    if (!node.is_file()) {
        return CronTable::none;
    }
    if (path == "/etc/crontab" || folder == "/etc/cron.d") {
        return CronTable::of_the_system;
    }
    const bool of_a_user = std::find(users.begin(), users.end(), folder) != users.end();
    return of_a_user || path::basename(path) == "crontab" || path.ends_with(".crontab")
               ? CronTable::of_a_user
               : CronTable::none;
}

void read_cron_table(Evidence& evidence, NodeId node, CronTable table) {
    const Text& name = evidence.rootfs()[node].path;
    bool any = false;
    for_each_setting(evidence.text(node), [&](std::string_view line) {
        const std::string_view command = cron_command(line, table == CronTable::of_the_system);
        if (!command.empty()) {
            any = true;
            keep_shell_text(evidence, command, ShellDialect::dash, {node, name, "/", {}, 0},
                            std::vector<std::string>());
        }
    });
    if (any) {
        evidence.keep_program("/bin/sh", {config_command.id, node, Confidence::likely,
                                          "cron runs its lines in the shell"});
    }
}

void inspect(Evidence& evidence, NodeId node) {
    if (const CronTable table = cron_table(evidence.rootfs()[node]); table != CronTable::none) {
        read_cron_table(evidence, node, table);
    } else if (has_settings(evidence, node)) {
        read_settings(evidence, node);
    } else if (is_json(evidence, node)) {
        read_json(evidence, node);
    }
}

bool is_cron(const Node& node) {
    static constexpr std::array<std::string_view, 3> daemons{"cron", "crond", "fcron"};
    const std::string_view folder = path::basename(path::parent(node.path));
    return (folder == "bin" || folder == "sbin") &&
           std::find(daemons.begin(), daemons.end(), path::basename(node.path)) != daemons.end();
}

/// Jobs that packages bring are for machines that live on; the image's maker added the others, by
/// COPY, with crontab(1), or to the table that Alpine has.
void settle(Evidence& evidence) {
    const rootfs::Rootfs& tree = evidence.rootfs();
    const auto daemon = std::find_if(evidence.kept().begin(), evidence.kept().end(),
                                     [&](const auto& kept) { return is_cron(tree[kept.first]); });
    if (daemon == evidence.kept().end()) {
        return;
    }
    const NodeId cron = daemon->first;
    for (const std::string_view place : {"/etc/cron.d", "/etc/crontabs", "/var/spool/cron"}) {
        const auto folder = tree.resolve(place).node;
        for (NodeId id = folder.value_or(0); folder && id < tree[*folder].subtree_end; ++id) {
            if (cron_table(tree[id]) != CronTable::none &&
                (place != "/etc/cron.d" || !evidence.packages().owner(id))) {
                evidence.keep_path(tree[id].path, {config_command.id, cron, Confidence::likely,
                                                   "a table of jobs that it runs"});
            }
        }
    }
}

}  // namespace

const Rule config_command{.id = "config-command",
                          .summary = "a command that a configuration file or a cron table runs",
                          .inspect = inspect,
                          .settle = settle};

}  // namespace slimimg::closure::rules
