#pragma once

#include <filesystem>

namespace slimimg {

/// Removes a file, or a folder of this process with all below it, however deep it is and whatever
/// modes its folders have. Needs three descriptors: what a folder holds is moved up before it goes.
/// Also while other threads still write into the folder: under another name they don't find it, and
/// what they make in it meanwhile goes with the next attempt. False where something is left.
bool remove_tree(const std::filesystem::path& path);

}  // namespace slimimg
