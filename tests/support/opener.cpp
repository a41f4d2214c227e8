#include "support/opener.hpp"

#include <cstdlib>
#include <fstream>

#include <doctest/doctest.h>

#include "slimimg/base/file.hpp"

#include "support/command.hpp"

namespace test {
namespace {

constexpr const char* library_source = R"(
#include <dlfcn.h>
void *open_for(const char *name) { return dlopen(name, RTLD_NOW); }
)";

constexpr const char* program_source = R"(
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
void *open_for(const char *name);
static int show(struct dl_phdr_info *info, size_t size, void *data) {
    (void)size, (void)data;
    printf("%s\n", info->dlpi_name);
    return 0;
}
int main(int argc, char **argv) {
    void *(*volatile by_library)(const char *) = open_for;
    int other = 0;
    for (int i = 1; i < argc; ++i) {
        if (strcmp(argv[i], "-c") == 0)
            other = 1;
        else if (!(other ? by_library(argv[i]) : dlopen(argv[i], RTLD_NOW)))
            printf("not loaded: %s\n", argv[i]);
    }
    return dl_iterate_phdr(show, 0);
}
)";

void compile(const std::filesystem::path& folder, std::vector<std::string> argv) {
    const char* path = std::getenv("PATH");
    const Output output =
        run({.argv = std::move(argv),
             .env = {"PATH=" + std::string(path != nullptr ? path : "/usr/bin:/bin")},
             .workdir = folder});
    INFO(output.text);
    REQUIRE(output.status == 0);
}

}  // namespace

Opener make_opener(const std::string& compiler) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "library.c") << library_source;
    std::ofstream(folder.path() / "program.c") << program_source;
    compile(folder.path(), {compiler, "-shared", "-fPIC", "library.c", "-o", "libcaller.so",
                            "-Wl,-soname,libcaller.so", "-Wl,--enable-new-dtags,-rpath,/caller"});
    compile(folder.path(), {compiler, "program.c", "-o", "program", "-L.", "-lcaller", "-ldl",
                            "-Wl,--enable-new-dtags,-rpath,/app/lib"});
    return {std::string(slimimg::map_file(folder.path() / "program").text()),
            std::string(slimimg::map_file(folder.path() / "libcaller.so").text())};
}

}  // namespace test
