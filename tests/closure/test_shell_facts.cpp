#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "slimimg/closure/shell.hpp"

using namespace slimimg;
using namespace slimimg::closure;

namespace {

using Lines = std::vector<std::string>;

ShellContext context(std::vector<std::string> arguments = {}) {
    ShellContext result;
    result.dialect = ShellDialect::bash;
    result.path = "/entry.sh";
    result.arguments = std::move(arguments);
    return result;
}

std::string line_of(const ShellCommand& command) {
    std::string text;
    for (const ShellWord& word : command.argv) {
        text += (text.empty() ? "" : " ") + word.text;
    }
    return text;
}

/// The commands as lines of words.
Lines commands(std::string_view script, const ShellContext& given) {
    Lines lines;
    for (const ShellCommand& command : read_shell(script, given).commands) {
        lines.push_back(line_of(command));
    }
    return lines;
}
Lines commands(std::string_view script) {
    return commands(script, context());
}

/// The paths with this use, in order.
Lines paths(std::string_view script, ShellPath::Use use, const ShellContext& given) {
    Lines lines;
    for (const ShellPath& path : read_shell(script, given).paths) {
        if (path.use == use) {
            lines.push_back(path.path);
        }
    }
    return lines;
}
Lines paths(std::string_view script, ShellPath::Use use) {
    return paths(script, use, context());
}

Lines codes(const ShellFacts& facts) {
    Lines lines;
    for (const Diagnostic& diagnostic : facts.unknown) {
        lines.push_back(diagnostic.code);
    }
    return lines;
}

}  // namespace

TEST_CASE("the dialect is told by the program's name") {
    CHECK(shell_dialect("/bin/sh") == ShellDialect::dash);
    CHECK(shell_dialect("dash") == ShellDialect::dash);
    CHECK(shell_dialect("/usr/bin/bash") == ShellDialect::bash);
    CHECK(shell_dialect("/bin/busybox") == ShellDialect::busybox);
    CHECK(shell_dialect("ash") == ShellDialect::busybox);
    CHECK_FALSE(shell_dialect("/usr/bin/python3"));
    CHECK_FALSE(shell_dialect(""));
}

TEST_CASE("programs are commands; built-in ones and functions are not") {
    CHECK(commands("set -e\necho hi\nnginx -g 'daemon off;'\nf() { ls /; }\nf\n") ==
          Lines{"nginx -g daemon off;", "ls /"});
    ShellContext dash = context();
    dash.dialect = ShellDialect::dash;
    CHECK(commands("shopt -s x; printf x; ps", dash) == Lines{"shopt -s x", "ps"});
    CHECK(commands("shopt -s x; printf x; ps") == Lines{"ps"});
}

TEST_CASE("a command tells its line, its function and how it is reached") {
    const ShellFacts facts = read_shell(
        "first\nif second; then\n  third\nfi\nf() {\n  fourth\n}\ng() { fifth; }\ntrue && f\n",
        context());
    REQUIRE(facts.commands.size() == 5);
    const auto& found = facts.commands;
    CHECK(found[0].place == ShellPlace{0, 1});
    CHECK(found[0].reach == ShellReach::always);
    CHECK(found[1].name() == "second");
    CHECK(found[1].reach == ShellReach::always);
    CHECK(found[2].place.line == 3);
    CHECK(found[2].reach == ShellReach::sometimes);
    CHECK(found[3].function == "f");
    CHECK(found[3].reach == ShellReach::sometimes);
    CHECK(found[4].function == "g");
    CHECK(found[4].reach == ShellReach::never);
    CHECK(facts.functions == Lines{"f", "g"});
}

TEST_CASE("variables stand for what is assigned to them") {
    CHECK(commands("DIR=/opt/app\nexec \"$DIR/bin/run\" --home=${DIR}") ==
          Lines{"/opt/app/bin/run --home=/opt/app"});
    CHECK(commands("if a; then C=x; else C=y; fi\n$C --go") == Lines{"a", "x --go", "y --go"});
    CHECK(commands("f() { $C; }\nC=late\nf\n") == Lines{"late"});
    CHECK(commands("C='nginx -g off'\nexec $C") == Lines{"nginx -g off"});
    CHECK(commands("P=/a\nP=$P/b\n$P/c") == Lines{"/a/c", "/a/b/c"});
    CHECK(commands("x=a; x+=b; $x") == Lines{"a", "ab"});
}

TEST_CASE("the environment gives variables their values") {
    ShellContext given = context();
    given.environment["JAVA_HOME"] = "/opt/java";
    CHECK(commands("exec $JAVA_HOME/bin/java", given) == Lines{"/opt/java/bin/java"});
    CHECK(commands("exec ${JAVA_HOME:-/usr}/bin/java", given) == Lines{"/opt/java/bin/java"});
    CHECK(commands("exec ${OTHER:-/usr}/bin/java", given) == Lines{"/usr/bin/java"});
    CHECK(commands(": ${OTHER:=/usr}\nexec $OTHER/bin/java", given) == Lines{"/usr/bin/java"});
    CHECK(commands("$JAVA_HOME${NOTHING}/x ${JAVA_HOME:+-v} ${NOTHING:+-q}", given) ==
          Lines{"/opt/java/x -v"});
}

TEST_CASE("operators on names are carried out") {
    CHECK(commands("f=/a/b.tar.gz\nx ${f##*/} ${f%/*} ${f%%.*} ${f#/a/} ${f/b/c} ${f:1:1}") ==
          Lines{"x b.tar.gz /a /a/b b.tar.gz /a/c.tar.gz a"});
    CHECK(commands("f=/a/b.sh; x $(dirname \"$f\") $(basename $f .sh) `echo $f`") ==
          Lines{"dirname /a/b.sh", "basename /a/b.sh .sh", "x /a b /a/b.sh"});
    CHECK(commands("d=$(cd \"$(dirname \"$0\")/..\" && pwd); $d/run") ==
          Lines{"dirname /entry.sh", "//../run"});
    CHECK(commands("v=NAME; NAME=prog; ${!v}") == Lines{"prog"});
    CHECK(commands("$(command -v java || echo /usr/bin/java) -jar x") ==
          Lines{"java -jar x", "/usr/bin/java -jar x"});
}

TEST_CASE("arrays hold commands") {
    CHECK(commands("a=(java -jar)\na+=(/app.jar)\nexec \"${a[@]}\" end") ==
          Lines{"java -jar /app.jar end"});
    CHECK(commands("a=([x]=one [y]=two)\nrun \"${a[x]}\"") == Lines{"run one", "run two"});
    CHECK(commands("a[0]=p; ${a[0]}") == Lines{"p"});
}

TEST_CASE("braces and loops give every value") {
    CHECK(commands("mkdir /var/{log,lib/{a,b}}/x") ==
          Lines{"mkdir /var/log/x /var/lib/a/x /var/lib/b/x"});
    CHECK(commands("for c in one two; do $c; done") == Lines{"one", "two"});
    CHECK(commands("for f in /hooks.d/*.sh; do \"$f\"; done") == Lines{"/hooks.d/*.sh"});
    CHECK(commands("find /hooks.d/ -type f -name '*.sh' | sort | while read -r f; do $f; done")
              .back() == "/hooks.d/**.sh");
}

TEST_CASE("exec \"$@\" runs the script's arguments") {
    const ShellFacts facts = read_shell("set -e\nexec \"$@\"", context({"nginx", "-g", "x"}));
    CHECK(facts.runs_arguments == ShellPlace{0, 2});
    REQUIRE(facts.commands.size() == 1);
    CHECK(line_of(facts.commands[0]) == "nginx -g x");
    CHECK(facts.commands[0].exec);
    CHECK(facts.unknown.empty());

    SUBCASE("also where they are not known") {
        ShellContext open = context();
        open.arguments.reset();
        const ShellFacts unknown = read_shell("exec gosu app \"$@\"", open);
        CHECK(unknown.runs_arguments == ShellPlace{0, 1});
        CHECK(unknown.commands.size() == 1);
        CHECK(unknown.unknown.empty());
    }
    SUBCASE("behind what set -- puts before them") {
        CHECK(commands("if [ \"${1#-}\" != \"$1\" ]; then set -- redis-server \"$@\"; fi\n"
                       "exec gosu redis \"$@\"",
                       context({"--port", "1"})) == Lines{"gosu redis --port 1",
                                                          "gosu redis redis-server --port 1",
                                                          "redis-server --port 1"});
    }
    SUBCASE("after shift, and through functions") {
        CHECK(commands("main() { local user=$1; shift; exec \"$@\"; }\nmain app \"$@\"",
                       context({"prog"})) == Lines{"prog"});
        CHECK(read_shell("f() { \"$@\"; }\nf \"$@\"", context({"prog"})).runs_arguments);
        CHECK_FALSE(read_shell("f() { \"$@\"; }\nf prog", context({"other"})).runs_arguments);
    }
    SUBCASE("a subshell's set leaves them alone") {
        CHECK(commands("(set -- a)\nexec \"$@\"", context({"prog"})) == Lines{"prog", "a"});
    }
}

TEST_CASE("functions that run their arguments are followed") {
    CHECK(commands("retry() { n=$1; shift; \"$@\"; }\nretry 5 curl http://x\nretry 3 wget y") ==
          Lines{"curl http://x", "wget y"});
    CHECK(commands("run() { \"$1\"; }\ng() { inner; }\nrun g") == Lines{"inner"});
}

TEST_CASE("what wrappers run is a command too") {
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"env -i -u X A=1 B=2 prog a", "prog a"},
        {"/usr/bin/env prog", "prog"},
        {"nohup prog a", "prog a"},
        {"nice -n 10 prog a", "prog a"},
        {"nice -10 prog a", "prog a"},
        {"timeout -k 5 10s prog a", "prog a"},
        {"timeout --signal=KILL 10s prog a", "prog a"},
        {"setpriv --reuid=1 --regid 2 --clear-groups prog a", "prog a"},
        {"gosu app:app prog a", "prog a"},
        {"su-exec app prog a", "prog a"},
        {"sudo -u app -E A=b prog a", "prog a"},
        {"tini -s -- prog a", "prog a"},
        {"dumb-init prog a", "prog a"},
        {"xargs -0 -n 1 prog a", "prog a *"},
        {"find . -name x -exec prog a {} +", "prog a *"},
        {"find . -type f -execdir prog '{}' \\;", "prog *"},
        {"flock -n /run/lock prog a", "prog a"},
        {"flock /run/lock -c 'prog a'", "prog a"},
        {"chroot /mnt prog a", "prog a"},
        {"su app -c 'prog a'", "prog a"},
        {"su -s /bin/sh - app -c 'prog a'", "prog a"},
        {"runuser -u app -- prog a", "prog a"},
        {"runuser app -c 'prog a'", "prog a"},
        {"start-stop-daemon --start --pidfile /p --exec /usr/bin/prog -- a", "/usr/bin/prog a"},
        {"start-stop-daemon -S -x /usr/bin/prog -- a", "/usr/bin/prog a"},
        {"sh -c 'prog a'", "prog a"},
        {"bash -euo pipefail -c 'prog $1' name a", "prog a"},
        {"busybox prog a", "prog a"},
        {"wait-for-it.sh db:5432 -t 30 -- prog a", "prog a"},
        {"bundle exec prog a", "prog a"},
        {"exec -a name prog a", "prog a"},
        {"command prog a", "prog a"},
        {"eval \"prog a\"", "prog a"},
        {"trap 'prog a' EXIT", "prog a"},
        {"coproc prog a", "prog a"},
        {"alias x='prog a'", "prog a"},
        {"time -p prog a", "prog a"},
        {"sh <<E\nprog a\nE\n", "prog a"},
        {"A=1 B=2 prog a", "prog a"},
        {"a=$(prog a)", "prog a"},
        {"a=`prog a`", "prog a"},
        {"cat <(prog a)", "prog a"},
        {"cat <<E\n$(prog a)\nE\n", "prog a"},
    };
    for (const auto& [text, wanted] : cases) {
        const std::string& script = text;  // clang 14 captures no structured binding
        CAPTURE(script);
        const Lines found = commands(script);
        CHECK(std::find(found.begin(), found.end(), wanted) != found.end());
    }
}

TEST_CASE("words that are no command of a wrapper are not taken for one") {
    CHECK(commands("su app prog") == Lines{"su app prog"});
    CHECK(commands("wait-for-it.sh db:5432") == Lines{"wait-for-it.sh db:5432"});
    CHECK(commands("bundle install") == Lines{"bundle install"});
    CHECK(commands("cat <<'E'\n$(prog)\nE\n") == Lines{"cat"});
    CHECK(commands("echo 'prog; x' \"y; z\" # prog\n") == Lines{});
    CHECK(commands("case $x in (prog|other) ;; esac; [[ prog == other ]]; ((a=1))") == Lines{});
}

TEST_CASE("a command that is asked for is marked") {
    const ShellFacts facts = read_shell(
        "if command -v jq >/dev/null; then jq .; fi\ntype -p sed; sed\n[ -x /usr/bin/x ] && "
        "/usr/bin/x\nplain",
        context());
    REQUIRE(facts.commands.size() == 4);
    CHECK(facts.commands[0].tested);
    CHECK(facts.commands[1].tested);
    CHECK(facts.commands[2].tested);
    CHECK_FALSE(facts.commands[3].tested);
    CHECK(facts.tested.count("jq") == 1);
}

TEST_CASE("files are told with how they are used") {
    using Use = ShellPath::Use;
    CHECK(paths(". /etc/default/app\nsource lib/x.sh", Use::sourced) ==
          Lines{"/etc/default/app", "lib/x.sh"});
    CHECK(paths("read x < /etc/conf; cat 2>/dev/null <in", Use::read) == Lines{"/etc/conf", "in"});
    CHECK(paths("x > /var/log/a 2>> /var/log/b &>/var/log/c", Use::written) ==
          Lines{"/var/log/a", "/var/log/b", "/var/log/c"});
    CHECK(paths("[ -f /a/b ] && test -d \"/c/d\"; [[ ! -e /e && -s f ]]", Use::tested) ==
          Lines{"/a/b", "/c/d", "/e", "f"});
    CHECK(paths("x --conf=/etc/x.conf /data 'no /path' if=/dev/zero rel/path", Use::argument) ==
          Lines{"/etc/x.conf", "/data", "/dev/zero"});
    CHECK(paths("P=/a/b:/c/d\nexport Q=/e", Use::value) == Lines{"/a/b", "/c/d", "/e"});
    CHECK(paths("cat <<E\nroot /var/www;\nE\nawk '{ print > \"/tmp/x\" }'", Use::mentioned) ==
          Lines{"/var/www", "/tmp/x"});
    CHECK(paths("x /lib/$ARCH/$(uname -m)/y", Use::argument) == Lines{"/lib//*/y"});
    CHECK(paths("for f in /hooks.d/*.sh; do :; done", Use::argument) == Lines{"/hooks.d/*.sh"});
    CHECK(paths("x http://host/path s/a/b/ -I/usr / $(y)/z", Use::argument) == Lines{});
}

TEST_CASE("folders that it changes to are told, and relative ones stand on them") {
    ShellContext given = context();
    given.workdir = "/srv";
    const ShellFacts facts = read_shell("cd app\ncd /opt/x\nrun \"$PWD/y\"", given);
    CHECK(facts.folders == Lines{"/srv/app", "/opt/x"});
    CHECK(facts.commands.size() == 3);
}

TEST_CASE("sourced files are followed when they are given") {
    ShellContext given = context({"prog"});
    given.source = [](const std::string& name) {
        std::vector<ShellSource> sources;
        if (name == "/lib.sh") {
            sources.push_back({"/lib.sh", "DIR=/opt\nrun() {\n  \"$@\"\n}\nunused() { never; }\n"});
        }
        if (name == "/conf.d/*.sh") {
            sources.push_back({"/conf.d/a.sh", "first\n"});
            sources.push_back({"/conf.d/b.sh", "second\n. /lib.sh\n"});
        }
        return sources;
    };
    const ShellFacts facts =
        read_shell(". /lib.sh\nfor f in /conf.d/*.sh; do . \"$f\"; done\nrun $DIR/x\n", given);
    CHECK(facts.files == Lines{"/entry.sh", "/lib.sh", "/conf.d/a.sh", "/conf.d/b.sh"});
    REQUIRE(facts.commands.size() == 4);
    CHECK(line_of(facts.commands[0]) == "/opt/x");
    CHECK(facts.commands[0].place == ShellPlace{1, 3});
    CHECK(facts.commands[0].reach == ShellReach::always);
    CHECK(line_of(facts.commands[1]) == "never");
    CHECK(facts.commands[1].reach == ShellReach::never);
    CHECK(facts.commands[2].place == ShellPlace{2, 1});
    CHECK(facts.commands[2].reach == ShellReach::sometimes);
    CHECK(facts.unknown.empty());
}

TEST_CASE("what can't be known is told with its line") {
    const ShellFacts facts = read_shell(
        "read x\n$x\n. \"$x/lib.sh\"\n/opt/$x/run\neval \"$(cat y)\"\nsh -c \"$x\"\n$NOTHING\n",
        context());
    CHECK(codes(facts) == Lines{"shell-command-unknown", "shell-source-unknown",
                                "shell-command-unknown", "shell-command-unknown",
                                "shell-command-unknown", "shell-command-unknown"});
    REQUIRE(facts.unknown.size() == 6);
    CHECK(facts.unknown[0].path == "/entry.sh");
    CHECK(facts.unknown[0].message.starts_with("line 2: "));
    CHECK(facts.unknown[2].message ==
          "line 4: runs \"/opt/*/run\", of which only this much is known");
    CHECK(facts.unknown[5].message.starts_with("line 7: "));
    CHECK(facts.paths.front().path == "/opt/*/run");

    SUBCASE("less loudly where it isn't reached") {
        const ShellFacts unreached = read_shell("f() { read x; $x; }", context());
        REQUIRE(unreached.unknown.size() == 1);
        CHECK(unreached.unknown[0].severity == Severity::note);
    }
    SUBCASE("an assignment by eval is no command") {
        CHECK(read_shell("read n; eval \"$n=1\"; eval \"v=\\$$n\"", context()).unknown.empty());
    }
}

TEST_CASE("variables that matter to others come out") {
    ShellContext given = context();
    given.environment["LD_LIBRARY_PATH"] = "/usr/lib/x";
    const ShellFacts facts = read_shell(
        "export LD_LIBRARY_PATH=/opt/lib:$LD_LIBRARY_PATH\nPATH=$PATH:/opt/bin\n"
        "LD_PRELOAD=/j.so exec prog",
        given);
    CHECK(facts.variables.at("LD_LIBRARY_PATH") == Lines{"/opt/lib:/usr/lib/x"});
    CHECK(facts.variables.at("PATH") == Lines{":/opt/bin"});
    CHECK(facts.variables.at("LD_PRELOAD") == Lines{"/j.so"});
}

TEST_CASE("what stands behind an unconditional exec or exit isn't read") {
    CHECK(commands("#!/bin/sh\n# \\\nexec tclsh \"$0\" \"$@\"\nproc f {} { if {$x} { } }\n") ==
          Lines{"tclsh /entry.sh"});
    CHECK(read_shell("a\nexit 0\n\x7f"
                     "ELF(((\n",
                     context())
              .unknown.empty());
    CHECK(commands("exec >log\na") == Lines{"a"});
    CHECK(commands("true || exit\na") == Lines{"a"});
    CHECK(commands("(exit 1)\nf() { exit; }\nx=$(exit)\na") == Lines{"a"});
    CHECK(commands("exec cat <<E\n$(prog)\nE\nrest") == Lines{"cat", "prog"});
}

TEST_CASE("all of many values are followed: of a loop, a list, a function's calls and a variable") {
    std::string words;
    std::string calls;
    std::string choices;
    Lines all;
    for (int i = 0; i < 100; ++i) {
        const std::string name = "tool" + std::to_string(i);
        words += " " + name;
        calls += "log 'doing " + name + "' " + name + " -v\n";
        choices += "x" + std::to_string(i) + ") c=" + name + " ;;\n";
        all.push_back(name + " -v");
    }
    CHECK(commands("for c in" + words + "; do $c -v; done\n") == all);
    CHECK(commands("a=(" + words + ")\nfor c in \"${a[@]}\"; do \"$c\" -v; done\n") == all);
    CHECK(commands("list='" + words + "'\nfor c in $list; do $c -v; done\n") == all);
    CHECK(commands("log() { echo \"$1\"; shift; \"$@\"; }\n" + calls) == all);
    CHECK(commands("case $1 in\n" + choices + "esac\n$c -v\n") == all);
    CHECK(commands("for c in" + words + "; do c=\"/opt/$c\"; $c -v; done\n").size() == 200);
}

TEST_CASE("where there are more values than are followed, that is told") {
    const auto script = [](int count) {
        std::string words;
        for (int i = 0; i < count; ++i) {
            words += " tool" + std::to_string(i);
        }
        return "for c in" + words + "; do $c; done\n";
    };
    CHECK(read_shell(script(256), context()).unknown.empty());
    const ShellFacts facts = read_shell(script(257), context());
    REQUIRE(facts.unknown.size() == 1);
    CHECK(facts.unknown.front().code == "shell-too-long");
    CHECK(facts.unknown.front().message ==
          "c gets more than 256 different values: those beyond are not followed");
    std::string calls = "f() { \"$@\"; }\n";
    for (int i = 0; i < 257; ++i) {
        calls += "f tool" + std::to_string(i) + "\n";
    }
    CHECK(codes(read_shell(calls, context())) == Lines{"shell-too-long"});
}

TEST_CASE("values that are made of each other stay few") {
    std::string script = "x=a\n";
    for (int i = 0; i < 64; ++i) {
        script += "x=\"$x " + std::to_string(i) + "\"\n";
    }
    const ShellFacts facts = read_shell(script + "tool $x\n", context());
    CHECK(facts.commands.size() == 17);
    CHECK(facts.unknown.empty());
}

TEST_CASE("a shell that reads standard input runs what the script writes there") {
    CHECK(commands("cat <<EOF | bash\ntool a\nEOF\n") == Lines{"cat", "bash", "tool a"});
    CHECK(commands("echo 'tool a' | sh -s\n") == Lines{"sh -s", "tool a"});
    CHECK(commands("bash - < <(echo tool a)\n") == Lines{"bash -", "tool a"});
    CHECK(commands(". /dev/stdin <<< 'tool a'\n") == Lines{"tool a"});
    CHECK(commands("at now <<X\ntool a\nX\n") == Lines{"at now", "tool a"});
    CHECK(commands("curl x | sh\n") == Lines{"curl x", "sh"});
}

TEST_CASE("what read, printf -v and cat with a here-document give a variable") {
    CHECK(commands("read -r x <<< tool; $x\n") == Lines{"tool"});
    CHECK(commands("printf -v x tool; $x\n") == Lines{"tool"});
    CHECK(commands("printf -v x %s tool; $x\n") == Lines{"tool"});
    CHECK(commands("x=$(cat <<E\ntool\nE\n)\n$x\n").back() == "tool");
}

TEST_CASE("lines of cron's tables that a script writes are commands") {
    CHECK(commands("echo '*/5 * * * * tool a' | crontab -\n").front() == "tool a");
    CHECK(commands("(crontab -l; echo \"0 3 * * 1-5 tool a\") | crontab -\n").back() ==
          "crontab -");
    CHECK(commands("echo '0 3 * * 1-5 tool a%input' >> /etc/crontabs/root\n") == Lines{"tool a"});
    CHECK(commands("echo '@daily root tool a' > /etc/cron.d/x\n") == Lines{"tool a"});
    CHECK(commands("crontab - <<X\nMAILTO=a\n* * * * * tool a\nX\n").front() == "tool a");
    CHECK(commands("echo '1 2 3 4 words'\n").empty());
    CHECK(commands("echo '@daily'; echo '* * * * *'\n").empty());
}

TEST_CASE("code for interpreters is found, in words and in standard input") {
    const auto code = [](std::string_view script) {
        Lines lines;
        for (const ShellCode& each : read_shell(script, context()).code) {
            lines.push_back(each.program + ": " + each.text);
        }
        return lines;
    };
    CHECK(code("python3 -u -c 'import os'\n") == Lines{"python3: import os"});
    CHECK(code("perl -lne 'print' f\n") == Lines{"perl: print"});
    CHECK(code("/usr/bin/node --eval x\n") == Lines{"node: x"});
    CHECK(code("php -r 'x();'\n") == Lines{"php: x();"});
    CHECK(code("python3 - <<E\nimport os\nE\n") == Lines{"python3: import os\n"});
    CHECK(code("ruby <<E\nx\nE\n") == Lines{"ruby: x\n"});
    CHECK(code("python3 app.py -c x\nperl script -e x\n").empty());
}

TEST_CASE("a name of which a variable that nothing sets is a part may be another one") {
    const ShellFacts facts =
        read_shell("start_web() { tool; }\nstart_job() { job; }\nstart_$MODE\n", context());
    CHECK(facts.commands.size() == 3);  // start_ itself may be a program
    CHECK(commands("x=web\nstart_web() { tool; }\nstart_job() { job; }\n[ $x ] && start_$x\n")
              .front() == "tool");
    CHECK(paths("cat /etc/app/settings-$ENVIRONMENT.yml\n", ShellPath::Use::argument) ==
          Lines{"/etc/app/settings-.yml", "/etc/app/settings-*.yml"});
    CHECK(paths("cat $PREFIX/etc/app\n", ShellPath::Use::argument) == Lines{"/etc/app"});
}

TEST_CASE("more programs that run another one") {
    for (const char* line :
         {"watch -n 1 tool a", "watch 'tool a'", "parallel -j4 tool a", "envdir /env tool a",
          "ddtrace-run tool a", "newrelic-admin run-program tool a", "doppler run -p x -- tool a",
          "op run -- tool a", "conda run -n env tool a", "gdb --args tool a",
          "script -qc 'tool a' /x", "my_init -- tool a", "proxychains4 -q tool a",
          "daemon --name x -- tool a"}) {
        INFO(line);
        CHECK(commands(std::string(line) + "\n").back() == "tool a");
    }
}
