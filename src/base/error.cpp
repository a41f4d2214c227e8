#include "slimimg/base/error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace slimimg {
namespace {

std::string line_of(const std::string& message, const std::string& hint) {
    return hint.empty() ? message : message + "; " + hint;
}

}  // namespace

Error::Error(Exit status, std::string code, std::string message, std::string hint)
    : std::runtime_error(line_of(message, hint)),
      status_(status),
      code_(std::move(code)),
      message_(std::move(message)),
      hint_(std::move(hint)) {}

Error Error::within(std::string_view context) const {
    return {status_, code_, std::string(context) + ": " + message_, hint_};
}

void throw_errno(std::string_view action, std::string_view path, Exit status) {
    const int number = errno;
    const bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    throw Error(status, full ? "no-space" : "io",
                std::string(action) + " " + std::string(path) + ": " +
                    std::generic_category().message(number));
}

}  // namespace slimimg
