#pragma once

#include <string>

namespace slimimg {

enum class Severity { note, warning, error };

/// Something worth telling that is not a failure: a value in the results, never just a log line.
struct Diagnostic {
    Severity severity = Severity::warning;
    std::string code;     ///< stable kebab-case id, e.g. "elf-damaged"
    std::string path;     ///< the file of the image it is about; may be empty
    std::string message;  ///< one line; says what could not be known and which flag settles it

    /// Something could not be known that decides what the program needs: the result is less sure.
    bool open = false;

    bool operator==(const Diagnostic&) const = default;
};

}  // namespace slimimg
