#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "slimimg/closure/packages.hpp"

#include "support/tree.hpp"

using namespace slimimg;
using namespace slimimg::closure;
using test::file;
using test::folder;

namespace {

std::vector<std::string> files_of(const rootfs::Rootfs& rootfs, const PackageDb& db,
                                  std::string_view name) {
    std::vector<std::string> paths;
    const auto id = db.find(name);
    REQUIRE(id);
    for (const rootfs::NodeId node : db[*id].files) {
        paths.push_back(rootfs[node].path);
    }
    return paths;
}

std::string owner_of(const rootfs::Rootfs& rootfs, const PackageDb& db, std::string_view path) {
    const auto node = rootfs.find(path);
    REQUIRE(node);
    const auto owner = db.owner(*node);
    return owner ? db[*owner].name : "";
}

std::vector<std::string> codes(const PackageDb& db) {
    std::vector<std::string> result;
    for (const Diagnostic& diagnostic : db.diagnostics()) {
        result.push_back(diagnostic.code);
    }
    return result;
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("an image without a package database has no packages and nothing to tell") {
    const auto rootfs = test::tree({file("bin/app", "x")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(db.packages().empty());
    CHECK(db.diagnostics().empty());
    CHECK_FALSE(db.owner(*rootfs.find("/bin/app")));
    CHECK_FALSE(db.find("app"));
}

TEST_CASE("dpkg's status gives names, versions, sources and relations") {
    const auto rootfs = test::tree(
        {file("var/lib/dpkg/status",
              "Package: libssl3\n"
              "Status: install ok installed\n"
              "Architecture: amd64\n"
              "Source: openssl (3.0.1-1)\n"
              "Version: 3.0.15-1\n"
              "Provides: libssl-virtual (= 3), libssl3-abi\n"
              "Pre-Depends: multiarch-support\n"
              "Depends: libc6 (>= 2.34), debconf (>= 0.5) | debconf-2.0,\n"
              " python3:any, libc6 (<< 3), zlib1g [amd64]\n"
              "Description: text\n with Depends: nothing\n .\n and more\n"
              "\n"
              "package: plain\nstatus: install ok installed\nVersion: 1\nArchitecture: all\n"),
         file("var/lib/dpkg/info/libssl3:amd64.list", "/.\n"),
         file("var/lib/dpkg/info/plain.list", "/.\n")});
    const PackageDb db = PackageDb::read(rootfs);
    REQUIRE(db.packages().size() == 2);
    CHECK(db.diagnostics().empty());
    const Package& ssl = db[*db.find("libssl3")];
    CHECK(package_manager_name(ssl.manager) == "dpkg");
    CHECK(ssl.version == "3.0.15-1");
    CHECK(ssl.architecture == "amd64");
    CHECK(ssl.source == "openssl");
    CHECK(ssl.depends ==
          Names{"multiarch-support", "libc6", "debconf", "debconf-2.0", "python3", "zlib1g"});
    CHECK(ssl.provides == Names{"libssl-virtual", "libssl3-abi"});
    CHECK(db[*db.find("plain")].source.empty());
}

TEST_CASE("only packages whose files are unpacked count") {
    std::string status;
    for (const std::string state :
         {"install ok installed", "install ok half-configured", "install ok triggers-pending",
          "install ok triggers-awaited", "install ok unpacked", "hold ok installed",
          "deinstall ok config-files", "purge ok not-installed", "install ok half-installed"}) {
        std::string name = "p-" + state;
        std::replace(name.begin(), name.end(), ' ', '-');
        status += "Package: " + name + "\nStatus: " + state + "\nVersion: 1\n\n";
    }
    const auto rootfs = test::tree({file("var/lib/dpkg/status", status)});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(db.packages().size() == 6);
    CHECK_FALSE(db.find("p-deinstall-ok-config-files"));
    CHECK_FALSE(db.find("p-purge-ok-not-installed"));
    CHECK_FALSE(db.find("p-install-ok-half-installed"));
}

TEST_CASE("a package owns what its list names and the image still has") {
    const auto rootfs = test::tree(
        {file("var/lib/dpkg/status",
              "Package: bash\nStatus: install ok installed\nArchitecture: amd64\n"
              "Conffiles:\n /etc/bash.bashrc 0123\n /etc/old 0123 obsolete\n\n"
              "Package: dash\nStatus: install ok installed\nArchitecture: amd64\n"),
         file("var/lib/dpkg/info/bash.list",
              "/.\n/bin\n/bin/bash\n/bin/rbash\n/usr\n/usr/share\n"
              "/usr/share/doc\n/usr/share/doc/bash\n"
              "/usr/share/doc/bash/gone\n"),
         file("var/lib/dpkg/info/dash.list",
              "/.\n/bin\n/bin/dash\n/usr\n/usr/share\n"
              "/usr/share/doc\n"),
         test::symlink("bin", "usr/bin"), file("usr/bin/bash", "x"),
         test::symlink("usr/bin/rbash", "bash"), file("usr/bin/dash", "x"),
         folder("usr/share/doc/bash"), file("etc/bash.bashrc", "x"), file("etc/old", "x")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(files_of(rootfs, db, "bash") ==
          Names{"/etc/bash.bashrc", "/usr/bin/bash", "/usr/bin/rbash", "/usr/share/doc/bash"});
    CHECK(files_of(rootfs, db, "dash") == Names{"/usr/bin/dash"});
    CHECK(owner_of(rootfs, db, "/usr/bin/bash") == "bash");
    CHECK(owner_of(rootfs, db, "/usr/bin/rbash") == "bash");
    CHECK(owner_of(rootfs, db, "/usr/share/doc/bash") == "bash");
    SUBCASE("but no package owns a folder that others have too") {
        CHECK(owner_of(rootfs, db, "/usr/share/doc").empty());
        CHECK(owner_of(rootfs, db, "/bin").empty());
        CHECK(owner_of(rootfs, db, "/").empty());
    }
    SUBCASE("nor an obsolete conffile, nor what nobody lists") {
        CHECK(owner_of(rootfs, db, "/etc/old").empty());
        CHECK(owner_of(rootfs, db, "/var/lib/dpkg/status").empty());
    }
}

TEST_CASE("the same file of two architectures has the first package as its owner") {
    const auto rootfs = test::tree(
        {file("var/lib/dpkg/status",
              "Package: libz\nStatus: install ok installed\nArchitecture: i386\n\n"
              "Package: libz\nStatus: install ok installed\nArchitecture: amd64\n"),
         file("var/lib/dpkg/info/libz:amd64.list", "/usr/share/doc/libz/copyright\n/lib/a.so\n"),
         file("var/lib/dpkg/info/libz:i386.list", "/usr/share/doc/libz/copyright\n/lib/i.so\n"),
         file("usr/share/doc/libz/copyright", "x"), file("lib/a.so", "x"), file("lib/i.so", "x")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(db.packages().size() == 2);
    CHECK(db[*db.owner(*rootfs.find("/usr/share/doc/libz/copyright"))].architecture == "amd64");
    CHECK(db[*db.find("libz:i386")].architecture == "i386");
    CHECK(db[*db.find("libz:amd64")].architecture == "amd64");
    CHECK_FALSE(db.find("libz:arm64"));
    CHECK(files_of(rootfs, db, "libz:i386") == Names{"/lib/i.so", "/usr/share/doc/libz/copyright"});
}

TEST_CASE("a diverted file belongs to its package under its new name") {
    const auto rootfs = test::tree(
        {file("var/lib/dpkg/status",
              "Package: perf\nStatus: install ok installed\nArchitecture: amd64\n\n"
              "Package: linux-perf\nStatus: install ok installed\nArchitecture: amd64\n"),
         file("var/lib/dpkg/diversions", "/usr/bin/perf\n/usr/bin/perf.wrapper\nlinux-perf\n"),
         file("var/lib/dpkg/info/perf.list", "/usr/bin/perf\n"),
         file("var/lib/dpkg/info/linux-perf.list", "/usr/bin/perf\n"), file("usr/bin/perf", "new"),
         file("usr/bin/perf.wrapper", "old")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(files_of(rootfs, db, "perf") == Names{"/usr/bin/perf.wrapper"});
    CHECK(owner_of(rootfs, db, "/usr/bin/perf") == "linux-perf");
}

TEST_CASE("distroless images have a file a package") {
    const auto rootfs = test::tree(
        {file("var/lib/dpkg/status.d/tzdata",
              "Package: tzdata\nVersion: 2024a-0\nArchitecture: all\nDepends: debconf\n"),
         file("var/lib/dpkg/status.d/tzdata.md5sums",
              "d41d8cd98f00b204e9800998ecf8427e  usr/share/zoneinfo/UTC\n"
              "damaged\n"
              "d41d8cd98f00b204e9800998ecf8427e  usr/share/with space\n"),
         file("var/lib/dpkg/status.d/netbase",
              "Package: netbase\nVersion: 6.4\nConffiles:\n /etc/protocols 0123\n"),
         file("etc/protocols", "x"), file("usr/share/zoneinfo/UTC", "x"),
         file("usr/share/with space", "x")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(db.packages().size() == 2);
    CHECK(db[*db.find("tzdata")].version == "2024a-0");
    CHECK(files_of(rootfs, db, "tzdata") ==
          Names{"/usr/share/with space", "/usr/share/zoneinfo/UTC"});
    CHECK(owner_of(rootfs, db, "/etc/protocols") == "netbase");
    CHECK(codes(db) == Names{"package-files-unknown"});
}

TEST_CASE("packages without a list of files are told of once") {
    const auto rootfs = test::tree({file(
        "var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\n\nPackage: b\nStatus: install ok installed\n")});
    const PackageDb db = PackageDb::read(rootfs);
    REQUIRE(db.diagnostics().size() == 1);
    CHECK(db.diagnostics()[0].code == "package-files-unknown");
    CHECK(db.diagnostics()[0].message.starts_with("2 packages have no list of files (first: a)"));
}

TEST_CASE("damage in dpkg's status is told and the rest is read") {
    const auto rootfs =
        test::tree({file("var/lib/dpkg/status",
                         " continuation of nothing\nno colon here\n\n"
                         "Status: install ok installed\nVersion: 1\n\n"
                         "Package: good\nStatus: install ok installed\nVersion: 1\n"),
                    file("var/lib/dpkg/info/good.list", "/usr/bin/good\nrelative\n\n/\n"),
                    file("usr/bin/good", "x")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(codes(db) == Names{"dpkg-database-damaged"});
    CHECK(files_of(rootfs, db, "good") == Names{"/usr/bin/good"});
}

TEST_CASE("apk's database gives packages, files and the packages behind so: and cmd: names") {
    const auto rootfs = test::tree(
        {file("lib/apk/db/installed",
              "C:Q1abc=\nP:musl\nV:1.2.5-r0\nA:x86_64\no:musl\np:so:libc.musl-x86_64.so.1=1\n"
              "F:lib\nR:ld-musl-x86_64.so.1\na:0:0:755\nZ:Q1xyz=\nR:libc.musl-x86_64.so.1\n\n"
              "P:busybox-binsh\nV:1.36\nA:x86_64\no:busybox\nD:busybox=1.36\n"
              "p:/bin/sh cmd:sh=1.36\nF:bin\nR:sh\n\n"
              "P:busybox\nV:1.36\nA:x86_64\nD:so:libc.musl-x86_64.so.1 !old<2 cmd:sh~1 /bin/sh "
              "gone@edge so:libnone.so.1\nF:bin\nR:busybox\nF:etc\nF:etc/busybox.d\n\n"),
         file("lib/ld-musl-x86_64.so.1", "x"),
         test::symlink("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1"),
         file("bin/busybox", "x"), test::symlink("bin/sh", "/bin/busybox"),
         folder("etc/busybox.d")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(db.packages().size() == 3);
    CHECK(db.diagnostics().empty());
    const Package& busybox = db[*db.find("busybox")];
    CHECK(busybox.manager == PackageManager::apk);
    CHECK(busybox.depends == Names{"musl", "busybox-binsh", "gone", "so:libnone.so.1"});
    CHECK(db[*db.find("busybox-binsh")].source == "busybox");
    CHECK(db[*db.find("musl")].provides == Names{"so:libc.musl-x86_64.so.1"});
    CHECK(owner_of(rootfs, db, "/bin/sh") == "busybox-binsh");
    CHECK(owner_of(rootfs, db, "/lib/libc.musl-x86_64.so.1") == "musl");
    CHECK(files_of(rootfs, db, "busybox") == Names{"/bin/busybox", "/etc", "/etc/busybox.d"});
    CHECK(db.find("cmd:sh") == db.find("busybox-binsh"));
}

TEST_CASE("apk's world and apt's states tell what was installed by name") {
    const auto alpine =
        test::tree({file("lib/apk/db/installed", "P:git\nV:1\n\nP:curl\nV:1\n\nP:less\nV:1\n"),
                    file("etc/apk/world", "curl<9\ngit@edge\n!less\n")});
    const PackageDb apk = PackageDb::read(alpine);
    CHECK(apk[*apk.find("git")].asked_for);
    CHECK(apk[*apk.find("curl")].asked_for);
    CHECK_FALSE(apk[*apk.find("less")].asked_for);
    const std::string status = "\nStatus: install ok installed\n\nPackage: ";
    const auto debian =
        test::tree({file("var/lib/dpkg/status", "Package: git" + status + "less" + status),
                    file("var/lib/apt/extended_states",
                         "Package: less\nAuto-Installed: 1\n\nPackage: git\nAuto-Installed: 0\n")});
    const PackageDb dpkg = PackageDb::read(debian);
    CHECK(dpkg[*dpkg.find("git")].asked_for);
    CHECK_FALSE(dpkg[*dpkg.find("less")].asked_for);
}

TEST_CASE("apk's database is also found below /usr, and read once through a link") {
    const std::string installed = "P:app\nV:1\nF:usr/bin\nR:app\n\n";
    SUBCASE("below /usr alone") {
        const auto rootfs =
            test::tree({file("usr/lib/apk/db/installed", installed), file("usr/bin/app", "x")});
        const PackageDb db = PackageDb::read(rootfs);
        CHECK(db.packages().size() == 1);
        CHECK(owner_of(rootfs, db, "/usr/bin/app") == "app");
    }
    SUBCASE("/lib is a link") {
        const auto rootfs = test::tree({test::symlink("lib", "usr/lib"),
                                        file("usr/lib/apk/db/installed", installed + "damaged\n"),
                                        file("usr/bin/app", "x")});
        const PackageDb db = PackageDb::read(rootfs);
        CHECK(db.packages().size() == 1);
        CHECK(codes(db) == Names{"apk-database-damaged"});
    }
}

TEST_CASE("a record of apk's without a name is told and skipped") {
    const auto rootfs =
        test::tree({file("lib/apk/db/installed", "V:1\nF:bin\nR:a\n\nP:b\nF:bin\nR:b"),
                    file("bin/a", ""), file("bin/b", "")});
    const PackageDb db = PackageDb::read(rootfs);
    CHECK(codes(db) == Names{"apk-database-damaged"});
    CHECK(owner_of(rootfs, db, "/bin/b") == "b");
    CHECK(owner_of(rootfs, db, "/bin/a").empty());
}

TEST_CASE("an rpm database is told of, since nothing is owned") {
    for (const std::string path :
         {"var/lib/rpm/rpmdb.sqlite", "var/lib/rpm/Packages", "usr/lib/sysimage/rpm/Packages.db"}) {
        const auto rootfs = test::tree({file(path, "x")});
        const PackageDb db = PackageDb::read(rootfs);
        REQUIRE(db.diagnostics().size() == 1);
        CHECK(db.diagnostics()[0].code == "rpm-database-unread");
        CHECK(db.diagnostics()[0].path == "/" + path);
    }
}
