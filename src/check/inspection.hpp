#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/check/check.hpp"
#include "slimimg/closure/loader.hpp"

#include "check/waste.hpp"

namespace slimimg::check {

/// What a policy tells of a finding; the rest follows from the policy.
struct Found {
    std::string message;
    std::string fix;
    std::string path = {};
    std::optional<std::size_t> layer = {};
    std::optional<std::size_t> line = {};
    std::optional<std::uint64_t> bytes = {};
    /// What tells it from others of the same policy and path.
    std::string subject = {};
};

/// What policies look at, and where they put what they find. They hold no state of their own.
class Inspection {
  public:
    Inspection(const slim::Analysis& analysis, const CheckSettings& settings, const Waste& waste,
               const RunOptions& run);

    [[nodiscard]] const slim::Analysis& analysis() const { return analysis_; }
    [[nodiscard]] const rootfs::Rootfs& rootfs() const { return analysis_.rootfs; }
    [[nodiscard]] const image::Config& config() const { return analysis_.image.config; }
    [[nodiscard]] const CheckSettings& settings() const { return settings_; }
    [[nodiscard]] const Thresholds& thresholds() const { return settings_.thresholds; }
    [[nodiscard]] const Waste& waste() const { return waste_; }
    [[nodiscard]] const RunOptions& run() const { return run_; }

    /// The facts of an ELF file; null for anything else.
    const elf::ElfFacts* elf(rootfs::NodeId node) { return elves_.facts(node); }
    /// True where the program needs the file.
    [[nodiscard]] bool is_kept(rootfs::NodeId node) const;
    /// True where a package manager has installed it: it is as its distribution wants it. Where
    /// the package manager's records cannot be read, what the lowest layer has counts as such.
    [[nodiscard]] bool is_packaged(rootfs::NodeId node) const;

    void find(Found found);
    /// At a file of the merged tree: path and layer are its own.
    void find_at(rootfs::NodeId node, Found found);

    /// Asks one policy. `level` is not off.
    void ask(const struct Policy& policy, Level level);
    [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

  private:
    const slim::Analysis& analysis_;
    const CheckSettings& settings_;
    const Waste& waste_;
    const RunOptions& run_;
    closure::ElfStore elves_;
    bool has_unread_records_;
    std::string_view policy_;
    Level level_ = Level::warning;
    std::vector<Finding> findings_;
};

/// A new policy is a file in src/check/policies and a line in policies.cpp.
struct Policy {
    PolicyInfo info;
    void (*inspect)(Inspection&) = nullptr;
};

}  // namespace slimimg::check
