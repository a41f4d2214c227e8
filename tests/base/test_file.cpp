#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/base/staged_folder.hpp"

#include "support/folder.hpp"

using namespace slimimg;
namespace fs = std::filesystem;

TEST_CASE("an atomic file appears whole or not at all") {
    const test::Folder folder("file");
    const fs::path target = folder.path / "out";
    {
        AtomicFile file(target);
        file.write(as_bytes("half"));
        CHECK_FALSE(fs::exists(target));
    }
    CHECK(folder.count() == 0);
    {
        AtomicFile file(target);
        file.write(as_bytes("whole"));
        file.commit();
    }
    CHECK(folder.count() == 1);
    CHECK(map_file(target).text() == "whole");
}

TEST_CASE("an atomic file replaces what a link points to, not the link") {
    const test::Folder folder("file");
    std::ofstream(folder.path / "real") << "old";
    fs::create_symlink("real", folder.path / "link");
    AtomicFile file(folder.path / "link");
    file.write(as_bytes("new"));
    file.commit();
    CHECK(fs::is_symlink(folder.path / "link"));
    CHECK(map_file(folder.path / "real").text() == "new");
}

TEST_CASE("a spool file is read back and leaves no name") {
    const test::Folder folder("file");
    SpoolFile spool(folder.path);
    spool.write(as_bytes("ab"));
    spool.write(as_bytes("cd"));
    CHECK(spool.map().text() == "abcd");
    CHECK(folder.count() == 0);
    CHECK(SpoolFile(folder.path).map().size() == 0);
}

TEST_CASE("files that can't be had are bad input, folders too") {
    const test::Folder folder("file");
    for (const fs::path& path : {folder.path / "none", folder.path}) {
        try {
            map_file(path);
            FAIL("nothing thrown");
        } catch (const Error& error) {
            CHECK(error.status() == Exit::bad_input);
            CHECK(error.message().find(path.string()) != std::string::npos);
        }
    }
}

TEST_CASE("a temporary folder goes, however deep it is and with few descriptors left") {
    const test::Folder folder("file");
    rlimit former{};
    REQUIRE(getrlimit(RLIMIT_NOFILE, &former) == 0);
    const rlimit few{32, former.rlim_max};
    {
        const StagedFolder staged(folder.path / "out");
        FileDescriptor at(open(staged.temporary().c_str(), O_RDONLY | O_DIRECTORY));
        for (int depth = 0; depth < 3000; ++depth) {
            REQUIRE(mkdirat(at.get(), "a", 0700) == 0);
            REQUIRE(mkdirat(at.get(), ".slimimg-0", 0500) == 0);
            close(openat(at.get(), "file", O_WRONLY | O_CREAT, 0400));
            at = FileDescriptor(openat(at.get(), "a", O_RDONLY | O_DIRECTORY));
        }
        fchmod(at.get(), 0);
        at = FileDescriptor();
        REQUIRE(setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    setrlimit(RLIMIT_NOFILE, &former);
    CHECK(folder.count() == 0);
}

TEST_CASE("a staged folder that a signal has removed is not made anew by who still writes to it") {
    const test::Folder folder("file");
    const StagedFolder staged(folder.path / "layout");
    staged.make_folder("blobs/sha256");
    CHECK(fs::is_directory(staged.temporary() / "blobs" / "sha256"));
    fs::remove_all(staged.temporary());
    CHECK_THROWS_AS(staged.make_folder("blobs/sha256"), Error);
    CHECK(folder.count() == 0);
}
