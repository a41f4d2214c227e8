#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

#include "archive/expect_error.hpp"
#include "archive/scratch.hpp"

using namespace slimimg;
using test::Scratch;

namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t plenty = 1 << 30;

/// The name of an entry.
std::string named(char digit) {
    return std::string(64, digit) + ".scan";
}

std::string text_of(Cache& cache, const std::string& name) {
    const auto found = cache.find(name);
    return found ? std::string(found->text()) : "nothing";
}

std::vector<std::string> files_of(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder)) {
        names.push_back(entry.path().filename().string().substr(0, 1));
    }
    std::sort(names.begin(), names.end());
    return names;
}

void set_age(const fs::path& file, int days) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(24 * days));
}

}  // namespace

TEST_CASE("Poly1305 of RFC 8439, 2.5.2") {
    const std::array<unsigned, 32> bytes{0x85, 0xd6, 0xbe, 0x78, 0x57, 0x55, 0x6d, 0x33,
                                         0x7f, 0x44, 0x52, 0xfe, 0x42, 0xd5, 0x06, 0xa8,
                                         0x01, 0x03, 0x80, 0x8a, 0xfb, 0x0d, 0xb2, 0xfd,
                                         0x4a, 0xbf, 0xf6, 0xaf, 0x41, 0x49, 0xf5, 0x1b};
    SealKey key{};
    std::copy(bytes.begin(), bytes.end(), key.begin());
    const Seal tag{0xa8, 0x06, 0x1d, 0xc1, 0x30, 0x51, 0x36, 0xc6,
                   0xc2, 0x2b, 0x8b, 0xaf, 0x0c, 0x01, 0x27, 0xa9};
    const Bytes text = as_bytes("Cryptographic Forum Research Group");
    CHECK(seal(key, text) == tag);
    CHECK(seal_pieces(key, text, {}) == std::vector{tag});
    CHECK(random_seal_key() != random_seal_key());
}

TEST_CASE("large bytes have a seal a piece, the same for any number of threads") {
    const SealKey key = random_seal_key();
    std::string text((9 << 20) + 5, 'x');
    RunOptions one;
    RunOptions many;
    many.threads = 5;
    const auto seals = seal_pieces(key, as_bytes(text), one);
    CHECK(seals.size() == 3);
    CHECK(seal_pieces(key, as_bytes(text), many) == seals);
    text[text.size() - 1] = 'y';
    auto changed = seal_pieces(key, as_bytes(text), many);
    CHECK(changed[2] != seals[2]);
    changed[2] = seals[2];
    CHECK(changed == seals);
    CHECK(seal_pieces(key, {}, one).empty());
}

TEST_CASE("a folder gives back what was put, also to the next process") {
    const Scratch scratch;
    const fs::path folder = scratch.path / "a" / "cache";
    SealKey key{};
    {
        FolderCache cache(folder, plenty);
        key = cache.key();
        CHECK_FALSE(cache.find(named('a')));
        cache.put(named('a'), slice_of("one"), -1);
        cache.put(named('b'), {}, -1);
        CHECK(text_of(cache, named('a')) == "one");
        const auto before = cache.find(named('a'));
        cache.put(named('a'), slice_of("two"), -1);
        CHECK(before->text() == "one");  // what is mapped stays as it was
        CHECK(cache.problem().empty());
    }
    FolderCache again(folder, plenty);
    CHECK(again.key() == key);
    CHECK(text_of(again, named('a')) == "two");
    CHECK(text_of(again, named('b')).empty());
    CHECK(files_of(folder) == std::vector<std::string>{"C", "a", "b", "k"});
    struct stat status {};
    REQUIRE(stat(folder.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
    REQUIRE(stat((folder / "key").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a spool file of the folder becomes an entry, one of another folder is copied") {
    const Scratch scratch;
    FolderCache cache(scratch.path / "cache", plenty);
    SpoolFile here(cache.folder());
    here.write(as_bytes("here"));
    cache.put(named('a'), here.map(), here.fd());
    CHECK(text_of(cache, named('a')) == "here");
    SpoolFile elsewhere("/dev/shm");
    elsewhere.write(as_bytes("elsewhere"));
    cache.put(named('a'), elsewhere.map(), elsewhere.fd());
    CHECK(text_of(cache, named('a')) == "elsewhere");
    CHECK(cache.problem().empty());
}

TEST_CASE("what was not used for longest goes where all are more than the limit") {
    const Scratch scratch;
    const std::string text(1000, 'x');
    scratch.write("mine.txt", std::string(5000, 'y'));
    {
        FolderCache cache(scratch.path, 2500);
        for (const char digit : {'a', 'b', 'c'}) {
            cache.put(named(digit), slice_of(text), -1);
        }
        set_age(scratch.path / named('a'), 3);
        set_age(scratch.path / named('b'), 2);
        set_age(scratch.path / named('c'), 1);
        CHECK(cache.find(named('a')));  // used now
        cache.put(named('d'), slice_of(std::string(3000, 'z')), -1);
        CHECK_FALSE(cache.find(named('d')));  // larger than all may be
    }
    CHECK(files_of(scratch.path) == std::vector<std::string>{"C", "a", "c", "k", "m"});
}

TEST_CASE("nothing is written while another process trims, and nothing trimmed while one writes") {
    const Scratch scratch;
    const FileDescriptor other(open(scratch.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    {
        FolderCache cache(scratch.path, 1500);
        REQUIRE(flock(other.get(), LOCK_EX) == 0);
        auto writing = std::async(std::launch::async, [&] {
            cache.put(named('a'), slice_of(std::string(1000, 'x')), -1);
        });
        CHECK(writing.wait_for(std::chrono::milliseconds(200)) == std::future_status::timeout);
        CHECK(files_of(scratch.path) == std::vector<std::string>{"C", "k"});
        REQUIRE(flock(other.get(), LOCK_SH) == 0);
        writing.get();
        cache.put(named('b'), slice_of(std::string(1000, 'x')), -1);
    }
    CHECK(files_of(scratch.path) == std::vector<std::string>{"C", "a", "b", "k"});
}

TEST_CASE("a folder that others can write to, of somebody else or that is none is not used") {
    const Scratch scratch;
    chmod(scratch.path.c_str(), 0775);
    test::expect_error(
        "cache-unusable", "others may write to it", [&] { FolderCache(scratch.path, plenty); },
        Exit::usage);
    chmod(scratch.path.c_str(), 0700);
    scratch.write("file", "");
    test::expect_error(
        "cache-unusable", "it is no folder", [&] { FolderCache(scratch.path / "file", plenty); },
        Exit::usage);
    test::expect_error(
        "cache-unusable", "", [&] { FolderCache("/proc/none", plenty); }, Exit::usage);
    if (geteuid() == 0) {
        REQUIRE(chown(scratch.path.c_str(), 4711, 4711) == 0);
        test::expect_error(
            "cache-unusable", "it belongs to another user",
            [&] { FolderCache(scratch.path, plenty); }, Exit::usage);
        REQUIRE(chown(scratch.path.c_str(), 0, 0) == 0);
    }
}

TEST_CASE("an entry that others can write to, or that is a link, is none") {
    const Scratch scratch;
    FolderCache cache(scratch.path, plenty);
    cache.put(named('a'), slice_of("one"), -1);
    chmod((scratch.path / named('a')).c_str(), 0666);
    CHECK_FALSE(cache.find(named('a')));
    fs::create_symlink(scratch.write("other", "x"), scratch.path / named('b'));
    CHECK_FALSE(cache.find(named('b')));
    REQUIRE(mkfifo((scratch.path / named('c')).c_str(), 0600) == 0);
    CHECK_FALSE(cache.find(named('c')));
}

TEST_CASE("a key that is damaged is replaced") {
    const Scratch scratch;
    const SealKey first = FolderCache(scratch.path, plenty).key();
    fs::resize_file(scratch.path / "key", 31);
    const SealKey second = FolderCache(scratch.path, plenty).key();
    CHECK(first != second);
    CHECK(FolderCache(scratch.path, plenty).key() == second);
}

TEST_CASE("a folder that is gone is a problem and no failure") {
    const Scratch scratch;
    FolderCache cache(scratch.path / "cache", plenty);
    fs::remove_all(scratch.path / "cache");
    cache.put(named('a'), slice_of("one"), -1);
    CHECK_FALSE(cache.find(named('a')));
    CHECK(cache.problem().find("cannot write") != std::string::npos);
}

TEST_CASE("memory keeps what was used last") {
    MemoryCache cache(10);
    cache.put("a", slice_of("12345"), -1);
    cache.put("b", slice_of("12345"), -1);
    CHECK(text_of(cache, "a") == "12345");
    cache.put("c", slice_of("1"), -1);
    CHECK(text_of(cache, "b") == "nothing");
    cache.put("a", slice_of("123456789"), -1);
    CHECK(text_of(cache, "a") == "123456789");
    CHECK(text_of(cache, "c") == "1");
    cache.put("d", slice_of("12345678901"), -1);
    CHECK(text_of(cache, "d") == "nothing");
}

TEST_CASE("one thread at a time makes an entry, and others find it") {
    MemoryCache cache(plenty);
    std::atomic<int> made = 0;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 8; ++i) {
            threads.emplace_back([&] {
                const Cache::Claim claim(cache, "a");
                if (!cache.find("a")) {
                    ++made;
                    std::this_thread::yield();
                    cache.put("a", slice_of("x"), -1);
                }
            });
        }
    }
    CHECK(made == 1);
}
