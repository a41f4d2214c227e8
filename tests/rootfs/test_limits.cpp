#include <memory>

#include <doctest/doctest.h>

#include "slimimg/base/error.hpp"

#include "support/tree.hpp"

using slimimg::RunOptions;
using slimimg::archive::EntryType;
using slimimg::archive::LayerEntry;
using slimimg::archive::LayerScan;
using slimimg::rootfs::Rootfs;

namespace {

LayerEntry entry(EntryType type, std::string_view path, std::string_view link = {}) {
    LayerEntry result;
    result.path = path;
    result.header.type = type;
    result.header.link = link;
    return result;
}

Rootfs merge(std::vector<LayerEntry> entries, const RunOptions& options = {}) {
    std::vector<LayerScan> layers(1);
    layers[0].entries = std::move(entries);
    return Rootfs::merge(std::move(layers), options);
}

std::string code_of(std::vector<LayerEntry> entries, const RunOptions& options = {}) {
    try {
        merge(std::move(entries), options);
    } catch (const slimimg::Error& error) {
        CHECK(error.status() == slimimg::Exit::bad_input);
        return error.code();
    }
    return "none";
}

}  // namespace

TEST_CASE("links can't make paths longer than the limit") {
    std::string deep;
    while (deep.size() < 3000) {
        deep += "/folder";
    }
    const std::vector<LayerEntry> entries{entry(EntryType::directory, deep),
                                          entry(EntryType::symlink, "/l", deep),
                                          entry(EntryType::file, "/l" + deep)};
    CHECK(code_of(entries) == "path-too-long");
}

TEST_CASE("folders that are not listed are counted") {
    RunOptions options;
    options.limits.implied_folders = 3;
    CHECK(code_of({entry(EntryType::file, "/a/b/c/x")}, options) == "none");
    CHECK(code_of({entry(EntryType::file, "/a/b/c/d/x")}, options) == "too-many-entries");
}

TEST_CASE("long links walked again and again are refused") {
    std::string slow = "a";
    while (slow.size() < 4000) {
        slow += "/../a";
    }
    std::vector<LayerEntry> entries{entry(EntryType::directory, "/a"),
                                    entry(EntryType::symlink, "/l", slow)};
    for (int i = 0; i < 60'000; ++i) {
        entries.push_back(
            entry(EntryType::file, (i % 2 == 0 ? "/l/l/" : "/l/../l/") + std::to_string(i)));
    }
    CHECK(code_of(std::move(entries)) == "too-many-links");
}

TEST_CASE("a long chain of hard links in the wrong order takes no time to speak of") {
    constexpr int length = 100'000;
    std::vector<LayerEntry> entries;
    for (int i = 0; i < length; ++i) {
        entries.push_back(
            entry(EntryType::hardlink, "/" + std::to_string(i), "/" + std::to_string(i + 1)));
    }
    entries.push_back(entry(EntryType::file, "/" + std::to_string(length)));
    const Rootfs tree = merge(std::move(entries));
    CHECK(tree.size() == length + 2);
    CHECK(tree[*tree.find("/0")].inode == tree[*tree.find("/99999")].inode);
}

TEST_CASE("of very many dangling hard links the first hundred are told one by one") {
    std::vector<LayerEntry> entries;
    for (int i = 0; i < 250; ++i) {
        entries.push_back(entry(EntryType::hardlink, "/" + std::to_string(i), "/gone"));
    }
    const Rootfs tree = merge(std::move(entries));
    REQUIRE(tree.diagnostics().size() == 101);
    CHECK(tree.diagnostics()[100].message.find("150 more") != std::string::npos);
}

TEST_CASE("thousands of layers are merged without going over the tree for each") {
    constexpr int count = 3000;
    std::vector<LayerScan> layers(count);
    for (int i = 0; i < 50'000; ++i) {
        layers[0].entries.push_back(entry(EntryType::file, "/d/" + std::to_string(i)));
    }
    for (std::size_t i = 1; i < layers.size(); ++i) {
        layers[i].entries = {entry(EntryType::file, "/d/.wh." + std::to_string(i)),
                             entry(EntryType::file, "/e/" + std::to_string(i))};
    }
    const Rootfs tree = Rootfs::merge(std::move(layers), {});
    CHECK(tree.size() == 50'000 + 3);
    CHECK_FALSE(tree.find("/d/2999"));
    CHECK(tree.find("/d/3000"));
}

TEST_CASE("a sparse file is laid out once, and all of them to a limit") {
    const auto text = std::make_shared<const std::string>(test::tar(
        {test::file("a", std::string(1000, 'a')), test::file("b", std::string(1000, 'b'))}));
    std::vector<LayerScan> layers;
    layers.push_back(slimimg::archive::scan_layer({slimimg::as_bytes(*text), text}, {}, "test"));
    for (LayerEntry& entry : layers[0].entries) {
        entry.sparse = true;  // without holes
    }
    RunOptions options;
    options.limits.sparse_bytes = 1000;
    const Rootfs tree = Rootfs::merge(layers, options);
    const auto a = tree.find("/a").value();
    CHECK(tree.content(a).text() == std::string(1000, 'a'));
    for (int i = 0; i < 100; ++i) {
        CHECK(tree.content(a).bytes.data() == tree.content(a).bytes.data());
    }
    CHECK(tree.content(tree.find("/b").value()).text() == std::string(1000, 'b'));

    options.limits.sparse_bytes = 100;
    const Rootfs refusing = Rootfs::merge(std::move(layers), options);
    for (int i = 0; i < 2; ++i) {  // not only the first time
        CHECK_THROWS_AS(static_cast<void>(refusing.content(a)), slimimg::Error);
    }
}

TEST_CASE("whiteouts in many deep folders take no time and no memory to speak of") {
    std::vector<LayerScan> layers(2);
    std::string deep;
    for (int depth = 0; depth < 1900; ++depth) {
        deep += "/a";
    }
    layers[0].entries.push_back(entry(EntryType::symlink, "/link", "/a"));
    layers[1].entries.push_back(entry(EntryType::directory, "/link"));
    for (int i = 0; i < 50'000; ++i) {  // 6 GB where each keeps the folders above it
        layers[1].entries.push_back(
            entry(EntryType::file, "/" + std::to_string(i) + deep + "/.wh.x"));
    }
    CHECK(Rootfs::merge(std::move(layers), {}).size() == 2);
}

TEST_CASE("many whiteouts in a deep folder take no time to speak of") {
    std::vector<LayerScan> layers(2);
    std::string deep;
    for (int depth = 0; depth < 1900; ++depth) {
        deep += "/a";
        layers[0].entries.push_back(entry(EntryType::directory, deep));
    }
    layers[1].entries = layers[0].entries;
    layers[0].entries.push_back(entry(EntryType::file, deep + "/0"));
    for (int i = 0; i < 20'000; ++i) {  // a quarter of an hour where each asks all folders above it
        layers[1].entries.push_back(entry(EntryType::file, deep + "/.wh." + std::to_string(i)));
    }
    CHECK(Rootfs::merge(std::move(layers), {}).size() == 1901);
}
