#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace slimimg {

/// The exit codes of the program; every Error carries the one it leads to.
enum class Exit : int {
    ok = 0,
    policy = 1,      ///< a policy failed
    usage = 2,       ///< the command line or a configuration file is wrong
    bad_input = 3,   ///< the image is damaged, hostile or not an image
    unresolved = 4,  ///< the program needs something that the image lacks
    internal = 5,    ///< an I/O or internal failure
};

/// The one error type of the project. Third-party exceptions are translated where they arise;
/// it is caught at worker boundaries and in main.
class Error : public std::runtime_error {
  public:
    /// `code` is a stable kebab-case id ("layer-truncated"), `message` says what is wrong and
    /// where, `hint` what to do about it (may be empty).
    Error(Exit status, std::string code, std::string message, std::string hint = {});

    /// The same error, seen from further out: "layer 3 of app.tar: <message>".
    [[nodiscard]] Error within(std::string_view context) const;

    [[nodiscard]] Exit status() const { return status_; }
    [[nodiscard]] const std::string& code() const { return code_; }
    [[nodiscard]] const std::string& message() const { return message_; }
    [[nodiscard]] const std::string& hint() const { return hint_; }

  private:
    Exit status_;
    std::string code_;
    std::string message_;
    std::string hint_;
};

/// Throws an Error for a failed system call: "cannot open x.tar: No such file or directory".
/// Reads errno first; status is Exit::internal unless told otherwise.
[[noreturn]] void throw_errno(std::string_view action, std::string_view path,
                              Exit status = Exit::internal);

}  // namespace slimimg
