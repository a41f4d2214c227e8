#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace slimimg::cli {

/// Help in 80 columns: an option, and its description below it.
class HelpFormatter : public CLI::Formatter {
  public:
    std::string make_help(const CLI::App* app, std::string name,
                          CLI::AppFormatMode mode) const override;
    std::string make_usage(const CLI::App* app, std::string name) const override;
    std::string make_option(const CLI::Option* option, bool is_positional) const override;
    std::string make_subcommand(const CLI::App* command) const override;
};

}  // namespace slimimg::cli
