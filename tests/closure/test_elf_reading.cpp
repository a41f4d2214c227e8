#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "closure/elf_reading.hpp"
#include "support/closure.hpp"
#include "support/host_tree.hpp"
#include "support/program.hpp"

using namespace slimimg;
using namespace test;
using namespace std::string_literals;
using rootfs::NodeId;

namespace {

/// Rules, files and details of all that is kept and hinted.
std::string told(const closure::Closure& closure) {
    std::string text;
    for (const auto* nodes : {&closure.kept, &closure.hinted}) {
        for (const auto& [node, reasons] : *nodes) {
            for (const closure::Reason& reason : reasons) {
                text += std::to_string(node) + " " + std::string(reason.rule) + " " +
                        std::to_string(reason.from.value_or(0)) + " " + reason.detail + "\n";
            }
        }
    }
    return text;
}

}  // namespace

TEST_CASE("an ELF file's imports, texts, and what has a slash between two NULs") {
    const std::string data = "\0plain text\0/a/path\0a/b\x01\0%s\0"s;
    const std::string file = program_with({"zlast", "afirst"}, data);
    CHECK(closure::read_imports(as_bytes(file), {}) ==
          std::vector<std::string_view>{"afirst", "zlast"});
    const closure::ElfTexts texts = closure::read_texts(as_bytes(file));
    CHECK_FALSE(texts.unterminated);
    CHECK(texts.strings == std::vector<std::string_view>{"plain text", "/a/path"});
    CHECK(texts.with_slash == std::vector<std::string_view>{"/a/path", "a/b\x01"});
    const std::string go = program_with({}, "\xff Go buildinf:/a/path"s);
    CHECK(closure::read_texts(as_bytes(go)).unterminated);
    CHECK_FALSE(closure::read_texts(as_bytes(go)).with_slash);
}

TEST_CASE("what has a slash is found at the ends of the data too") {
    std::vector<std::string_view> found;
    const auto take = [&](std::string_view text) { found.push_back(text); };
    closure::for_each_with_slash("a/b", take);
    closure::for_each_with_slash("/\0none\0b/"s, take);
    closure::for_each_with_slash("", take);
    CHECK(found.size() == 3);
    CHECK(found.front() == "a/b");
}

TEST_CASE("files are read ahead of who asks, a few at a time") {
    constexpr int files = 40;
    std::vector<Member> members;
    for (int i = 0; i < files; ++i) {
        const std::string number = std::to_string(i);
        members.push_back(
            file("lib" + number, program_with({"call" + number}, "text " + number + "\0"s)));
    }
    members.push_back(file("none", "no ELF file"));
    const rootfs::Rootfs tree = tree_of({tar(members)});
    closure::ReadAhead ahead(tree, {}, 2);
    closure::ReadAhead alone(tree, {}, 1);
    for (NodeId node = 1; node < tree.size(); ++node) {
        ahead.expect(node);
        alone.expect(node);
    }
    for (NodeId node = 1; node < tree.size(); ++node) {
        CHECK_FALSE(alone.find(node));
        if (tree[node].path == "/none") {
            continue;
        }
        // Each comes in its turn, once those before it are dropped.
        auto early = ahead.find(node);
        for (int i = 0; i < 10'000 && !early; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            early = ahead.find(node);
        }
        REQUIRE(early);
        const Bytes bytes = tree.content(node).bytes;
        CHECK(early->imports.size() == 1);
        CHECK(early->imports == closure::read_imports(bytes, {}));
        CHECK(early->texts.strings == closure::read_texts(bytes).strings);
        ahead.drop(node);
        CHECK_FALSE(ahead.find(node));
    }
    CHECK_FALSE(ahead.find(tree.find("/none").value()));
}

TEST_CASE("what is dropped is not held, wherever its reading stands") {
    const rootfs::Rootfs tree =
        tree_of({tar({file("a", program_with({}, std::string(1 << 20, 't'))),
                      file("b", program_with({}, ""))})});
    for (int i = 0; i < 50; ++i) {
        closure::ReadAhead ahead(tree, {}, 2);
        ahead.expect(1);
        ahead.expect(2);
        ahead.drop(1);
        CHECK_FALSE(ahead.find(1));
    }
}

TEST_CASE("a closure is the same for any number of threads") {
    const rootfs::Rootfs tree =
        host_tree("/", {"/bin", "/lib", "/lib64", "/usr/bin", "/usr/lib/x86_64-linux-gnu",
                        "/usr/lib/aarch64-linux-gnu", "/etc"});
    const auto packages = closure::PackageDb::read(tree);
    std::string before;
    for (const unsigned threads : {1U, 2U, 5U}) {
        RunOptions run;
        run.threads = threads;
        const std::string now = told(closure::compute_closure(
            tree, runs({"/bin/bash", "-c", "tar --version; perl -v"}), packages, {}, run));
        CHECK(now.size() > 1000);
        CHECK((before.empty() || before == now));
        before = now;
    }
}
