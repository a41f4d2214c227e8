#include <array>

#include "slimimg/closure/closure.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/loadable.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

using namespace std::string_literals;

constexpr std::array runtimes{
    "usr/bin/dash", "usr/bin/python3", "usr/bin/ruby3.1",  "usr/bin/perl",
    "usr/bin/node", "usr/bin/php",     "usr/bin/lua5.4",   "usr/bin/tclsh",
    "usr/bin/git",  "usr/bin/mono",    "opt/jdk/bin/java", "usr/lib/erlang/erts-13.1/bin/beam.smp",
    "usr/bin/bash", "usr/sbin/nginx"};

/// Where an input's file stands. The script below starts what reads it.
constexpr std::array places{
    "app/a.py",       "app/a.rb",
    "app/a.pl",       "app/a.js",
    "app/a.php",      "app/a.lua",
    "app/a.tcl",      "app/a.sh",
    "app/a.jar",      "app/a.class",
    "app/a.exs",      "app/ebin/a.beam",
    "app/ebin/a.app", "app/a.ez",
    "app/a.escript",  "usr/lib/erlang/bin/start.boot",
    "app/sys.config", "app/package.json",
    "app/a.gemspec",  "app/Makefile",
    "etc/crontab",    "etc/nginx/nginx.conf",
    "app/.env",       "app/a.exe",
};

constexpr std::size_t scripts = 7;  ///< of them, which the start names

constexpr const char* start =
    "#!/bin/dash\ncd /app; python3 a.py; ruby3.1 a.rb; perl a.pl; node a.js; php a.php\n"
    "lua5.4 a.lua; tclsh a.tcl; dash a.sh; /opt/jdk/bin/java -cp /app:/app/a.jar a\n"
    "/usr/lib/erlang/erts-13.1/bin/beam.smp -pa /app/ebin -config /app/sys -s a /app/a.exs\n"
    "/app/a.escript; /app/a.ez; mono a.exe; nginx; make all; npm run a\n";

}  // namespace

/// The first byte chooses what the rest is.
void code(slimimg::Bytes input) {
    if (input.empty()) {
        return;
    }
    const auto place = std::to_integer<std::size_t>(input[0]) % places.size();
    std::vector<test::Member> members{
        test::symlink("bin", "usr/bin"), test::file("run", start, 0755),
        test::file("app/known.py", "import a\n"), test::file("app/ebin/known.beam", "x"),
        test::file("etc/os-release", "ID=debian\n")};
    const std::string program = test::loadable({.type = 2});
    for (const char* runtime : runtimes) {
        members.push_back(test::file(runtime, program, 0755));
    }
    members.push_back(
        test::file(places[place], std::string(slimimg::as_text(input.subspan(1))), 0755));
    const slimimg::RunOptions options = small_machine();
    std::vector<slimimg::archive::LayerScan> scans;
    scans.push_back(
        slimimg::archive::scan_layer(slimimg::slice_of(test::tar(members)), options, "layer"));
    const auto tree = slimimg::rootfs::Rootfs::merge(std::move(scans), options);
    slimimg::image::Config config;
    config.entrypoint = {"/run"};
    const auto packages = slimimg::closure::PackageDb::read(tree);
    const auto closure = slimimg::closure::compute_closure(tree, config, packages, {}, options);
    for (const auto& [node, reasons] : closure.kept) {
        demand(node < tree.size() && !reasons.empty(), "a file is kept for nothing");
    }
    const auto node = tree.find("/" + std::string(places[place]));
    demand(node.has_value(), "the input is not in the tree");
    demand(place >= scripts || closure.kept.contains(*node), "a started script is not kept");
}

std::vector<std::string> code_seeds() {
    // '0' % 24 is 0: digits and the letters behind them name the places of the list above.
    const std::string module =
        "FOR1\0\0\0\x48"
        "BEAMAtU8\0\0\0\x0F\0\0\0\x02\x05known\x04"
        "date\0"
        "ImpT\0\0\0\x10\0\0\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\0"
        "LitT\0\0\0\x14\0\0\0\0\0\0\0\x01\0\0\0\x08\x83w\x05known"s;
    return {
        "0import os, known.b as c\nfrom . import x\nimport subprocess; subprocess.run(['git', "
        "'-C'])\n"
        "os.system(\"git log | cat\")\nopen('/etc/os-release'); ctypes.CDLL('libc.so.6')\n",
        "1require 'json'; require_relative './b'\nsystem(\"git\", 'x'); `git log`; %x(git)\n",
        "2use strict; use lib '/app'; require Foo::Bar; system('git', 'x'); open(F, '<', "
        "'/etc/x');\n",
        "3const a = require('./b'); import('x'); child_process.spawn('git', ['x']); exec(`git "
        "${a}`)\n",
        "4<?php require __DIR__ . '/b.php'; exec('git log'); proc_open(['git'], []);\n",
        "5local a = require \"a.b\"; os.execute('git log'); io.popen([[git log]])\n",
        "6package require http; exec git log | cat; source /app/b.tcl\n",
        "7. /app/b; exec git log\n",
        "9\xCA\xFE\xBA\xBE\0\0\0\x3D\0\x05\x01\0\x18java/lang/ProcessBuilder\x07\0\x01"
        "\x01\0\x04"
        "bash\x08\0\x03"s,
        "GMZ BSJB\1\0\1\0\0\0\0\0\x04\0\0\0v4\0\0\0\0\x01\0\x24\0\0\0\x0B\0\0\0#US\0\0\x09"
        "b\0a\0s\0h\0\0ProcessStartInfo\0"s,
        ":{o, 0} = System.cmd(\"git\", [\"x\"])\n",
        ";" + module,
        "<{application, a, [{applications, [kernel, known]}, {mod, {a, []}}]}.\n",
        ">#!/usr/bin/env escript\nmain(_) -> os:cmd(\"git log | cat\"), known:x().\n",
        "?\x83h\x02w\x05knownl\0\0\0\x01k\0\x01xj"s,
        "@[{known, [{a, \"b\"}]}].\n",
        "A{\"main\": \"./a.js\", \"dependencies\": {\"x\": \"1\"}, \"bin\": {\"a\": \"b\"}}",
        "CA ?= git\nB := $(A) x\nall: b | c\n\t@$(B) $$x $@ \\\n  y\nb: ; $(shell $A log)\nA += "
        "$(A)\n",
        "D* * * * * root git log\n",
        "Euser www; http { include /etc/nginx/*.conf; root /app; }\nload_module "
        "\"modules/a.so\";\n"};
}

}  // namespace fuzz
