#include "check_words.hpp"

#include "layout.hpp"

namespace slimimg::report {
namespace {

using check::Level;

std::string told_counts(const auto& of) {
    std::string text = counted(of.count(Level::error), "error") + ", " +
                       counted(of.count(Level::warning), "warning") + ", " +
                       counted(of.count(Level::note), "note");
    text += of.waived() == 0 ? "" : ", " + grouped(of.waived()) + " waived";
    return text;
}

}  // namespace

const std::string& name_of(const check::CheckReport& image) {
    return image.name.empty() ? image.source : image.name;
}

std::string counts_of(const check::CheckReport& image) {
    return told_counts(image);
}

std::string counts_of(const check::CheckResult& result) {
    return told_counts(result);
}

std::string problem_of(const check::CheckReport& image) {
    return image.error->message() + (image.error->hint().empty() ? "" : "; " + image.error->hint());
}

std::string waiver_of(const check::Waived& waived) {
    return (waived.until.empty() ? "" : "until " + waived.until + ": ") + waived.reason;
}

bool fails(const check::CheckResult& result, const check::Finding& finding) {
    return !finding.waived && result.fail_on != Level::off && finding.level >= result.fail_on;
}

}  // namespace slimimg::report
