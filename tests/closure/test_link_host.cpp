#include <doctest/doctest.h>

#include "support/host_tree.hpp"
#include "support/loader.hpp"

using namespace slimimg::closure;

namespace {

std::string lines_of(const test::Listing& listing) {
    std::string text;
    for (const std::string& path : listing.paths) {
        text += path + "\n";
    }
    for (const std::string& name : listing.missing) {
        text += "missing " + name + "\n";
    }
    return text;
}

}  // namespace

TEST_SUITE("this machine's own files") {
    TEST_CASE("its programs and libraries link as its loader says") {
        const auto tree = test::host_tree(
            "/", {"/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/bin",
                  "/sbin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/ld.so.preload"});
        ElfStore store(tree, {});
        std::vector<slimimg::rootfs::NodeId> files;
        for (slimimg::rootfs::NodeId node = 0; node < tree.size(); ++node) {
            const auto* facts = tree[node].is_file() ? store.facts(node) : nullptr;
            if (facts != nullptr && facts->dynamic && facts->abi.machine == 62) {
                files.push_back(node);
            }
        }
        REQUIRE(files.size() > 100);
        // Every so many of them, to be done in seconds on a machine with thousands.
        const std::size_t step = files.size() / 300 + 1;
        std::size_t compared = 0;
        for (std::size_t i = 0; i < files.size(); i += step) {
            const Link link = link_program(store, files[i], {});
            if (link.kind != Link::Kind::glibc || !link.interpreter) {
                continue;
            }
            const std::string path = tree[files[i]].path;
            const test::Listing real =
                test::list_with_glibc("/", link.objects[*link.interpreter].path, path, {});
            if (!real.error.empty() && real.paths.empty()) {
                CHECK(lines_of(test::listing_of(link)) == "");  // linked with nothing
                continue;
            }
            INFO(path);
            CHECK(lines_of(test::listing_of(link)) == lines_of(real));
            ++compared;
        }
        CHECK(compared > 50);
    }
}
