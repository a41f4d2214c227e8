#pragma once

#include <string>
#include <vector>

#include "slimimg/base/bytes.hpp"

/// Code that is compiled for a virtual machine.
namespace slimimg::closure {

struct BytecodeTexts {
    std::vector<std::string> texts;      ///< its literals, without those that no name or command is
    bool starts = false;                 ///< it has the name of a class that starts programs
    std::vector<std::string> libraries;  ///< what may be names of libraries that it opens
};

/// A class of Java (The Java Virtual Machine Specification, 4.4: the constant pool). Nothing for
/// what is none; up to where it is damaged.
BytecodeTexts class_texts(Bytes file);

/// The assemblies of .NET in a file, which may be a program with many behind it (ECMA-335, II.24:
/// metadata; the heap of user strings).
BytecodeTexts assembly_texts(Bytes file);

/// A native program of .NET that may have assemblies behind it (Microsoft.NET.HostModel.Bundle):
/// with the mark before which the place of their list stands.
bool is_bundle(Bytes file);

}  // namespace slimimg::closure
