#include "slimimg/report/difference.hpp"

#include "json_values.hpp"

namespace slimimg::report {
namespace {

ordered_json side_json(const Difference::Side& side) {
    return {{"name", text(side.name)},
            {"source", text(side.source)},
            {"digest", side.digest},
            {"platform", text(side.platform)},
            {"layer_bytes", side.layer_bytes},
            {"tree_bytes", side.tree_bytes},
            {"archive_bytes", side.archive_bytes},
            {"needed_bytes", side.needed_bytes},
            {"files", side.files},
            {"packages", side.packages},
            {"layers", side.layers}};
}

ordered_json layer_json(const Difference::LayerOf& layer) {
    return {{"change", change_name(layer.change)},
            {"diff_id", layer.diff_id},
            {"created_by", text(layer.created_by)},
            {"bytes", layer.bytes}};
}

ordered_json entry_json(const Difference::Entry& entry) {
    return {{"path", text(entry.path)},
            {"change", change_name(entry.change)},
            {"type", entry.type},
            {"what", texts(entry.what)},
            {"before_bytes", entry.before_bytes},
            {"after_bytes", entry.after_bytes},
            {"needed_before", entry.needed_before},
            {"needed_after", entry.needed_after},
            {"package", text_or_null(entry.package)}};
}

ordered_json folder_json(const Difference::Folder& folder) {
    return {{"path", text(folder.path)},         {"before_bytes", folder.before_bytes},
            {"after_bytes", folder.after_bytes}, {"added", folder.added},
            {"removed", folder.removed},         {"changed", folder.changed}};
}

ordered_json package_json(const Difference::Package& package) {
    return {{"manager", package.manager},
            {"name", text(package.name)},
            {"architecture", text_or_null(package.architecture)},
            {"before_version", text_or_null(package.before_version)},
            {"after_version", text_or_null(package.after_version)},
            {"before_bytes", package.before_bytes},
            {"after_bytes", package.after_bytes}};
}

ordered_json optional_text(const std::optional<std::string>& value) {
    return value ? text(*value) : ordered_json(nullptr);
}

ordered_json setting_json(const Difference::Setting& setting) {
    return {{"key", text(setting.key)},
            {"before", optional_text(setting.before)},
            {"after", optional_text(setting.after)}};
}

ordered_json library_json(const Difference::Library& library) {
    return {{"name", text(library.name)},
            {"before", text_or_null(library.before)},
            {"after", text_or_null(library.after)},
            {"programs", texts(library.programs)}};
}

}  // namespace

std::string difference_json(const Difference& difference, const RenderOptions&) {
    const ordered_json root{
        {"schema_version", schema_version},
        {"command", "diff"},
        {"same", difference.same()},
        {"before", side_json(difference.before)},
        {"after", side_json(difference.after)},
        {"growth_bytes", difference.growth()},
        {"growth_percent", rounded(difference.growth_percent())},
        {"shared_layers", difference.shared_layers},
        {"layers", list(difference.layers, layer_json)},
        {"packages", list(difference.packages, package_json)},
        {"folders", list(difference.folders, folder_json)},
        {"entries", list(difference.entries, entry_json)},
        {"touched", difference.touched},
        {"config", list(difference.config, setting_json)},
        {"programs_added", texts(difference.programs_added)},
        {"programs_removed", texts(difference.programs_removed)},
        {"libraries", list(difference.libraries, library_json)},
        {"now_missing", list(difference.now_missing, unresolved_json)},
        {"no_longer_missing", list(difference.no_longer_missing, unresolved_json)},
    };
    return root.dump(1) + '\n';
}

}  // namespace slimimg::report
