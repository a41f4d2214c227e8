#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/archive/blob_index.hpp"

#include "expect_error.hpp"
#include "scratch.hpp"
#include "support/counting_progress.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

using namespace slimimg;
using archive::BlobIndex;
using test::expect_error;

namespace {

BlobIndex open_index(const std::string& location) {
    std::vector<Diagnostic> diagnostics;
    return archive::open_blobs(location, {}, diagnostics);
}

std::string found(const BlobIndex& index, std::string_view name) {
    const auto content = index.find(name);
    return content ? std::string(content->text()) : "(none)";
}

const std::string image_tar = test::tar(
    {test::file("manifest.json", "[]"), test::folder("abc"),
     test::file("layer.tar", std::string(700, 'l')), test::symlink("abc/layer.tar", "../layer.tar"),
     test::symlink("abc/second", "layer.tar"), test::hardlink("hard", "./layer.tar"),
     test::symlink("out", "../../../etc/passwd"), test::symlink("loop", "loop")});

void check_image(const BlobIndex& index) {
    CHECK(found(index, "manifest.json") == "[]");
    CHECK(found(index, "./manifest.json") == "[]");
    CHECK(found(index, "layer.tar") == std::string(700, 'l'));
    CHECK(found(index, "abc/layer.tar") == std::string(700, 'l'));
    CHECK(found(index, "abc/second") == std::string(700, 'l'));
    CHECK(found(index, "hard") == std::string(700, 'l'));
    CHECK(found(index, "out") == "(none)");
    CHECK(found(index, "loop") == "(none)");
    CHECK(found(index, "abc") == "(none)");
    CHECK(found(index, "other") == "(none)");
}

/// Standard input for the life of this.
class StandardInput {
  public:
    explicit StandardInput(int fd) : saved_(dup(STDIN_FILENO)) {
        dup2(fd, STDIN_FILENO);
        close(fd);
    }
    ~StandardInput() {
        dup2(saved_, STDIN_FILENO);
        close(saved_);
    }
    StandardInput(const StandardInput&) = delete;
    StandardInput& operator=(const StandardInput&) = delete;

  private:
    int saved_;
};

}  // namespace

TEST_CASE("an archive is opened plain and compressed, links inside it are followed") {
    const test::Scratch scratch;
    for (const std::string& bytes :
         {image_tar, test::gzip(image_tar), test::zstd(image_tar), test::xz(image_tar)}) {
        check_image(open_index(scratch.write("image", bytes)));
    }
}

TEST_CASE("the content of a plain archive is not copied") {
    const test::Scratch scratch;
    const BlobIndex index = open_index(scratch.write("image.tar", image_tar));
    const auto manifest = index.find("manifest.json");
    const auto layer = index.find("layer.tar");
    REQUIRE(manifest);
    REQUIRE(layer);
    CHECK(layer->bytes.data() - manifest->bytes.data() == 512 + 512 + 512);
    CHECK(index.find("abc/layer.tar")->bytes.data() == layer->bytes.data());
}

TEST_CASE("names are those of files, in order, the last of equal names wins") {
    const test::Scratch scratch;
    const BlobIndex index = open_index(scratch.write(
        "image.tar", test::tar({test::file("b", "1"), test::file("a", "2"), test::file("b", "3"),
                                test::symlink("c", "a"), test::file("c", "4"), test::file("d", ""),
                                test::symlink("d", "a")})));
    CHECK(index.names() == std::vector<std::string_view>{"a", "b", "c"});
    CHECK(found(index, "b") == "3");
    CHECK(found(index, "c") == "4");
    CHECK(found(index, "d") == "2");
}

TEST_CASE("an archive is read from a pipe and from a redirected file") {
    const test::Scratch scratch;
    {
        int ends[2];
        REQUIRE(pipe(ends) == 0);
        std::thread writer([&] {
            const std::string packed = test::gzip(image_tar);
            CHECK(write(ends[1], packed.data(), packed.size()) ==
                  static_cast<ssize_t>(packed.size()));
            close(ends[1]);
        });
        const StandardInput input(ends[0]);
        check_image(open_index("-"));
        writer.join();
    }
    {
        const StandardInput input(
            open(scratch.write("image.tar", image_tar).c_str(), O_RDONLY | O_CLOEXEC));
        check_image(open_index("-"));
    }
    {
        const std::string fifo = scratch.path / "fifo";
        REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
        std::thread writer([&] {
            const int fd = open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
            CHECK(write(fd, image_tar.data(), image_tar.size()) ==
                  static_cast<ssize_t>(image_tar.size()));
            close(fd);
        });
        check_image(open_index(fifo));
        writer.join();
    }
}

TEST_CASE("what comes out of a pipe is told as it comes") {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    REQUIRE(write(ends[1], image_tar.data(), image_tar.size()) ==
            static_cast<ssize_t>(image_tar.size()));
    close(ends[1]);
    const StandardInput input(ends[0]);
    test::CountingProgress progress;
    std::vector<Diagnostic> diagnostics;
    check_image(archive::open_blobs("-", {.progress = &progress}, diagnostics));
    CHECK(progress.begun == std::map<std::string, int>{{"read", 1}});
    CHECK(progress.ended == progress.begun);
    CHECK(progress.advanced == image_tar.size());
}

TEST_CASE("a folder is opened as an archive is, and no link leads out of it") {
    const test::Scratch scratch;
    scratch.write("secret", "secret");
    scratch.write("image/oci-layout", "{}");
    scratch.write("image/blobs/sha256/abc", "blob");
    std::filesystem::create_symlink("sha256/abc", scratch.path / "image/blobs/link");
    std::filesystem::create_symlink("../secret", scratch.path / "image/out");
    std::filesystem::create_symlink(scratch.path / "secret", scratch.path / "image/absolute");
    std::filesystem::create_symlink("..", scratch.path / "image/up");
    const BlobIndex index = open_index(scratch.path / "image");
    CHECK(found(index, "blobs/sha256/abc") == "blob");
    CHECK(found(index, "blobs/link") == "blob");
    CHECK(found(index, "out") == "(none)");
    CHECK(found(index, "absolute") == "(none)");
    CHECK(found(index, "up/secret") == "(none)");
    CHECK(found(index, "../secret") == "(none)");
    CHECK(index.names() == std::vector<std::string_view>{"blobs/sha256/abc", "oci-layout"});
}

TEST_CASE("a folder that is no image says what it lacks") {
    const test::Scratch scratch;
    scratch.write("readme", "text");
    expect_error("not-an-image", "without oci-layout", [&] { open_index(scratch.path); });
}

TEST_CASE("a file that is no archive is told by what it looks like") {
    const test::Scratch scratch;
    const auto look = [&](const std::string& content, std::string_view kind) {
        CAPTURE(kind);
        const std::string file = scratch.write("file", content);
        expect_error("not-an-image", "it looks like " + std::string(kind),
                     [&] { open_index(file); });
    };
    const std::string rest(2000, '\x01');
    look(
        "\x7f"
        "ELF\x02" +
            rest,
        "an ELF file");
    look("PK\x03\x04" + rest, "a zip archive");
    look("{\"schemaVersion\": 2}", "a JSON text");
    look("#!/bin/sh\n", "a script");
    look("FROM debian:12\n", "a Dockerfile");
    look("BZh91AY" + rest, "bzip2 data");
    look("words", "a text file");
    look(rest, "data of another kind");
    look(test::gzip("{\"a\": 1}"), "a JSON text");
    // One hint, and one that fits.
    for (const auto& [content, wanted] :
         {std::pair("FROM debian:12\n", "build it first: docker build"),
          std::pair("BZh91AY", "decompress it first: bunzip2"),
          std::pair("words", "make one with: docker save")}) {
        const std::string file = scratch.write("file", content);
        try {
            open_index(file);
            FAIL("no error");
        } catch (const Error& error) {
            CHECK(error.hint().starts_with(wanted));
        }
    }
    const std::string empty = scratch.write("file", "");
    expect_error("not-an-image", "is empty", [&] { open_index(empty); });
}

TEST_CASE("a damaged archive is called damaged") {
    const test::Scratch scratch;
    std::string damaged = image_tar;
    damaged[0] = 'X';
    const std::string first = scratch.write("first", damaged);
    expect_error("layer-damaged", "first: ", [&] { open_index(first); });
    const std::string cut = scratch.write("cut", image_tar.substr(0, 2000));
    expect_error("layer-damaged", "cut: ", [&] { open_index(cut); });
    const std::string packed = test::gzip(image_tar);
    const std::string half = scratch.write("half", packed.substr(0, packed.size() / 2));
    expect_error("compressed-data-truncated", "half: ", [&] { open_index(half); });
}

TEST_CASE("a location that is not there says how to get an image") {
    try {
        open_index("nginx:latest");
        FAIL("nothing was thrown");
    } catch (const Error& error) {
        CHECK(error.status() == Exit::bad_input);
        CHECK(error.code() == "not-found");
        CHECK(error.hint().find("docker save") != std::string::npos);
    }
}
