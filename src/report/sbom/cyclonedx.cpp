#include "slimimg/base/path.hpp"

#include "report/json_values.hpp"
#include "report/sbom/documents.hpp"

// CycloneDX 1.5, https://cyclonedx.org/docs/1.5/json/

namespace slimimg::report {
namespace {

ordered_json property(const char* name, const std::string& value) {
    return {{"name", name}, {"value", value}};
}

ordered_json file_json(const SbomFile& file) {
    return {{"type", "file"},
            {"name", file.path},
            {"hashes",
             {{{"alg", "SHA-1"}, {"content", file.sha1}},
              {{"alg", "SHA-256"}, {"content", file.sha256}}}}};
}

ordered_json files_json(const Sbom& sbom, const std::vector<std::size_t>& files) {
    return list(files, [&](std::size_t file) { return file_json(sbom.files[file]); });
}

/// The schema takes an id by itself only where it is on its list, an expression always.
ordered_json licences_json(const Licence& licence) {
    return ordered_json::array({{{"expression", licence.expression}}});
}

ordered_json package_json(const Sbom& sbom, const SbomPackage& package) {
    ordered_json json = {{"type", "library"}, {"bom-ref", package.purl}};
    // npm's scope is the component's group; all others have their name whole.
    const std::size_t slash = package.name.find('/');
    if (package.type == "npm" && package.name.starts_with('@') && slash != std::string::npos) {
        json["group"] = text(package.name.substr(0, slash));
        json["name"] = text(package.name.substr(slash + 1));
    } else {
        json["name"] = text(package.name);
    }
    if (!package.version.empty()) {
        json["version"] = text(package.version);
    }
    if (!package.licence.expression.empty()) {
        json["licenses"] = licences_json(package.licence);
    }
    json["purl"] = package.purl;
    ordered_json properties = ordered_json::array();
    for (const std::size_t file : package.linked_into) {
        properties.push_back(property("slimimg:linked-into", sbom.files[file].path));
    }
    for (const std::string& path : package.removed) {
        properties.push_back(property("slimimg:removed:file", path));
    }
    if (!properties.empty()) {
        json["properties"] = std::move(properties);
    }
    if (!package.files.empty()) {
        json["components"] = files_json(sbom, package.files);
    }
    return json;
}

ordered_json image_json(const Sbom& sbom) {
    ordered_json json = {{"type", "container"}, {"bom-ref", "image"}, {"name", text(sbom.name)}};
    ordered_json properties = ordered_json::array();
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) {
            properties.push_back(property(name, path::printable(value)));
        }
    };
    add("slimimg:source:name", sbom.source_name);
    add("slimimg:source:digest", sbom.source_digest);
    add("slimimg:base:name", sbom.base_name);
    add("slimimg:base:digest", sbom.base_digest);
    for (const std::string& purl : sbom.removed_packages) {
        add("slimimg:removed:package", purl);
    }
    for (const std::string& path : sbom.removed_loose) {
        add("slimimg:removed:file", path);
    }
    if (!properties.empty()) {
        json["properties"] = std::move(properties);
    }
    return json;
}

ordered_json components_json(const Sbom& sbom) {
    ordered_json components = list(
        sbom.packages, [&](const SbomPackage& package) { return package_json(sbom, package); });
    if (!sbom.os_id.empty()) {
        ordered_json system = {
            {"type", "operating-system"}, {"bom-ref", "operating-system"}, {"name", sbom.os_id}};
        if (!sbom.os_version.empty()) {
            system["version"] = sbom.os_version;
        }
        if (!sbom.os_name.empty()) {
            system["description"] = sbom.os_name;
        }
        components.push_back(std::move(system));
    }
    for (ordered_json& file : files_json(sbom, sbom.loose)) {
        components.push_back(std::move(file));
    }
    return components;
}

ordered_json dependencies_json(const Sbom& sbom) {
    return list(sbom.packages, [&](const SbomPackage& package) {
        return ordered_json{{"ref", package.purl},
                            {"dependsOn", list(package.depends, [&](std::size_t needed) {
                                 return ordered_json(sbom.packages[needed].purl);
                             })}};
    });
}

}  // namespace

std::string render_cyclonedx(const Sbom& sbom) {
    ordered_json root = {
        {"$schema", "http://cyclonedx.org/schema/bom-1.5.schema.json"},
        {"bomFormat", "CycloneDX"},
        {"specVersion", "1.5"},
        {"serialNumber", ""},
        {"version", 1},
        {"metadata",
         {{"timestamp", sbom.created},
          {"tools",
           {{"components",
             ordered_json::array(
                 {{{"type", "application"}, {"name", "slimimg"}, {"version", SLIMIMG_VERSION}}})}}},
          {"component", image_json(sbom)}}},
        {"components", components_json(sbom)},
        {"dependencies", dependencies_json(sbom)}};
    root["serialNumber"] = "urn:uuid:" + uuid_of(root.dump());
    return root.dump(1) + '\n';
}

}  // namespace slimimg::report
