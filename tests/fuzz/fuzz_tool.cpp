#include <stdexcept>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"
#include "slimimg/report/explanation.hpp"
#include "slimimg/report/format.hpp"
#include "slimimg/slim/slim.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/command.hpp"
#include "support/elf.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

constexpr std::string_view next_layer = "==NEXT LAYER==";

/// The input is what stands in the config, without the outer braces, a NUL, and the layers' tars.
std::string archive_of(std::string_view input) {
    const std::size_t nul = input.find('\0');
    const std::string_view config = input.substr(0, nul);
    std::vector<test::Member> files;
    std::string diff_ids;
    std::string names;
    const std::string_view rest = nul == input.npos ? std::string_view() : input.substr(nul + 1);
    for (const std::string_view part : split(rest, next_layer)) {
        const std::string layer = with_checksums(slimimg::as_bytes(part));
        const std::string name = std::to_string(files.size()) + ".tar";
        const std::string comma = files.empty() ? "" : ",";
        diff_ids += comma + '"' + slimimg::sha256(slimimg::as_bytes(layer)).str() + '"';
        names += comma + '"' + name + '"';
        files.push_back(test::file(name, layer));
    }
    files.push_back(
        test::file("c", R"({"architecture":"amd64","os":"linux","rootfs":{"diff_ids":[)" +
                            diff_ids + "]}," + R"("config":{)" + std::string(config) + "}}"));
    files.push_back(test::file(
        "manifest.json", R"([{"Config":"c","RepoTags":["app:1"],"Layers":[)" + names + "]}]"));
    return test::tar(files);
}

/// Rebuilds what is at `location`; nothing where the image is refused or its program incomplete.
std::optional<std::string> rebuilt(const std::string& location, unsigned threads) {
    const slimimg::RunOptions run = small_machine(threads);
    const test::TemporaryFolder folder;
    const std::string output = folder.path() / "slim.tar";
    std::optional<std::string> result;
    accepts([&] {
        const slimimg::slim::RebuildOptions options{.output = output, .names = {"app:1"}};
        const auto rebuild = slimimg::slim::rebuild(location, {}, options, run);
        const auto report = slimimg::report::make_report(rebuild, {});
        for (const auto& format : slimimg::report::formats()) {
            static_cast<void>(format.render(report, {.color = false, .verbose = true}));
        }
        result = std::string(slimimg::map_file(output).text());
    });
    return result;
}

void analyze(const std::string& location) {
    accepts([&] {
        const auto analysis = slimimg::slim::analyze(location, {}, small_machine(2));
        const auto report = slimimg::report::make_report(analysis, {});
        for (const auto& format : slimimg::report::formats()) {
            static_cast<void>(format.render(report, {.color = true, .verbose = true}));
        }
        for (slimimg::rootfs::NodeId id = 0; id < analysis.rootfs.size() && id < 20; ++id) {
            const auto explanation = slimimg::report::explain(analysis, analysis.rootfs[id].path);
            static_cast<void>(slimimg::report::explanation_json(explanation, {}));
            static_cast<void>(slimimg::report::explanation_text(explanation, {.verbose = true}));
        }
    });
}

}  // namespace

/// One thread or two: the same image. What was rebuilt can be rebuilt.
void tool(slimimg::Bytes input) {
    const std::string archive = archive_of(slimimg::as_text(input));
    const MemoryFile file(slimimg::as_bytes(archive));
    analyze(file.path());
    const auto first = rebuilt(file.path(), 1);
    demand(first == rebuilt(file.path(), 2), "the number of threads shows in the image");
    if (first) {
        const MemoryFile written(slimimg::as_bytes(*first));
        const auto second = rebuilt(written.path(), 1);
        demand(second.has_value(), "a rebuilt image can't be rebuilt");
    }
}

std::vector<std::string> tool_seeds() {
    using namespace test;
    using test::symlink;  // and not the system call
    const std::string none(1, '\0');
    ElfSpec program{.interpreter = "/lib64/ld-linux-x86-64.so.2",
                    .needed = {"libc.so.6", "liba.so"},
                    .runpath = "$ORIGIN/../lib",
                    .flags_1 = 0x08000000,
                    .version_needs = {{"libc.so.6", {{"GLIBC_2.34"}}}},
                    .symbols = {{.name = "puts", .version = "GLIBC_2.34", .defined = false}},
                    .sections = {{".rodata", "/etc/app.conf%s/usr/share/app"}}};
    ElfSpec libc{.soname = "libc.so.6",
                 .version_definitions = {"libc.so.6", "GLIBC_2.34"},
                 .symbols = {{.name = "puts", .version = "GLIBC_2.34"}}};
    const std::string base = tar(
        {folder("usr"), folder("usr/lib"), symlink("lib", "usr/lib"), symlink("lib64", "lib"),
         file("usr/lib/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"}), 0755),
         file("usr/lib/libc.so.6", test::elf(libc)), file("etc/passwd", "root:x:0:0::/:/bin/sh\n"),
         file("etc/nsswitch.conf", "hosts: files dns\n"), file("bin/gone", "x"),
         file("var/lib/dpkg/status",
              "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n")});
    const std::string app = tar({file("app/bin/x", test::elf(program), 0755),
                                 file("app/lib/liba.so", test::elf({.soname = "liba.so"})),
                                 file("etc/app.conf", "path=/srv/data\n"), file("bin/.wh.gone", ""),
                                 hardlink("app/bin/y", "app/bin/x")});
    const std::string script =
        tar({file("bin/sh",
                  test::elf({.interpreter = "/lib64/ld-linux-x86-64.so.2", .flags_1 = 0x08000000}),
                  0755),
             file("run.sh", "#!/bin/sh\nset -e\n. /etc/default/app\nexec \"$@\"\n", 0755),
             file("etc/default/app", "A=/srv/x\n"), file("srv/x", "x")});
    return {R"("Entrypoint":["/app/bin/x"],"User":"0","WorkingDir":"/app")" + none + base +
                std::string(next_layer) + app,
            R"("Entrypoint":["/run.sh"],"Cmd":["/bin/sh","-c","x"],"Env":["PATH=/bin"])" + none +
                base + std::string(next_layer) + script,
            R"("Cmd":["python3","/a.py"])" + none +
                tar({file("usr/bin/python3", "#!/bin/sh\n", 0755), file("a.py", "import os, b.c\n"),
                     file("b/c.py", ""), file("package.json", R"({"main":"x.js"})")})};
}

}  // namespace fuzz
