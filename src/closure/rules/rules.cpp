#include "closure/rules/rules.hpp"

namespace slimimg::closure {

const std::vector<const Rule*>& all_rules() {
    static const std::vector<const Rule*> list{
        &rules::program,
        &rules::request,
        &rules::base,
        &rules::usrmerge,
        &rules::shebang,
        &rules::shell_script,
        &rules::execline,
        &rules::link,
        &rules::module,
        &rules::dlopen_note,
        &rules::library_name,
        &rules::foreign_function,
        &rules::hidden_library,
        &rules::name_service,
        &rules::pam,
        &rules::openssl,
        &rules::qt_plugin,
        &rules::library_data,
        &rules::software_graphics,
        &rules::named_path,
        &rules::font_name,
        &rules::application_file,
        &rules::package_data,
        &rules::child_program,
        &rules::named_program,
        &rules::started_command,
        &rules::compiler,
        &rules::config_command,
        &rules::config_include,
        &rules::locale,
        &rules::time_zone,
        &rules::perl,
        &rules::postgresql_client,
        &rules::python,
        &rules::java,
        &rules::bytecode,
        &rules::mono,
        &rules::packed_library,
        &rules::ruby,
        &rules::erlang,
        &rules::lua,
        &rules::tex,
        &rules::typelib,
        &rules::node_js,
    };
    return list;
}

}  // namespace slimimg::closure
