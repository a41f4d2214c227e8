#include <map>
#include <string>
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

/// The ELF files of this machine's libraries, each once.
std::vector<NodeId> elf_files(const rootfs::Rootfs& tree) {
    std::vector<NodeId> files;
    for (NodeId node = 0; node < tree.size() && files.size() < 100; ++node) {
        if (tree[node].is_file() && tree[node].inode == node &&
            elf::is_elf(tree.content(node).bytes)) {
            files.push_back(node);
        }
    }
    return files;
}

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

TEST_CASE("a file is the same read ahead and read when it is asked for") {
    const rootfs::Rootfs tree =
        host_tree("/", {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"});
    const std::vector<NodeId> files = elf_files(tree);
    closure::ReadAhead ahead(tree, {}, 2);
    closure::ReadAhead alone(tree, {}, 1);
    for (const NodeId file : files) {
        ahead.expect(file);
        alone.expect(file);
    }
    std::size_t found = 0;
    for (const NodeId file : files) {
        const auto early = ahead.find(file);
        CHECK_FALSE(alone.find(file));
        if (early) {
            ++found;
            const Bytes bytes = tree.content(file).bytes;
            const closure::ElfTexts texts = closure::read_texts(bytes);
            CHECK(early->texts.strings == texts.strings);
            CHECK(early->texts.with_slash == texts.with_slash);
            CHECK(early->texts.unterminated == texts.unterminated);
            CHECK(early->imports == closure::read_imports(bytes, {}));
        }
        ahead.drop(file);
        CHECK_FALSE(ahead.find(file));
    }
    CHECK(found <= files.size());
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
