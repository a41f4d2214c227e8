#pragma once

#include <string>
#include <string_view>

#include "slimimg/slim/slim.hpp"

/// A small analysis made by hand, with something in it for every part of a report.
namespace test {

/// Two layers; a program that stays with its library, links, a certificate and what a script
/// names; a shell, a package manager and documentation that go.
slimimg::slim::Analysis sample_analysis();
slimimg::closure::Request sample_request();
/// The same as it would be written.
slimimg::slim::Rebuild sample_rebuild();

/// Compares with testdata/golden/`name`. With SLIMIMG_RENEW_GOLDEN set the file is written anew.
void check_golden(std::string_view name, const std::string& text);

}  // namespace test
