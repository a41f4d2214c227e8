#include "slim/debug_shell.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/path.hpp"
#include "slimimg/elf/elf.hpp"

#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

constexpr std::string_view folder = "/busybox";
constexpr std::string_view program = "/busybox/busybox";

/// What the ELF files of a platform are (e_machine of the gABI's list, GOARCH names).
struct Machine {
    std::string_view architecture;
    std::uint16_t machine;
    std::uint8_t bits;
    std::endian order;
};
constexpr std::array<Machine, 12> machines{{
    {"amd64", 62, 64, std::endian::little},
    {"386", 3, 32, std::endian::little},
    {"arm64", 183, 64, std::endian::little},
    {"arm", 40, 32, std::endian::little},
    {"riscv64", 243, 64, std::endian::little},
    {"ppc64le", 21, 64, std::endian::little},
    {"ppc64", 21, 64, std::endian::big},
    {"s390x", 22, 64, std::endian::big},
    {"mips64le", 8, 64, std::endian::little},
    {"mips64", 8, 64, std::endian::big},
    {"mipsle", 8, 32, std::endian::little},
    {"loong64", 258, 64, std::endian::little},
}};

bool is_for(const elf::Abi& abi, std::string_view architecture) {
    const auto at = std::find_if(machines.begin(), machines.end(), [&](const Machine& machine) {
        return machine.architecture == architecture;
    });
    return at != machines.end() && at->machine == abi.machine && at->bits == abi.bits &&
           at->order == abi.order;
}

[[noreturn]] void refuse(const std::string& file, const std::string& problem,
                         const std::string& hint) {
    throw Error(Exit::usage, "bad-debug-shell", file + " can't be the debug shell: " + problem,
                hint);
}

void demand_static_program(Bytes content, const std::string& file,
                           const image::Platform& platform) {
    const std::string hint = "install busybox-static, or name a static one: --debug-shell=PATH";
    const auto facts = elf::read_facts(content, {});
    if (!facts || !facts->is_program()) {
        refuse(file, "it is no ELF program", hint);
    }
    if (facts->interpreter || !facts->needed.empty()) {
        refuse(file, "it is linked dynamically, and the image lacks its libraries", hint);
    }
    if (!is_for(facts->abi, platform.architecture)) {
        refuse(file,
               "it is for " + elf::machine_name(facts->abi.machine) + " (" +
                   std::to_string(facts->abi.bits) + " bits), the image for " + platform.str(),
               "name one for that platform: --debug-shell=PATH");
    }
}

bool is_command(std::string_view name) {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.' || c == '[' || c == '+';
    };
    const bool starts = !name.empty() && ((name[0] >= 'a' && name[0] <= 'z') || name[0] == '[');
    return starts && name.size() < 32 && std::all_of(name.begin(), name.end(), fits);
}

PlanItem made(std::string_view path, archive::EntryType type, std::uint16_t mode,
              std::int64_t time) {
    PlanItem item{.path = std::string(path), .why = "the debug shell"};
    item.header.type = type;
    item.header.mode = mode;
    item.header.mtime = {time, 0};
    item.content = Slice{};
    return item;
}

void extend_path(image::Config& config) {
    const std::string path(
        config.env_value("PATH").value_or("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
                                          "/sbin:/bin"));
    std::erase_if(config.env,
                  [](const std::string& variable) { return variable.starts_with("PATH="); });
    config.env.insert(config.env.begin(), "PATH=" + path + ":" + std::string(folder));
}

}  // namespace

std::vector<std::string> busybox_commands(Bytes file) {
    static constexpr std::size_t fewest = 10;  // a run of words that is shorter is chance
    std::vector<std::string> best;
    std::vector<std::string> run;
    const auto end_run = [&] {
        const bool is_table =
            run.size() >= fewest && std::find(run.begin(), run.end(), "sh") != run.end();
        if (is_table && run.size() > best.size()) {
            best = run;
        }
        run.clear();
    };
    for (const Bytes part : elf::constant_data(file)) {
        std::string_view text = as_text(part);
        while (!text.empty()) {
            const std::size_t length = std::min(text.find('\0'), text.size());
            const std::string_view name = text.substr(0, length);
            text.remove_prefix(std::min(length + 1, text.size()));
            if (!is_command(name) || (!run.empty() && name <= run.back())) {
                end_run();
            }
            if (is_command(name)) {
                run.emplace_back(name);
            }
        }
        end_run();
    }
    return best;
}

DebugShell read_debug_shell(const std::string& file, const image::Platform& platform,
                            std::int64_t time) {
    Slice content;
    try {
        content = map_file(file);
    } catch (const Error& error) {
        refuse(file, error.message(),
               "install busybox-static, or name a static one: --debug-shell=PATH");
    }
    demand_static_program(content.bytes, file, platform);
    DebugShell shell;
    put_item(shell.plan, made(folder, archive::EntryType::directory, 0755, time));
    PlanItem item = made(program, archive::EntryType::file, 0755, time);
    item.header.size = content.size();
    item.content = content;
    put_item(shell.plan, std::move(item));
    std::vector<std::string> commands = busybox_commands(content.bytes);
    if (commands.empty()) {
        commands.emplace_back("sh");
        shell.diagnostics.push_back({Severity::note, "debug-shell-alone", "",
                                     file + " is no busybox whose commands could be told: "
                                            "/busybox/sh alone leads to it"});
    }
    for (const std::string& command : commands) {
        if (command != path::basename(program)) {
            PlanItem link =
                made(path::join(folder, command), archive::EntryType::symlink, 0777, time);
            link.header.link = program;
            put_item(shell.plan, std::move(link));
        }
    }
    shell.plan.bytes = content.size();
    return shell;
}

std::string debug_location(const std::string& output) {
    static constexpr std::string_view ending = ".tar";
    std::string name = output;
    while (name.size() > 1 && name.ends_with('/')) {
        name.pop_back();
    }
    if (name.ends_with(ending) && path::basename(name).size() > ending.size()) {
        return name.substr(0, name.size() - ending.size()) + "-debug" + std::string(ending);
    }
    return name + "-debug";
}

image::NewImage with_debug_shell(image::NewImage slim, image::NewLayer layer) {
    extend_path(slim.config);
    for (std::string& name : slim.names) {
        name += "-debug";
    }
    slim.layers.push_back(std::move(layer));
    return slim;
}

}  // namespace slimimg::slim
