"""A musl program, as on Alpine, that loads a plugin of a computed name."""
import os

from support import debian
from support.containers import want
from support.recipe import Recipe

PROGRAM = r"""
#include <dlfcn.h>
#include <pwd.h>
#include <stdio.h>

int main(int argc, char** argv) {
    char name[256];
    snprintf(name, sizeof name, "/usr/lib/greeter/%s.so", argc > 1 ? argv[1] : "plain");
    void* plugin = dlopen(name, RTLD_NOW);
    if (!plugin) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    const char* (*greeting)(void) = (const char* (*)(void))dlsym(plugin, "greeting");
    struct passwd* user = getpwnam("greeter");
    printf("%s, %s\n", greeting(), user ? user->pw_gecos : "nobody");
    return 0;
}
"""
PLUGIN = 'const char* greeting(void) {{ return "{}"; }}\n'


def compiled(folder):
    def build(name, source, *options):
        path = os.path.join(folder, name)
        with open(path + ".c", "w", encoding="ascii") as file:
            file.write(source)
        debian.run(["musl-gcc", "-o", path, path + ".c", *options])
        with open(path, "rb") as file:
            return file.read()

    files = {"/usr/bin/greeter": build("greeter", PROGRAM)}
    for name, text in (("plain", "Hello"), ("formal", "Good evening")):
        files[f"/usr/lib/greeter/{name}.so"] = build(name, PLUGIN.format(text), "-shared", "-fPIC")
    machine = os.uname().machine
    with open(f"/lib/ld-musl-{machine}.so.1", "rb") as file:
        files[f"/lib/ld-musl-{machine}.so.1"] = file.read()
    return files


RECIPE = Recipe(
    debian=False,
    make=compiled,
    files={"/etc/passwd": "greeter:x:100:100:dear user:/:/bin/false\n"},
    entrypoint=["greeter"],
)


def probe(app):
    want(app.run(), "Hello, dear user")
    want(app.run("formal"), "Good evening, dear user")
