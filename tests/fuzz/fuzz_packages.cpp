#include <array>

#include "slimimg/closure/packages.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/tar.hpp"

namespace fuzz {

using slimimg::closure::PackageDb;

/// Files are separated by NUL; the first byte of each tells which it is.
void packages(slimimg::Bytes input) {
    static constexpr std::array<const char*, 8> names = {
        "var/lib/dpkg/status",         "var/lib/dpkg/info/a.list", "var/lib/dpkg/diversions",
        "var/lib/dpkg/status.d/a",     "lib/apk/db/installed",     "var/lib/rpm/rpmdb.sqlite",
        "var/lib/dpkg/info/a.md5sums", "var/lib/rpm/Packages"};
    std::vector<test::Member> members{test::file("bin/a", "a"),
                                      test::file("usr/share/doc/a/b", "b"),
                                      test::symlink("lib64", "lib")};
    for (const std::string_view part : split(slimimg::as_text(input), std::string_view("\0", 1))) {
        if (!part.empty()) {
            const auto kind = static_cast<unsigned char>(part[0]) % names.size();
            members.push_back(test::file(names[kind], std::string(part.substr(1))));
        }
    }
    const slimimg::RunOptions options = small_machine();
    std::vector<slimimg::archive::LayerScan> scans;
    scans.push_back(
        slimimg::archive::scan_layer(slimimg::slice_of(test::tar(members)), options, "layer"));
    const auto tree = slimimg::rootfs::Rootfs::merge(std::move(scans), options);
    const PackageDb database = PackageDb::read(tree);
    for (const auto& package : database.packages()) {
        demand(database.find(package.name).has_value(), "a package is not found");
        for (const slimimg::rootfs::NodeId file : package.files) {
            demand(file < tree.size(), "a package owns what is not there");
        }
    }
}

std::vector<std::string> packages_seeds() {
    const std::string none(1, '\0');
    // '0' % 8 is 0: the digits name the files of the list above.
    const std::string status =
        "0Package: a\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\n"
        "Source: src (1)\nVersion: 1:2-3\nDepends: b (>= 1) | c, d:any\nProvides: e (= 1)\n"
        "Description: x\n more\n .\nConffiles:\n /etc/a 0123\n\nPackage: b\nStatus: x\n";
    const std::string list = "1/.\n/bin\n/bin/a\n/usr/share/doc/a/b\n";
    const std::string diversions = "2/bin/a\n/bin/a.real\nb\n";
    const std::string apk =
        "4P:a\nV:1-r0\nA:x86_64\no:src\nD:so:libc.musl-x86_64.so.1 b>1 !c\n"
        "p:so:liba.so.1=1 cmd:a=1\nF:bin\nR:a\na:0:0:755\nZ:Q1xx=\n\nP:b\nV:1\n";
    const std::string rpm("5SQLite format 3\0", 17);
    return {status + none + list + none + diversions + none + "6d41d8cd9  bin/a\n", apk, rpm,
            "3Package: a\nVersion: 1\n"};
}

}  // namespace fuzz
