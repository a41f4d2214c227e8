#include "sample.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <doctest/doctest.h>

#include "support/tree.hpp"

namespace test {
namespace {

using namespace slimimg;

std::string elf_of(std::size_t size) {
    std::string bytes =
        "\x7f"
        "ELF\x02\x01\x01";
    bytes.resize(size, '\0');
    return bytes;
}

std::string base_layer() {
    Member su = file("usr/bin/su", elf_of(70'000), 04755);
    return tar({folder("usr"),
                folder("usr/bin"),
                symlink("bin", "usr/bin"),
                file("usr/bin/dash", elf_of(120'000), 0755),
                symlink("usr/bin/sh", "dash"),
                file("usr/bin/dpkg", elf_of(300'000), 0755),
                su,
                folder("usr/lib"),
                file("usr/lib/libc.so.6", elf_of(1'900'000), 0755),
                file("usr/lib/libz.so.1.2", elf_of(120'500)),
                symlink("usr/lib/libz.so.1", "libz.so.1.2"),
                folder("usr/share/doc/dash"),
                file("usr/share/doc/dash/copyright", std::string(9'000, 'c')),
                hardlink("usr/share/doc/dash/license", "usr/share/doc/dash/copyright"),
                file("usr/share/zoneinfo/Europe/Vienna", "TZif2"),
                file("etc/ssl/certs/ca-certificates.crt", std::string(200'000, 'A')),
                file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"),
                symlink("etc/dangling", "/nowhere"),
                file("var/lib/dpkg/status",
                     "Package: dash\nStatus: install ok installed\nVersion: 0.5.12-2\n\n"
                     "Package: libc6\nStatus: install ok installed\nVersion: 2.36-9\n\n"
                     "Package: dpkg\nStatus: install ok installed\nVersion: 1.21.22\n\n"),
                file("var/lib/dpkg/info/dash.list",
                     "/usr/bin/dash\n/usr/bin/sh\n/usr/share/doc/dash\n"
                     "/usr/share/doc/dash/copyright\n"),
                file("var/lib/dpkg/info/libc6.list", "/usr/lib/libc.so.6\n"),
                file("var/lib/dpkg/info/dpkg.list", "/usr/bin/dpkg\n")});
}

std::string application_layer() {
    return tar({folder("app"), file("app/serve", elf_of(1'234'567), 0755),
                file("app/start", "#!/bin/sh\nexec /app/serve\n", 0755),
                file("app/name \x1b[31m\xff", "hostile")});
}

struct Keeping {
    const rootfs::Rootfs& tree;
    closure::Closure& closure;

    void operator()(std::string_view path, std::string_view from, std::string_view rule,
                    std::string_view detail,
                    closure::Confidence confidence = closure::Confidence::required) const {
        closure::Reason reason{.rule = rule, .confidence = confidence, .detail = detail};
        if (!from.empty()) {
            reason.from = tree.find(from).value();
        }
        auto& reasons = confidence == closure::Confidence::hint ? closure.hinted : closure.kept;
        reasons[tree.find(path).value()].push_back(std::move(reason));
    }
};

closure::Closure sample_closure(const rootfs::Rootfs& tree) {
    using closure::Confidence;
    closure::Closure closure;
    const Keeping keep{tree, closure};
    keep("/app/start", "", "program", "ENTRYPOINT [\"/app/start\"]");
    keep("/app", "/app/start", "parent", "holds /app/start");
    keep("/app/serve", "/app/start", "script", "line 2: exec /app/serve", Confidence::likely);
    keep("/app/name \x1b[31m\xff", "", "application-file", "the application's own file",
         Confidence::likely);
    keep("/usr/lib/libc.so.6", "/app/serve", "link", "NEEDED libc.so.6, found in ld.so.cache");
    keep("/usr/lib/libc.so.6", "/usr/lib/libz.so.1.2", "link",
         "NEEDED libc.so.6, found in ld.so.cache");
    keep("/usr/lib/libz.so.1", "/app/serve", "link", "NEEDED libz.so.1, found in /usr/lib");
    keep("/usr/lib/libz.so.1.2", "/usr/lib/libz.so.1", "symlink", "symlink to libz.so.1.2");
    keep("/usr/bin/dash", "/app/start", "shebang", "#!/bin/sh");
    keep("/usr/bin/sh", "/app/start", "shebang", "#!/bin/sh");
    keep("/bin", "/app/start", "shebang", "#!/bin/sh");
    keep("/etc/ssl/certs/ca-certificates.crt", "/app/serve", "certificates",
         "a TLS library is loaded", Confidence::likely);
    for (const char* folder :
         {"/usr", "/usr/bin", "/usr/lib", "/etc", "/etc/ssl", "/etc/ssl/certs"}) {
        keep(folder, "/usr/lib/libc.so.6", "parent", "holds a kept file");
    }
    keep("/usr/bin/dpkg", "/app/serve", "constant-string", "the text \"dpkg\" stands in it",
         Confidence::hint);
    closure.unresolved = {{.name = "libmissing.so.1",
                           .needed_by = tree.find("/app/serve"),
                           .kind = "library",
                           .detail = "not in /lib/x86_64-linux-gnu, /usr/lib/x86_64-linux-gnu, "
                                     "/lib or /usr/lib"},
                          {.name = "logger", .kind = "command", .required = false}};
    closure.diagnostics = {{.severity = Severity::warning,
                            .code = "dynamic-path",
                            .path = "/app/serve",
                            .message = "opens a library whose name is not known before it runs; "
                                       "--include names it",
                            .open = true},
                           {.severity = Severity::note,
                            .code = "note-code",
                            .path = "",
                            .message = "colour \x1b[31mred"}};
    return closure;
}

slim::Plan sample_plan(const rootfs::Rootfs& tree, const closure::Closure& closure) {
    slim::Plan plan;
    std::set<rootfs::NodeId> inodes;
    for (const auto& [node, reasons] : closure.kept) {
        plan.items.push_back(
            {.path = tree[node].path, .source = node, .header = tree[node].header});
        if (tree[node].is_file() && inodes.insert(tree[node].inode).second) {
            plan.bytes += tree[node].header.size;
        }
    }
    const std::string passwd = "root:x:0:0:root:/root:/sbin/nologin\n";
    slim::PlanItem changed{.path = "/etc/passwd",
                           .source = tree.find("/etc/passwd"),
                           .header = tree[*tree.find("/etc/passwd")].header,
                           .content = slice_of(passwd),
                           .why = "users that the image runs as"};
    changed.header.size = passwd.size();
    plan.bytes += passwd.size();
    plan.items.push_back(changed);
    slim::PlanItem made{.path = "/tmp", .why = "programs expect it"};
    made.header = {.type = archive::EntryType::directory, .mode = 01777};
    plan.items.push_back(made);
    std::sort(plan.items.begin(), plan.items.end(),
              [](const slim::PlanItem& a, const slim::PlanItem& b) { return a.path < b.path; });
    return plan;
}

std::uint64_t content_bytes(const rootfs::Rootfs& tree) {
    std::uint64_t bytes = 0;
    for (rootfs::NodeId id = 0; id < tree.size(); ++id) {
        bytes += tree[id].is_file() && tree[id].inode == id ? tree[id].header.size : 0;
    }
    return bytes;
}

}  // namespace

slim::Analysis sample_analysis() {
    const std::string lower = base_layer();
    const std::string upper = application_layer();
    rootfs::Rootfs tree = tree_of({lower, upper});
    image::Image image;
    image.source = "sample.tar";
    image.names = {"sample:1.0"};
    image.config_digest = sha256(as_bytes("config"));
    image.config.platform = {.os = "linux", .architecture = "amd64", .variant = ""};
    image.config.user = "1000";
    image.config.workdir = "/app";
    image.config.entrypoint = {"/app/start"};
    image.config.cmd = {"--greeting", "it's me"};
    image.layers = {{.diff_id = tree.layers()[0].diff_id,
                     .blob = slice_of(lower),
                     .created_by = "/bin/sh -c #(nop) ADD file:0123456789abcdef in / "},
                    {.diff_id = tree.layers()[1].diff_id,
                     .blob = slice_of(upper),
                     .created_by = "COPY app /app # buildkit"}};
    image.archive_bytes = lower.size() + upper.size() + 4096;
    closure::PackageDb packages = closure::PackageDb::read(tree);
    closure::Closure closure = sample_closure(tree);
    slim::Plan plan = sample_plan(tree, closure);
    const std::uint64_t before = content_bytes(tree);
    return {.image = std::move(image),
            .rootfs = std::move(tree),
            .packages = std::move(packages),
            .closure = std::move(closure),
            .plan = std::move(plan),
            .before_bytes = before};
}

closure::Request sample_request() {
    return {};
}

slim::Rebuild sample_rebuild() {
    slim::Rebuild rebuild{.analysis = sample_analysis()};
    rebuild.proof.programs = 2;
    rebuild.proof.libraries = 1;
    rebuild.proof.symbols = 1234;
    rebuild.after_bytes = rebuild.analysis.plan.bytes;
    rebuild.archive_after_bytes = rebuild.after_bytes + 20'000;
    return rebuild;
}

void check_golden(std::string_view name, const std::string& text) {
    const char* const data = std::getenv("SLIMIMG_TESTDATA");
    REQUIRE_MESSAGE(data != nullptr, "run through meson test, which sets SLIMIMG_TESTDATA");
    const std::filesystem::path file = std::filesystem::path(data) / "golden" / name;
    if (std::getenv("SLIMIMG_RENEW_GOLDEN") != nullptr) {
        std::ofstream(file, std::ios::binary) << text;
    }
    std::ostringstream wanted;
    wanted << std::ifstream(file, std::ios::binary).rdbuf();
    CHECK_MESSAGE(wanted.str() == text, file.string(), " differs from what is rendered:\n", text);
}

}  // namespace test
