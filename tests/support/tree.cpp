#include "support/tree.hpp"

namespace test {

slimimg::rootfs::Rootfs tree_of(const std::vector<std::string>& layers) {
    std::vector<slimimg::archive::LayerScan> scans;
    for (const std::string& layer : layers) {
        scans.push_back(slimimg::archive::scan_layer(slimimg::slice_of(layer), {}, "test layer"));
    }
    return slimimg::rootfs::Rootfs::merge(std::move(scans), {});
}

slimimg::rootfs::Rootfs tree(const std::vector<Member>& members) {
    return tree_of({tar(members)});
}

}  // namespace test
