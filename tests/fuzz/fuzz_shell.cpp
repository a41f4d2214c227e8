#include "slimimg/closure/shell.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"

namespace fuzz {

using namespace slimimg::closure;

/// The first byte chooses the dialect and whether arguments are known; a file that is sourced is
/// the script itself.
void shell(slimimg::Bytes input) {
    if (input.empty()) {
        return;
    }
    const auto choice = std::to_integer<unsigned>(input[0]);
    const std::string text(slimimg::as_text(input.subspan(1)));
    ShellContext context;
    context.dialect = choice % 3 == 0   ? ShellDialect::dash
                      : choice % 3 == 1 ? ShellDialect::bash
                                        : ShellDialect::busybox;
    context.path = "/entrypoint.sh";
    context.environment = {{"PATH", "/usr/bin:/bin"}, {"HOME", "/root"}};
    if (choice % 2 == 0) {
        context.arguments = {{"app", "--flag", "*"}};
    }
    context.source = [&](const std::string& name) {
        return std::vector<ShellSource>{{"/" + name, text}};
    };
    const ShellFacts facts = read_shell(text, context);
    for (const ShellCommand& command : facts.commands) {
        demand(!command.argv.empty(), "a command has no words");
        demand(command.place.file < facts.files.size(), "a command stands in no file");
    }
    for (const ShellPath& path : facts.paths) {
        demand(path.place.file < facts.files.size(), "a path stands in no file");
    }
}

std::vector<std::string> shell_seeds() {
    return {
        "0#!/bin/sh\nset -e\nfor f in /hooks/*.sh; do . \"$f\"; done\n"
        "case \"$1\" in -*) set -- app \"$@\";; esac\nexec \"$@\"\n",
        "1a=(1 2 \"${b[@]}\"); [[ $x =~ ^a(b|c)$ ]] && echo ${x//a/b} ${x:1:2} ${x^^} <<<\"$y\"\n"
        "function f() { local z=$(cat /etc/x | sed 's/a/b/'); eval \"$z\"; }; f >/dev/null 2>&1 "
        "&\n",
        "2cat <<EOF >/tmp/x\n$(id -u) ${HOME:-/root} `date`\nEOF\nwhile read -r l; do\n"
        "  test -f \"$l\" || [ -x /bin/y ] && exec gosu user /bin/y --a=$l; done < /etc/list\n",
        "3if command -v su-exec; then su-exec a b; elif type x; then :; else exit 1; fi; "
        "find / -name '*.so' -exec rm {} + ; env A=b nice -n 1 xargs -0 sh -c 'echo $0'\n",
        "4x=$((1 + (2 << 3))); printf '%s\\n' {a,b{1..3}}; trap 'rm -f /x' EXIT; . ./self; "
        "until false; do select y in 1; do break; done; done\n"};
}

}  // namespace fuzz
