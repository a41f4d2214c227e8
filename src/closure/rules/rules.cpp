#include "closure/rules/rules.hpp"

namespace slimimg::closure {

const std::vector<const Rule*>& all_rules() {
    static const std::vector<const Rule*> list{
        &rules::program,      &rules::request,     &rules::usrmerge,         &rules::link,
        &rules::module,       &rules::dlopen_note, &rules::library_name,     &rules::hidden_library,
        &rules::name_service, &rules::named_path,  &rules::application_file,
    };
    return list;
}

}  // namespace slimimg::closure
