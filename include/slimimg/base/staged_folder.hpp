#pragma once

#include <filesystem>
#include <string>

#include "slimimg/base/temporary.hpp"

namespace slimimg {

/// A folder that takes its name only when it is whole: made beside the target and renamed by
/// commit(). Without commit() nothing is left of it.
class StagedFolder {
  public:
    /// `marker` is the name of a file by which a folder that stands at the target is known as one
    /// that may be replaced; empty: none may. Throws Error (usage) where something else stands
    /// there, and Error (internal) where no folder can be made.
    explicit StagedFolder(const std::filesystem::path& target, std::string marker = {});

    /// Where it is until commit().
    [[nodiscard]] const std::filesystem::path& temporary() const { return temporary_.path(); }
    /// Makes a folder in it, and those between; never it itself anew, which a signal has removed by
    /// then. Throws Error (internal) where it can't.
    void make_folder(const std::filesystem::path& below) const;
    /// A folder that stands there, perhaps by another run since, is swapped with the new one and
    /// then goes with the temporary name; where the file system can't swap, it steps aside first.
    void commit();

  private:
    void take_place() const;

    std::filesystem::path target_;
    std::string marker_;
    Temporary temporary_;
};

}  // namespace slimimg
