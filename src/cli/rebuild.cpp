#include <charconv>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "slimimg/report/report.hpp"
#include "slimimg/slim/base_style.hpp"
#include "slimimg/slim/slim.hpp"

#include "commands.hpp"
#include "delivery.hpp"
#include "layer_cache.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "safeguards.hpp"
#include "sboms.hpp"

namespace slimimg::cli {
namespace {

struct Options {
    InputOptions input;
    ClosureOptions closure;
    OutputOptions output;
    MachineOptions machine;
    std::string target;
    std::string format;
    std::string compression;
    std::vector<std::string> names;
    std::string records = "auto";
    std::string base = "scratch";
    bool nonroot = false;
    bool strip = false;
    std::string debug_shell;
    std::vector<std::string> sboms;
    bool sbom_inside = false;
    std::string layers = "single";
};

std::optional<image::Format> parse_format(const std::string& name) {
    if (name.empty() || name == "dir") {
        return std::nullopt;
    }
    if (name == "docker") {
        return image::Format::docker;
    }
    return name == "oci" ? image::Format::oci : image::Format::oci_dir;
}

[[noreturn]] void throw_bad_compression(const std::string& text) {
    throw Error(Exit::usage, "bad-compression",
                "--compress cannot be " + text + as_variable_says("--compress", text),
                "it takes none, gzip, gzip:1 to gzip:12, zstd, or zstd:1 to zstd:19");
}

std::optional<archive::Compression> parse_compression(const std::string& text) {
    if (text.empty()) {
        return std::nullopt;
    }
    const std::size_t colon = text.find(':');
    const std::string codec = text.substr(0, colon);
    archive::Compression compression;
    int best = 0;
    if (codec == "gzip") {
        compression.codec = archive::Codec::gzip;
        best = 12;
    } else if (codec == "zstd") {
        compression.codec = archive::Codec::zstd;
        best = 19;
    } else if (codec != "none") {
        throw_bad_compression(text);
    }
    if (colon != text.npos) {
        int level = 0;
        const char* const end = text.data() + text.size();
        const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, level);
        if (error != std::errc() || stop != end || level < 1 || level > best) {
            throw_bad_compression(text);
        }
        compression.level = level;
    }
    return compression;
}

/// A slip of a style's name is no image that somebody named: those have an ending or a folder.
void demand_base_image(const std::string& base) {
    std::error_code ignored;
    if (base != "-" && base.find_first_of("./") == base.npos &&
        !std::filesystem::exists(base, ignored)) {
        std::vector<std::string> styles;
        for (const slim::BaseStyle* style : slim::all_base_styles()) {
            styles.emplace_back(style->id);
        }
        styles.emplace_back("auto");
        throw_bad_choice("--base", base, styles,
                         ", or the file of an image, and there is no file of this name");
    }
}

slim::RebuildOptions rebuild_options(const Options& options) {
    slim::RebuildOptions result{.output = options.target,
                                .format = parse_format(options.format),
                                .compression = parse_compression(options.compression),
                                .names = options.names,
                                .plan = {.records = options.records == "auto",
                                         .nonroot = options.nonroot,
                                         .strip = options.strip}};
    if (options.base == "auto" || slim::find_base_style(options.base) != nullptr) {
        result.plan.base = options.base;
    } else {
        demand_base_image(options.base);
        result.base_image = options.base;
    }
    result.layers = options.layers == "split" ? slim::Layers::split : slim::Layers::single;
    result.debug_shell = options.debug_shell;
    if (options.target == "-" && !options.debug_shell.empty()) {
        throw Error(Exit::usage, "debug-shell-to-pipe",
                    "--debug-shell writes a second image, for which standard output has no place",
                    "name a file: -o slim.tar, and slim-debug.tar is beside it");
    }
    if (options.target == "-" && isatty(STDOUT_FILENO) == 1) {
        throw Error(Exit::usage, "output-is-terminal",
                    "standard output is a terminal, no image is written to it",
                    "pipe it on, or name a file: -o slim.tar");
    }
    result.unpacked = options.format == "dir";
    if (result.unpacked && !options.debug_shell.empty()) {
        throw Error(Exit::usage, "debug-shell-unpacked",
                    "--debug-shell makes a second image, and --output-format dir makes none",
                    "leave one of them out");
    }
    if (options.target == "-" && (result.unpacked || result.format == image::Format::oci_dir)) {
        throw Error(Exit::usage, "directory-to-pipe", "a directory cannot go to standard output",
                    "name a directory, or take --output-format docker or oci");
    }
    if (result.unpacked && result.compression) {
        throw Error(Exit::usage, "bad-compression", "--output-format dir has nothing to compress",
                    "leave --compress out, or take another format");
    }
    return result;
}

Access access_of(const slim::RebuildOptions& options) {
    Access access{
        .read = {options.debug_shell}, .images = {options.base_image}, .unpacks = options.unpacked};
    if (options.output != "-") {
        access.outputs.emplace_back(options.output);
    }
    if (!options.debug_shell.empty()) {
        access.outputs.emplace_back(slim::debug_location(options.output));
    }
    return access;
}

Exit run(const Options& options) {
    const int report_fd = options.target == "-" ? STDERR_FILENO : STDOUT_FILENO;
    const Delivery delivery(options.output, offers_of(report::formats()), report_fd);
    const check::SettingsFile settings = options.closure.settings();
    slim::RebuildOptions to = rebuild_options(options);
    SbomDelivery sboms(options.sboms, options.sbom_inside);
    RunOptions how = options.machine.run_options();
    Access access = access_of(to);
    options.input.allow(access);
    delivery.allow(access);
    sboms.allow(access);
    const Safeguards safeguards(options.machine, std::move(access));
    const OpenCache cache(options.machine, options.output.quiet, how);
    Observers observers(options.machine, options.output.quiet, how);

    const image::Image image = options.input.read(how, observers);
    if (!to.unpacked && !to.format && image.format == image::Format::oci_dir &&
        options.target.ends_with(".tar")) {
        to.format = image::Format::oci;  // a layout's archive, not a folder of such a name
    }
    const closure::Request request =
        options.closure.request(check::settings_for(settings, image.names).closure);
    if (sboms.is_wanted()) {
        to.describe = [&](const slim::NewContent& content) {
            return sboms.describe(report::make_sbom(content, how));
        };
    }
    const slim::Rebuild rebuild = slim::rebuild(image, request, to, how);
    const report::Report report = report::make_report(rebuild, request);
    sboms.write();
    delivery.deliver(report, report::formats());
    return Exit::ok;
}

void declare(CLI::App& command, Options& options) {
    constexpr const char* group = "The new image";
    options.input.declare(command);
    add_option(
        command, "-o,--output", options.target,
        "Where to write it: a file, a directory for oci-dir and dir, or - for standard output",
        group)
        ->option_text("OUT")
        ->type_name(file_type)
        ->required();
    add_choice(
        command, "--output-format", options.format, {"docker", "oci", "oci-dir", "dir"},
        "docker and oci are archives, oci-dir is a directory; dir is no image but a directory "
        "with the root file system (default: the input's)",
        group);
    add_option(command, "--compress", options.compression,
               "Compression of the layer, with a level after a colon if wanted (default: the "
               "input's)",
               group)
        ->option_text("none|gzip[:LEVEL]|zstd[:LEVEL]");
    add_option(command, "--base", options.base,
               "What it has beside the program: scratch, the default, nothing; static, base and cc "
               "what distroless's images of these names have; auto chooses by what is linked; or "
               "an image to stand on, whose layers stay as they are",
               group)
        ->option_text("scratch|static|base|cc|auto|IMAGE")
        ->type_name(file_type);
    add_choice(command, "--layers", options.layers, {"single", "split"},
               "single: one layer. split: what packages own below, the application above it",
               group);
    add_flag(command, "--nonroot", options.nonroot,
             "Run as user 65532, who gets the folders that the program writes to", group);
    add_flag(command, "--strip", options.strip,
             "Programs and libraries without debug sections and symbol tables; what is mapped and "
             "the build ID stay, which is proved",
             group);
    declare_sboms(command, options.sboms, group);
    add_flag(command, "--sbom-inside", options.sbom_inside,
             "Put the bill of materials into the image too, in /var/lib/db/sbom: in the formats of "
             "--sbom, else SPDX",
             group);
    add_optional_value(command, "--debug-shell", options.debug_shell, "/bin/busybox",
                       "A second image beside the new one, -debug at its name, with a static "
                       "busybox in /busybox: this machine's /bin/busybox or the one named",
                       group)
        ->option_text("[=PATH]");
    add_repeatable(command, "-t,--output-tag", options.names,
                   "The new image's name (default: the input's with -slim at the tag); may repeat",
                   group)
        ->option_text("NAME:TAG");
    add_choice(command, "--records", options.records, {"auto", "none"},
               "The package manager's records of what is kept, which scanners read: auto, the "
               "default, or none",
               group);
    options.closure.declare(command);
    options.output.declare(command, offer_choices(offers_of(report::formats())));
    options.machine.declare(command);
}

}  // namespace

Command add_rebuild(CLI::App& app) {
    CLI::App* const command =
        app.add_subcommand("rebuild", "Write the minimal image, and prove that it links");
    const auto options = std::make_shared<Options>();
    declare(*command, *options);
    command->footer(
        "Examples:\n"
        "  slimimg rebuild app.tar -o app-slim.tar && docker load -i app-slim.tar\n"
        "  docker save app:1.0 | slimimg rebuild - -o - -t app:slim | docker load\n"
        "  slimimg rebuild app.tar -o app.oci.tar --output-format oci --compress zstd:19\n"
        "  slimimg rebuild app.tar -o slim.tar --report slim.json\n"
        "  slimimg rebuild app.tar -o slim.tar --strip --sbom slim.spdx.json\n"
        "  slimimg rebuild app.tar -o slim.tar --debug-shell    # and slim-debug.tar\n"
        "\n"
        "The new image is read again and every program and library in it is linked,\n"
        "before it appears under its name. Exit code 4: the program needs something\n"
        "that the image lacks; nothing is written then.");
    return {command, [options] { return run(*options); }};
}

}  // namespace slimimg::cli
