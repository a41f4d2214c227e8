"""A compiler as a service: a script builds a program with g++ and runs it."""
from support.containers import want
from support.recipe import Recipe

RECIPE = Recipe(
    packages=["g++", "libc6-dev", "zlib1g-dev"],
    files={
        "/build.sh": "#!/bin/sh\nset -e\ncat > /tmp/in.cc\n"
                     "g++ -O1 -Wall -o /tmp/program /tmp/in.cc -lz\nexec /tmp/program\n",
    },
    entrypoint=["/build.sh"],
)
PROGRAM = """#include <iostream>
#include <thread>
#include <zlib.h>
int main() {
    std::thread([] { std::cout << "built with zlib " << zlibVersion() << std::endl; }).join();
}
"""


def probe(app):
    want(app.run(text=PROGRAM), "built with zlib 1.")
