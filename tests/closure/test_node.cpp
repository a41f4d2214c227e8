#include <vector>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"

// The layout of Docker's official image, where no package owns Node.js.

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// A distribution with a shell, Node.js and npm, and in a layer of its own `more`.
rootfs::Rootfs node_tree(std::initializer_list<Member> more) {
    const std::string program = loadable({.type = 2});
    const std::string npm = "usr/local/lib/node_modules/npm/";
    return tree_of(
        {tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
              folder("usr/bin"), test::symlink("bin", "usr/bin"), file("usr/bin/sh", program, 0755),
              file("usr/bin/env", program, 0755), file("usr/bin/tr", program, 0755),
              file("usr/bin/make", program, 0755), file("usr/bin/strip", program, 0755),
              folder("usr/local"), folder("usr/local/bin"), folder("usr/local/lib"),
              folder("app")}),
         tar({file("usr/local/bin/node", program, 0755),
              test::symlink("usr/local/bin/npm", "../lib/node_modules/npm/bin/npm-cli.js"),
              folder("usr/local/lib/node_modules"), folder(npm), folder(npm + "bin"),
              folder(npm + "lib"), file(npm + "package.json", "{}"),
              file(npm + "bin/npm-cli.js", "#!/usr/bin/env node\n", 0755),
              file(npm + "lib/run.js", "x"), folder("opt"), folder("opt/yarn-v1.22.22"),
              file("opt/yarn-v1.22.22/yarn.js", "x")}),
         tar(more)});
}

image::Config node_config(std::vector<std::string> cmd) {
    image::Config config = runs(std::move(cmd));
    config.workdir = "/app";
    return config;
}

const std::string npm = "/usr/local/lib/node_modules/npm/";

}  // namespace

TEST_CASE(
    "declarations and source maps: an application's own stay, and all where TypeScript is "
    "compiled") {
    const auto image = [](const std::string& compiler) {
        return ClosureOf(
            node_tree({file("app/main.js", "x"), file("app/types.d.ts", "x"),
                       file("app/public/a.js.map", "x"), folder("app/node_modules"),
                       folder("app/node_modules/p"), file("app/node_modules/p/index.d.ts", "x"),
                       file("app/node_modules/p/index.js.map", "x"),
                       file("app/node_modules/" + compiler + "/package.json", "{}")}),
            node_config({"node", "/app/main.js"}));
    };
    const ClosureOf plain = image("typescript");
    CHECK(plain.keeps("/app/types.d.ts"));
    CHECK(plain.keeps("/app/public/a.js.map"));
    CHECK_FALSE(plain.keeps("/app/node_modules/p/index.d.ts"));
    CHECK_FALSE(plain.keeps("/app/node_modules/p/index.js.map"));
    CHECK(image("ts-node").keeps("/app/node_modules/p/index.d.ts"));
    CHECK(image("@nestjs/cli").keeps("/app/node_modules/p/index.d.ts"));
}

TEST_CASE("npm start keeps npm, a shell and what the script of that name needs") {
    const auto image = [](std::vector<std::string> cmd) {
        return ClosureOf(
            node_tree({file("app/package.json",
                            R"({"name": "a", "scripts": {"prestart": "tr a b <in >/tmp/out",
                                "start": "npm run serve", "serve": "tool -q server.js",
                                "build": "make all", "odd": 1}})"),
                       file("app/in", "x"), folder("app/node_modules"),
                       folder("app/node_modules/.bin"), folder("app/node_modules/tool"),
                       file("app/node_modules/tool/cli.js", "#!/usr/bin/env node\n", 0755),
                       test::symlink("app/node_modules/.bin/tool", "../tool/cli.js")}),
            node_config(std::move(cmd)));
    };
    const ClosureOf started = image({"npm", "start"});
    for (const std::string& path :
         {npm + "lib/run.js", "/usr/bin/sh"s, "/usr/bin/env"s, "/usr/bin/tr"s,
          "/usr/local/bin/node"s, "/app/node_modules/.bin/tool"s}) {
        CHECK_MESSAGE(started.keeps(path), path);
    }
    CHECK_FALSE(started.keeps("/usr/bin/make"));
    CHECK_FALSE(started.misses("serve", "command"));
    CHECK(image({"npm", "run", "build"}).keeps("/usr/bin/make"));
    CHECK(image({"npm", "--prefix", "/app", "run", "build"}).keeps("/usr/bin/make"));
    CHECK_FALSE(image({"npm", "--prefix=/usr", "run", "build"}).keeps("/usr/bin/make"));
    CHECK(image({"/bin/sh", "-c", "exec npm run build"}).keeps("/usr/bin/make"));
    const ClosureOf direct = image({"node", "in"});
    CHECK_FALSE(direct.keeps(npm + "lib/run.js"));
    CHECK_FALSE(direct.keeps("/usr/bin/env"));
}

TEST_CASE("PM2's list of processes runs scripts of the package") {
    const auto image = [](const std::string& args) {
        return ClosureOf(
            node_tree({file("app/package.json", R"({"scripts": {"worker": "tr a b"}})"),
                       file("app/ecosystem.config.js",
                            "module.exports = {apps: [{name: 'a', script: 'npm', " + args +
                                "}, {script: 'a.js', args: 'b'}]}")}),
            node_config({"node", "/app/ecosystem.config.js"}));
    };
    CHECK(image("args: 'run worker'").keeps("/usr/bin/tr"));
    CHECK(image("cwd: '.', args: ['run', 'worker']").keeps("/usr/bin/tr"));
    CHECK_FALSE(image("args: 'run other'").keeps("/usr/bin/tr"));
}

TEST_CASE("Yarn's Plug'n'Play keeps the archives that its map names") {
    const ClosureOf image(
        node_tree({file("app/main.js", "x"),
                   file("app/.pnp.cjs",
                        "\"packageLocation\": "
                        "\"../root/.yarn/berry/cache/a.zip/node_modules/a/\",\\\n"),
                   file("root/.yarn/berry/cache/a.zip", "x"),
                   file("root/.yarn/berry/cache/b.zip", "x")}),
        node_config({"node", "/app/main.js"}));
    CHECK(image.rules("/root/.yarn/berry/cache/a.zip") == "node-js");
    CHECK_FALSE(image.keeps("/root/.yarn/berry/cache/b.zip"));
}

TEST_CASE("a tool that was installed for all keeps the plugins that are called after it") {
    const std::string global = "usr/local/lib/node_modules/";
    const ClosureOf image(
        node_tree({folder(global + "tool"), file(global + "tool/package.json", "{}"),
                   file(global + "tool/cli.js", "#!/usr/bin/env node\n", 0755),
                   test::symlink("usr/local/bin/tool", "../lib/node_modules/tool/cli.js"),
                   folder(global + "tool-report"), file(global + "tool-report/index.js", "x"),
                   folder(global + "other-report"), file(global + "other-report/index.js", "x")}),
        node_config({"tool", "-r", "report"}));
    CHECK(image.rules("/" + global + "tool-report/index.js") == "node-js");
    CHECK_FALSE(image.keeps("/" + global + "other-report/index.js"));
}

TEST_CASE("scripts of workspaces and scripts by pattern") {
    const auto image = [](std::vector<std::string> cmd) {
        return ClosureOf(
            node_tree({file("app/package.json", R"({"workspaces": ["packages/*"],
                                "scripts": {"start": "npm run web -w @a/web"}})"),
                       folder("app/packages"), folder("app/packages/web"),
                       file("app/packages/web/package.json",
                            R"({"name": "@a/web", "scripts": {"web": "run-p web:* --silent",
                                "web:one": "tr a b", "web:two": "make all", "other": "strip x"}})"),
                       folder("app/node_modules"), folder("app/node_modules/web"),
                       file("app/node_modules/web/package.json",
                            R"({"name": "@a/web", "scripts": {"web": "strip x"}})")}),
            node_config(std::move(cmd)));
    };
    for (const std::vector<std::string>& cmd : {std::vector<std::string>{"npm", "start"},
                                                {"npm", "--workspace=packages/web", "run", "web"},
                                                {"npm", "run", "web", "-ws"},
                                                {"yarn", "workspace", "@a/web", "run", "web"},
                                                {"pnpm", "--filter", "@a/web", "web"}}) {
        CAPTURE(cmd.back());
        const ClosureOf started = image(cmd);
        CHECK(started.keeps("/usr/bin/tr"));
        CHECK(started.keeps("/usr/bin/make"));
        CHECK_FALSE(started.keeps("/usr/bin/strip"));
    }
    CHECK_FALSE(image({"npm", "run", "web", "-w", "@a/none"}).keeps("/usr/bin/tr"));
}

TEST_CASE("scripts of a package that run each other are read once") {
    constexpr int many = 40;
    std::string all;
    for (int i = 0; i < many; ++i) {
        all += "npm run a" + std::to_string(i) + "; ";
    }
    std::string scripts;
    for (int i = 0; i < many; ++i) {
        scripts += "\"a" + std::to_string(i) + "\": \"" + all + "\", ";
    }
    const ClosureOf image(
        node_tree({file("app/package.json",
                        R"({"scripts": {)" + scripts + R"("start": "npm run a0", "a40": "tool"}})"),
                   file("usr/bin/tool", "x", 0755)}),
        runs({"npm", "run", "start", "a40", "--prefix", "/app"}));
    CHECK(image.keeps("/usr/bin/tool"));
}

TEST_CASE("a dependency's shell script counts where its package names it") {
    const auto image = [](const std::string& code) {
        return ClosureOf(node_tree({folder("app/node_modules"), folder("app/node_modules/d"),
                                    file("app/node_modules/d/package.json", "{}"),
                                    file("app/node_modules/d/index.js", code),
                                    file("app/node_modules/d/run.sh", "#!/bin/sh\nstrip x\n", 0755),
                                    file("app/node_modules/d/Makefile", "x: /usr/bin/make\n"),
                                    file("app/server.js", "require('d')\n")}),
                         node_config({"node", "server.js"}));
    };
    const ClosureOf unnamed = image("// run.sh\n");
    CHECK(unnamed.keeps("/app/node_modules/d/run.sh"));
    CHECK_FALSE(unnamed.keeps("/usr/bin/strip"));
    CHECK_FALSE(unnamed.keeps("/usr/bin/sh"));
    CHECK_FALSE(unnamed.keeps("/usr/bin/make"));
    const ClosureOf named = image("spawn(join(__dirname, 'run.sh'))\n");
    CHECK(named.keeps("/usr/bin/strip"));
    CHECK(named.keeps("/usr/bin/sh"));
}

TEST_CASE("addons for other systems, what addons are built from and unused installers go") {
    const ClosureOf image(
        node_tree({folder("app/node_modules"), folder("app/node_modules/@s"),
                   folder("app/node_modules/@s/d"), folder("app/node_modules/p"),
                   file("app/node_modules/@s/d/package.json", "{}"),
                   file("app/node_modules/@s/d/binding.gyp", "{}"),
                   file("app/node_modules/@s/d/d.cc", "x"),
                   file("app/node_modules/@s/d/linux.node", loadable({})),
                   file("app/node_modules/@s/d/win32.node", "MZ"),
                   file("app/node_modules/p/d.cc", "x"), file("app/server.js", "x")}),
        node_config({"node", "server.js"}));
    CHECK(image.keeps("/app/node_modules/@s/d/linux.node"));
    CHECK(image.keeps("/app/node_modules/p/d.cc"));
    CHECK_FALSE(image.keeps("/app/node_modules/@s/d/win32.node"));
    CHECK_FALSE(image.keeps("/app/node_modules/@s/d/d.cc"));
    CHECK_FALSE(image.keeps("/opt/yarn-v1.22.22/yarn.js"));
}

TEST_CASE("modules that the system installed stay where code requires them, with what these need") {
    const std::string modules = "usr/share/nodejs/";
    const auto image = [&](const std::string& code) {
        return ClosureOf(
            node_tree({folder(modules),
                       folder(modules + "express"),
                       folder(modules + "express/lib"),
                       file(modules + "express/package.json", R"({"dependencies": {"debug": "1"},
                            "devDependencies": {"mocha": "1"}})"),
                       file(modules + "express/index.js", "require('./lib/a'); require('qs')\n"),
                       file(modules + "express/lib/a.js", "x"),
                       folder(modules + "debug"),
                       file(modules + "debug/package.json", "{}"),
                       folder(modules + "mocha"),
                       file(modules + "mocha/package.json", "{}"),
                       folder(modules + "ejs"),
                       file(modules + "ejs/package.json", "{}"),
                       folder(modules + "url"),
                       file(modules + "url/package.json", "{}"),
                       file(modules + "qs.js", "x"),
                       folder("srv"),
                       folder("srv/node"),
                       folder("srv/node/@a"),
                       folder("srv/node/@a/b"),
                       file("srv/node/@a/b/package.json", "{}"),
                       file("app/server.js", code)}),
            [] {
                image::Config config = node_config({"node", "server.js"});
                config.env = {"NODE_PATH=/srv/node"};
                return config;
            }());
    };
    const std::string root = "/" + modules;
    const ClosureOf used =
        image("const e = require('express'); e.set('view engine', 'ejs'); require('url')\n");
    for (const char* const name :
         {"express/lib/a.js", "debug/package.json", "qs.js", "ejs/package.json"}) {
        CHECK_MESSAGE(used.keeps(root + name), name);
    }
    CHECK_FALSE(used.keeps(root + "mocha/package.json"));
    CHECK_FALSE(used.keeps(root + "url/package.json"));
    const ClosureOf unused =
        image("// require('express')\nimport('qs/lib'); import a from \"@a/b/c\"\n");
    CHECK_FALSE(unused.keeps(root + "express/package.json"));
    CHECK(unused.keeps(root + "qs.js"));
    CHECK(unused.rules("/srv/node/@a/b").find("node-js") != std::string::npos);
}

TEST_CASE("a program that npm installed for all users keeps its package") {
    const ClosureOf image(
        node_tree(
            {folder("usr/local/lib/node_modules/pm"), folder("usr/local/lib/node_modules/pm/bin"),
             file("usr/local/lib/node_modules/pm/package.json", R"({"dependencies": {"x": "1"}})"),
             file("usr/local/lib/node_modules/pm/bin/pm", "#!/usr/bin/env node\n", 0755),
             file("usr/local/lib/node_modules/pm/lib.js", "x"),
             folder("usr/local/lib/node_modules/x"),
             file("usr/local/lib/node_modules/x/package.json", "{}"),
             test::symlink("usr/local/bin/pm", "../lib/node_modules/pm/bin/pm")}),
        node_config({"pm", "start"}));
    CHECK(image.keeps("/usr/local/lib/node_modules/pm/lib.js"));
    CHECK(image.keeps("/usr/local/lib/node_modules/x/package.json"));
}
