#pragma once

#include <string_view>

#include "slimimg/closure/shell.hpp"

/// Names that shells and their users know.
namespace slimimg::closure::shell {

/// Built into the shell, or part of its grammar ("[[", "source") in one of them.
bool is_builtin(ShellDialect dialect, std::string_view name);

/// Variables that the shell or the container's engine sets.
bool is_set_at_run_time(std::string_view variable);

/// A program whose arguments hold another command.
struct Wrapper {
    std::string_view name;
    std::string_view valued = {};          ///< options that take the next word, blanks around each
    unsigned skip = 0;                     ///< words before the command: a user, a duration
    bool assignments = false;              ///< NAME=value may stand before the command
    std::string_view subcommand = {};      ///< must be the first word: "exec" of bundle
    std::string_view script_option = {};   ///< its value is a shell's text: "-c" of su
    std::string_view program_option = {};  ///< its value is a program: "--exec"; blanks around
    std::string_view rest_option = {};     ///< with it the rest is a command; blanks around
    bool script_only = false;   ///< the rest is no command: su's user and shell arguments
    bool after_dashes = false;  ///< the command stands behind "--" only
    bool joins = false;         ///< its words are joined to a shell's text
};
const Wrapper* find_wrapper(std::string_view name);

/// True where `option` is one of `options`, which has blanks around each.
bool has_option(std::string_view options, std::string_view option);

}  // namespace slimimg::closure::shell
