#include <algorithm>
#include <map>

#include "slimimg/base/digest.hpp"

#include "report/json_values.hpp"
#include "report/sbom/documents.hpp"

// SPDX 2.3, https://spdx.github.io/spdx-spec/v2.3/

namespace slimimg::report {
namespace {

constexpr const char* unknown = "NOASSERTION";
constexpr const char* image_id = "SPDXRef-Image";
constexpr const char* tool = "Tool: slimimg-" SLIMIMG_VERSION;

std::string short_hash(std::string_view text) {
    return sha256(as_bytes(text)).hex().substr(0, 16);
}

std::string id_of(const SbomPackage& package) {
    return "SPDXRef-Package-" + id_text(package.type) + "-" + id_text(package.name) + "-" +
           short_hash(package.purl);
}

std::string id_of(const SbomFile& file) {
    return "SPDXRef-File-" + short_hash(file.path);
}

class Document {
  public:
    explicit Document(const Sbom& sbom) : sbom_(sbom) {}

    std::string render() {
        add_image();
        for (const SbomPackage& package : sbom_.packages) {
            add_package(package);
        }
        add_system();
        add_other_image("SPDXRef-Source", sbom_.source_name, sbom_.source_digest, "GENERATED_FROM");
        add_other_image("SPDXRef-Base", sbom_.base_name, sbom_.base_digest, "DESCENDANT_OF");
        ordered_json root = {
            {"spdxVersion", "SPDX-2.3"},
            {"dataLicense", "CC0-1.0"},
            {"SPDXID", "SPDXRef-DOCUMENT"},
            {"name", text(sbom_.name)},
            {"documentNamespace", ""},
            {"creationInfo", {{"created", sbom_.created}, {"creators", {std::string(tool)}}}},
            {"documentDescribes", {image_id}},
            {"packages", packages_},
            {"files", list(sbom_.files, file_json)},
            {"relationships", relationships_}};
        if (!references_.empty()) {
            root["hasExtractedLicensingInfos"] = ordered_json::array();
            for (const auto& [id, name] : references_) {
                root["hasExtractedLicensingInfos"].push_back(
                    {{"licenseId", id},
                     {"name", name},
                     {"extractedText", "The package names its licence \"" + name +
                                           "\", for which SPDX has no id."}});
            }
        }
        root["documentNamespace"] =
            "https://spdx.org/spdxdocs/slimimg-" + id_text(sbom_.name) + "-" + uuid_of(root.dump());
        return root.dump(1) + '\n';
    }

  private:
    static ordered_json file_json(const SbomFile& file) {
        return {{"SPDXID", id_of(file)},
                {"fileName", "." + file.path},
                {"checksums",
                 {{{"algorithm", "SHA1"}, {"checksumValue", file.sha1}},
                  {{"algorithm", "SHA256"}, {"checksumValue", file.sha256}}}},
                {"licenseConcluded", unknown},
                {"copyrightText", unknown}};
    }

    /// 7.9: the SHA-1 of all files' SHA-1 in order.
    [[nodiscard]] std::string verification_code(const std::vector<std::size_t>& files) const {
        std::vector<std::string> sums;
        for (const std::size_t file : files) {
            sums.push_back(sbom_.files[file].sha1);
        }
        std::sort(sums.begin(), sums.end());
        std::string all;
        for (const std::string& sum : sums) {
            all += sum;
        }
        return sha1_hex(as_bytes(all));
    }

    void relate(const std::string& from, const char* type, const std::string& to) {
        relationships_.push_back(
            {{"spdxElementId", from}, {"relationshipType", type}, {"relatedSpdxElement", to}});
    }

    [[nodiscard]] ordered_json annotation(const std::string& comment) const {
        return {{"annotationDate", sbom_.created},
                {"annotationType", "OTHER"},
                {"annotator", tool},
                {"comment", comment}};
    }

    static std::string lines(const std::string& heading, const std::vector<std::string>& names) {
        std::string all = heading;
        for (const std::string& name : names) {
            all += '\n' + name;
        }
        return all;
    }

    /// With what the package contains, where that is files.
    ordered_json package_json(const std::string& id, const std::string& name,
                              const std::vector<std::size_t>& files) {
        ordered_json json = {{"SPDXID", id},
                             {"name", text(name)},
                             {"downloadLocation", unknown},
                             {"filesAnalyzed", !files.empty()}};
        if (!files.empty()) {
            json["packageVerificationCode"] = {
                {"packageVerificationCodeValue", verification_code(files)}};
        }
        for (const std::size_t file : files) {
            relate(id, "CONTAINS", id_of(sbom_.files[file]));
        }
        return json;
    }

    void add_image() {
        relate("SPDXRef-DOCUMENT", "DESCRIBES", image_id);
        ordered_json json = package_json(image_id, sbom_.name, sbom_.loose);
        json["primaryPackagePurpose"] = "CONTAINER";
        ordered_json notes = ordered_json::array();
        if (!sbom_.removed_packages.empty()) {
            notes.push_back(annotation(lines("packages removed whole:", sbom_.removed_packages)));
        }
        if (!sbom_.removed_loose.empty()) {
            notes.push_back(
                annotation(lines("files removed that no package owned:", sbom_.removed_loose)));
        }
        if (!notes.empty()) {
            json["annotations"] = std::move(notes);
        }
        packages_.push_back(std::move(json));
    }

    void add_package(const SbomPackage& package) {
        const std::string id = id_of(package);
        relate(image_id, "CONTAINS", id);
        ordered_json json = package_json(id, package.name, package.files);
        if (!package.version.empty()) {
            json["versionInfo"] = text(package.version);
        }
        const std::string& licence = package.licence.expression;
        json["licenseConcluded"] = unknown;
        json["licenseDeclared"] = licence.empty() ? unknown : licence;
        json["copyrightText"] = unknown;
        json["externalRefs"] = {{{"referenceCategory", "PACKAGE-MANAGER"},
                                 {"referenceType", "purl"},
                                 {"referenceLocator", package.purl}}};
        if (!package.removed.empty()) {
            // Not braces: compilers differ in whether they make an array of one value.
            json["annotations"] =
                ordered_json::array({annotation(lines("files removed:", package.removed))});
        }
        references_.insert(package.licence.references.begin(), package.licence.references.end());
        packages_.push_back(std::move(json));
        for (const std::size_t needed : package.depends) {
            relate(id, "DEPENDS_ON", id_of(sbom_.packages[needed]));
        }
        for (const std::size_t file : package.linked_into) {
            relate(id_of(sbom_.files[file]), "STATIC_LINK", id);
        }
    }

    void add_system() {
        if (sbom_.os_id.empty()) {
            return;
        }
        const char* const id = "SPDXRef-OperatingSystem";
        ordered_json json = package_json(id, sbom_.os_id, {});
        if (!sbom_.os_version.empty()) {
            json["versionInfo"] = sbom_.os_version;
        }
        if (!sbom_.os_name.empty()) {
            json["description"] = sbom_.os_name;
        }
        json["primaryPackagePurpose"] = "OPERATING_SYSTEM";
        packages_.push_back(std::move(json));
        relate(image_id, "CONTAINS", id);
    }

    void add_other_image(const char* id, const std::string& name, const std::string& digest,
                         const char* relation) {
        if (name.empty()) {
            return;
        }
        ordered_json json = package_json(id, name, {});
        json["versionInfo"] = digest;
        json["primaryPackagePurpose"] = "CONTAINER";
        packages_.push_back(std::move(json));
        relate(image_id, relation, id);
    }

    const Sbom& sbom_;
    ordered_json packages_ = ordered_json::array();
    ordered_json relationships_ = ordered_json::array();
    std::map<std::string, std::string> references_;
};

}  // namespace

std::string render_spdx(const Sbom& sbom) {
    return Document(sbom).render();
}

}  // namespace slimimg::report
