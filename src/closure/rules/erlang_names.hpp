#pragma once

#include <set>
#include <string>

#include "slimimg/closure/closure.hpp"

/// What Erlang and Elixir code names, for Evidence::noted.
namespace slimimg::closure {

/// Of a compiled module (.beam): the modules whose functions it calls by name.
std::set<std::string, std::less<>> called_modules(Evidence& evidence, rootfs::NodeId beam);

/// Of a compiled module, a boot script, an archive of compiled modules or an escript: its atoms.
/// Of a script or a file of Erlang's terms: its words; those of Elixir's aliases are atoms such as
/// "Elixir.Logger". Of anything else nothing.
std::set<std::string, std::less<>> erlang_names(Evidence& evidence, rootfs::NodeId node);

/// Of source that is run as a script: the programs that it starts.
std::set<std::string, std::less<>> erlang_programs(Evidence& evidence, rootfs::NodeId node);

/// Of an application's resource file (.app): the applications that it starts after.
std::set<std::string, std::less<>> started_before(Evidence& evidence, rootfs::NodeId file);

/// The words of a text as erlang_names has them.
std::set<std::string, std::less<>> erlang_words(std::string_view text);

}  // namespace slimimg::closure
