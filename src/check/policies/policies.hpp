#pragma once

#include <span>

#include "check/inspection.hpp"

namespace slimimg::check {

namespace policies {
extern const Policy cache_files;
extern const Policy dangling_link;
extern const Policy debug_sections;
extern const Policy deleting_layer;
extern const Policy dive_efficiency;
extern const Policy dive_wasted_bytes;
extern const Policy dive_wasted_percent;
extern const Policy duplicate_files;
extern const Policy elf_executable_stack;
extern const Policy elf_pie;
extern const Policy elf_relro;
extern const Policy elf_search_path;
extern const Policy elf_stack_protector;
extern const Policy entrypoint;
extern const Policy generated_key;
extern const Policy growth;
extern const Policy package_manager;
extern const Policy reduction;
extern const Policy root_user;
extern const Policy script_interpreter;
extern const Policy secret;
extern const Policy set_id;
extern const Policy shell;
extern const Policy size;
extern const Policy unresolved;
extern const Policy user;
extern const Policy user_number;
extern const Policy version;
extern const Policy volume;
extern const Policy workdir;
extern const Policy world_writable;
}  // namespace policies

/// In the order in which findings are told.
std::span<const Policy* const> all_policies();

}  // namespace slimimg::check
