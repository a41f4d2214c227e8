#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

/// Package records where one image stands on another: both have some of a package's files.
namespace slimimg::slim {

/// True where the upper image has this file of its own.
using HasAbove = std::function<bool(std::string_view path)>;

/// A package as dpkg's status.d has it: control file and MD5 sums (empty where there are none).
struct DpkgRecord {
    std::string_view control;
    std::string_view sums;
};

/// The record of the union: the base's with the further files of the same version's above; of
/// another version the upper one where it has files of its own. Nothing where that is the base's.
struct JoinedRecord {
    std::string control;
    std::string sums;
};
std::optional<JoinedRecord> join_dpkg(const DpkgRecord& above, const DpkgRecord& base,
                                      const HasAbove& has_above);

/// apk's databases joined, by the same rule, package by package.
std::string join_apk(std::string_view above, std::string_view base, const HasAbove& has_above);

}  // namespace slimimg::slim
