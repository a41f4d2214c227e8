#include "slimimg/report/explanation.hpp"
#include "slimimg/report/format.hpp"

#include "json_values.hpp"

namespace slimimg::report {
namespace {

ordered_json layer_json(const Layer& layer) {
    return {{"index", layer.index},
            {"diff_id", layer.diff_id},
            {"created_by", text(layer.created_by)},
            {"bytes", layer.bytes},
            {"kept_bytes", layer.kept},
            {"stored_bytes", layer.stored},
            {"compression", layer.codec}};
}

ordered_json image_json(const ImageInfo& image) {
    return {{"name", text(image.name)},
            {"names", texts(image.names)},
            {"source", text(image.source)},
            {"digest", image.digest},
            {"id", image.id},
            {"format", image.format},
            {"platform", text(image.platform)},
            {"archive_bytes", image.archive_bytes},
            {"layers", list(image.layers, layer_json)}};
}

ordered_json program_json(const Program& program) {
    return {{"argv",
             program.commands.empty() ? ordered_json::array() : texts(program.commands.front())},
            {"commands", list(program.commands, texts)},
            {"by_request", program.by_request},
            {"user", text(program.user)},
            {"workdir", text(program.workdir)}};
}

ordered_json reduction_json(const Reduction& reduction) {
    return {{"before_bytes", reduction.before},
            {"after_bytes", reduction.after},
            {"percent", rounded(reduction.percent())},
            {"archive_before_bytes", value_or_null(reduction.archive_before)},
            {"archive_after_bytes", value_or_null(reduction.archive_after)}};
}

ordered_json reason_json(const Reason& reason) {
    return {{"rule", reason.rule},
            {"from", text_or_null(reason.from)},
            {"confidence", reason.confidence},
            {"detail", text(reason.detail)}};
}

ordered_json kept_json(const Kept& kept) {
    return {{"path", text(kept.path)},
            {"type", kept.type},
            {"kind", kind_id(kept.kind)},
            {"bytes", kept.bytes},
            {"source_bytes", kept.source_bytes},
            {"layer", value_or_null(kept.layer)},
            {"package", text_or_null(kept.package)},
            {"reasons", list(kept.reasons, reason_json)}};
}

ordered_json removed_json(const Removed& removed) {
    ordered_json result{
        {"path", text(removed.path)},    {"type", removed.type},
        {"kind", kind_id(removed.kind)}, {"bytes", removed.bytes},
        {"layer", removed.layer},        {"package", text_or_null(removed.package)}};
    if (!removed.hints.empty()) {
        result["hints"] = list(removed.hints, reason_json);
    }
    return result;
}

ordered_json diagnostic_json(const Diagnostic& diagnostic) {
    return {{"severity", severity_name(diagnostic.severity)},
            {"code", diagnostic.code},
            {"path", text_or_null(diagnostic.path)},
            {"message", text(diagnostic.message)},
            {"open", diagnostic.open}};
}

ordered_json share_json(const Share& share) {
    return {{"kept_files", share.kept_files},
            {"kept_bytes", share.kept_bytes},
            {"removed_files", share.removed_files},
            {"removed_bytes", share.removed_bytes}};
}

ordered_json kind_json(const KindShare& kind) {
    ordered_json result{{"kind", kind_id(kind.kind)}};
    result.update(share_json(kind.share));
    return result;
}

ordered_json package_json(const PackageShare& package) {
    ordered_json result{{"name", text_or_null(package.name)},
                        {"version", text_or_null(package.version)},
                        {"manager", text_or_null(package.manager)}};
    result.update(share_json(package.share));
    return result;
}

ordered_json rule_json(const RuleShare& rule) {
    return {{"rule", rule.rule}, {"files", rule.files}, {"bytes", rule.bytes}};
}

ordered_json surface_json(const Surface& surface) {
    return {{"files", surface.files},
            {"packages", surface.packages},
            {"executables", surface.executables},
            {"elf_files", surface.elf_files},
            {"shells", texts(surface.shells)},
            {"package_managers", texts(surface.package_managers)},
            {"set_id_files", texts(surface.set_id_files)}};
}

ordered_json certainty_json(const Certainty& certainty) {
    return {{"open_questions", certainty.open_questions},
            {"required_files", certainty.required_files},
            {"required_bytes", certainty.required_bytes},
            {"likely_files", certainty.likely_files},
            {"likely_bytes", certainty.likely_bytes}};
}

ordered_json stripped_json(const std::optional<Stripped>& stripped) {
    if (!stripped) {
        return nullptr;
    }
    return {{"files", stripped->files}, {"bytes", stripped->bytes}};
}

ordered_json proof_json(const std::optional<Proof>& proof) {
    if (!proof) {
        return nullptr;
    }
    return {{"programs", proof->programs},
            {"libraries", proof->libraries},
            {"symbols", proof->symbols}};
}

ordered_json link_json(const Explanation::Link& link) {
    return {{"path", text(link.path)}, {"target", text(link.target)}, {"kept", link.kept}};
}

ordered_json step_json(const Explanation::Step& step) {
    ordered_json result{{"path", text(step.path)}};
    result.update(reason_json(step.reason));
    return result;
}

ordered_json below_json(const Explanation::Below& below) {
    return {{"files", below.files},
            {"bytes", below.bytes},
            {"kept_files", below.kept_files},
            {"kept_bytes", below.kept_bytes},
            {"made_files", below.made_files},
            {"made_bytes", below.made_bytes},
            {"by_rule", list(below.rules, rule_json)},
            {"largest", texts(below.largest)}};
}

/// In the place of a member of the root that is null: a list, made row by row. As values of the
/// library the rows of a large image take ten times the room of their text.
template <typename T, typename F>
void put_rows(std::string& text, const std::string& member, const std::vector<T>& values,
              F render) {
    // Only a member of the root is indented by one, and no string has a line's end in it.
    const std::string head = "\n \"" + member + "\": ";
    const std::size_t place = text.find(head + "null") + head.size();
    std::string rows = "[";
    for (const T& value : values) {
        rows += rows.size() == 1 ? "\n  " : ",\n  ";
        for (const char c : render(value).dump(1)) {
            rows += c;
            rows += c == '\n' ? "  " : "";
        }
    }
    rows += values.empty() ? "]" : "\n ]";
    text.replace(place, std::string_view("null").size(), rows);
}

}  // namespace

std::string render_json(const Report& report, const RenderOptions&) {
    const ordered_json root{
        {"schema_version", schema_version},
        {"command", report.command},
        {"image", image_json(report.image)},
        {"program", program_json(report.program)},
        {"base", report.base},
        {"reduction", reduction_json(report.reduction)},
        {"certainty", certainty_json(report.certainty)},
        {"debug_image", text_or_null(report.debug_output)},
        {"stripped", stripped_json(report.stripped)},
        {"proof", proof_json(report.proof)},
        {"by_kind", list(report.kinds, kind_json)},
        {"by_rule", list(report.rules, rule_json)},
        {"packages", list(report.packages, package_json)},
        {"attack_surface",
         {{"before", surface_json(report.surface_before)},
          {"after", surface_json(report.surface_after)}}},
        {"kept", nullptr},
        {"removed", nullptr},
        {"unresolved", list(report.unresolved, unresolved_json)},
        {"diagnostics", list(report.diagnostics, diagnostic_json)},
    };
    std::string text = root.dump(1) + '\n';
    put_rows(text, "kept", report.kept, kept_json);
    put_rows(text, "removed", report.removed, removed_json);
    return text;
}

std::string explanation_json(const Explanation& explanation, const RenderOptions&) {
    const bool kept = explanation.verdict != Explanation::Verdict::removed;
    ordered_json root{
        {"schema_version", schema_version},
        {"command", "why"},
        {"image", text(explanation.image)},
        {"asked", text(explanation.asked)},
        {"path", text(explanation.path)},
        {"links", list(explanation.links, link_json)},
        {"dangles", explanation.dangles},
        {"kept", kept},
        {"excluded", explanation.excluded},
        {"type", explanation.type},
        {"bytes", explanation.bytes},
        {"layer", value_or_null(explanation.layer)},
        {"created_by", text_or_null(explanation.created_by)},
        {"package", text_or_null(explanation.package)},
        {"chain", list(explanation.chain, step_json)},
        {kept ? "further_reasons" : "hints", list(explanation.more, reason_json)},
    };
    if (explanation.below) {
        root["below"] = below_json(*explanation.below);
    }
    return root.dump(1) + '\n';
}

}  // namespace slimimg::report
