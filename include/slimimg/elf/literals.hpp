#pragma once

#include <functional>
#include <set>
#include <string>

#include "slimimg/base/bytes.hpp"

namespace slimimg::elf {

/// Which of `names` (2 to 64 bytes each) a program has as a string literal of just that text, in
/// the forms that compilers give it:
/// - between two NULs of the constant data (C);
/// - an address with the length beside it (Go, Rust, std::string_view), in code of x86-64 (lea) and
///   AArch64 (adrp and add), or as two words of data, relocated or not;
/// - in pieces within x86-64's code, which it stores (std::string("git"), String::from("git")).
/// A short one may be found by chance. Throws nothing; a damaged file has none.
std::set<std::string, std::less<>> find_literals(Bytes file,
                                                 const std::set<std::string, std::less<>>& names);

}  // namespace slimimg::elf
