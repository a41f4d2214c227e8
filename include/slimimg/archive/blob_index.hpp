#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/diagnostic.hpp"
#include "slimimg/base/run_options.hpp"

namespace slimimg::archive {

/// The files of an image archive or layout folder, by name. Names are relative and normalized
/// ("blobs/sha256/ab…"); links inside the archive are followed when a name is looked up.
class BlobIndex {
  public:
    void add(std::string name, Slice content);
    void add_link(std::string name, std::string target);

    /// The content under `name`, through links; nothing where there is none or links run in a
    /// circle.
    [[nodiscard]] std::optional<Slice> find(std::string_view name) const;
    /// Of the files, in order; links are not among them.
    [[nodiscard]] std::vector<std::string_view> names() const;

    /// Of the archive as it was given, compressed or not; nothing for a folder.
    std::optional<std::uint64_t> archive_bytes;

  private:
    std::map<std::string, Slice, std::less<>> files_;
    std::map<std::string, std::string, std::less<>> links_;
};

/// Opens `location`: a tar (plain or compressed), a folder, a pipe, or "-" for standard input; what
/// comes from a pipe is spooled. Nothing else is copied but what must be inflated. Links of a
/// folder are followed inside it only. Throws Error (bad_input) where it is none of these, or is
/// damaged, and Error (usage) where standard input is a terminal.
BlobIndex open_blobs(const std::string& location, const RunOptions& options,
                     std::vector<Diagnostic>& diagnostics);

}  // namespace slimimg::archive
