#include "slimimg/archive/blob_index.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

namespace fuzz {

void archive(slimimg::Bytes input) {
    using slimimg::archive::BlobIndex;
    const std::string tar = with_checksums(input);
    const MemoryFile file(slimimg::as_bytes(tar));
    const slimimg::RunOptions options = small_machine();
    accepts([&] {
        std::vector<slimimg::Diagnostic> diagnostics;
        const BlobIndex index = slimimg::archive::open_blobs(file.path(), options, diagnostics);
        for (const std::string_view name : index.names()) {
            const auto content = index.find(name);
            demand(content.has_value(), "a file of the index is not found in it");
            demand(name.empty() || (name.front() != '/' && name.find("//") == name.npos),
                   "a name of the index is not normalized");
        }
    });
}

std::vector<std::string> archive_seeds() {
    using namespace test;
    using test::symlink;  // and not the system call
    const std::string plain = tar({file("manifest.json", "[]"), folder("blobs"),
                                   file("blobs/a", "content"), symlink("layer.tar", "blobs/a"),
                                   hardlink("other", "blobs/a"), symlink("circle", "circle")});
    return {plain,
            gzip(plain),
            zstd(plain),
            xz(plain),
            gzip(plain.substr(0, 1024)) + gzip(plain.substr(1024)),
            gzip(std::string(100'000, '\0'))};
}

}  // namespace fuzz
