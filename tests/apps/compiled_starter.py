"""A compiled service that starts programs by their bare names, as literals of each kind."""
import os
import subprocess

from support.containers import want
from support.recipe import Recipe

SOURCE = r"""
#include <cstdio>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

[[gnu::noinline]] static int start(const std::string& name) {
    const pid_t child = fork();
    if (child == 0) {
        execlp(name.c_str(), name.c_str(), "--version", nullptr);
        _exit(127);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return status;
}
[[gnu::noinline]] static int start_view(std::string_view name) { return start(std::string(name)); }

int main() {
    const char* plain = "bzip2";
    int failed = 0;
    asm volatile("" : "+r"(plain));
    failed += start(plain) != 0;
    failed += start_view("xz") != 0;
    failed += start(std::string("zstd")) != 0;
    failed += start("tar") != 0;
    std::puts(failed == 0 ? "started all" : "failed");
}
"""


def build(folder):
    source, program = os.path.join(folder, "service.cpp"), os.path.join(folder, "service")
    with open(source, "w", encoding="ascii") as file:
        file.write(SOURCE)
    subprocess.run(["g++", "-O2", "-std=c++20", "-static-libstdc++", "-static-libgcc", "-o", program,
                    source], check=True)
    with open(program, "rb") as file:
        return {"/app/service": file.read()}


RECIPE = Recipe(packages=["bzip2", "xz-utils", "zstd"], make=build, entrypoint=["/app/service"])


def probe(app):
    want(app.run(), "started all")
