#pragma once

#include "slimimg/closure/closure.hpp"

/// Every rule is defined in the file of its name and listed once, in rules.cpp.
namespace slimimg::closure::rules {

extern const Rule program;
extern const Rule request;
extern const Rule usrmerge;
extern const Rule shebang;
extern const Rule shell_script;
extern const Rule link;
extern const Rule module;
extern const Rule dlopen_note;
extern const Rule library_data;
extern const Rule library_name;
extern const Rule hidden_library;
extern const Rule foreign_function;
extern const Rule font_name;
extern const Rule lua;
extern const Rule software_graphics;
extern const Rule tex;
extern const Rule typelib;
extern const Rule name_service;
extern const Rule named_path;
extern const Rule named_program;
extern const Rule application_file;
extern const Rule package_data;
extern const Rule child_program;
extern const Rule base;
extern const Rule started_command;
extern const Rule compiler;
extern const Rule config_command;
extern const Rule config_include;
extern const Rule execline;
extern const Rule locale;
extern const Rule time_zone;
extern const Rule pam;
extern const Rule openssl;
extern const Rule qt_plugin;
extern const Rule perl;
extern const Rule postgresql_client;
extern const Rule python;
extern const Rule java;
extern const Rule bytecode;
extern const Rule packed_library;
extern const Rule ruby;
extern const Rule erlang;
extern const Rule mono;
extern const Rule node_js;

}  // namespace slimimg::closure::rules
