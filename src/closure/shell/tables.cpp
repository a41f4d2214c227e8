#include "closure/shell/tables.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "slimimg/base/path.hpp"

namespace slimimg::closure {

std::optional<ShellDialect> shell_dialect(std::string_view program) {
    const std::string_view name = path::basename(program);
    if (name == "sh" || name == "dash") {
        return ShellDialect::dash;
    }
    if (name == "bash" || name == "rbash" || name == "ksh" || name == "mksh" || name == "zsh") {
        return ShellDialect::bash;
    }
    if (name == "ash" || name == "busybox" || name == "hush") {
        return ShellDialect::busybox;
    }
    return std::nullopt;
}

namespace shell {
namespace {

/// Sorted: looked up by bisection.
constexpr std::array<std::string_view, 45> in_all = {
    ".",        ":",        "[",       "[[",     "alias", "bg",      "break",  "cd",     "command",
    "continue", "declare",  "echo",    "eval",   "exec",  "exit",    "export", "false",  "fg",
    "function", "getopts",  "hash",    "jobs",   "kill",  "let",     "local",  "printf", "pwd",
    "read",     "readonly", "return",  "set",    "shift", "source",  "test",   "times",  "trap",
    "true",     "type",     "typeset", "ulimit", "umask", "unalias", "unset",  "wait",   "chdir"};

constexpr std::array<std::string_view, 23> in_bash = {
    "bind",      "builtin", "caller",  "compgen", "complete", "compopt", "dirs",  "disown",
    "enable",    "fc",      "help",    "history", "logout",   "mapfile", "popd",  "pushd",
    "readarray", "shopt",   "suspend", "coproc",  "select",   "print",   "whence"};

constexpr std::array<std::string_view, 2> in_busybox = {"help", "history"};

template <std::size_t N>
bool contains(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

constexpr std::array<Wrapper, 106> wrappers = {{
    {.name = "authbind", .valued = " --depth "},
    {.name = "aws-vault", .subcommand = "exec", .after_dashes = true},
    {.name = "bundle", .subcommand = "exec"},
    {.name = "busybox"},
    {.name = "catatonit"},
    {.name = "catchsegv"},
    {.name = "cgexec", .valued = " -g "},
    {.name = "chamber", .subcommand = "exec", .after_dashes = true},
    {.name = "chpst", .valued = " -u -U -b -e -d -o -p -f -c -t -m -r -s -n -l -L -/ -C "},
    {.name = "chroot", .valued = " --userspec --groups ", .skip = 1},
    {.name = "chrt", .valued = " -T -P -D ", .skip = 1},
    {.name = "conda", .valued = " -n --name -p --prefix --cwd ", .subcommand = "run"},
    {.name = "cross-env", .assignments = true},
    {.name = "daemon",
     .valued = " -n --name -u --user -D --chdir -F --pidfile -o --output -l --errlog -O --stdout "
               "-E --stderr -L --delay -A --attempts -M --limit "},
    {.name = "daemonize", .valued = " -a -c -e -o -p -l -u -E "},
    {.name = "dbus-launch", .valued = " --config-file "},
    {.name = "dbus-run-session", .valued = " --config-file --dbus-daemon "},
    {.name = "ddtrace-run"},
    {.name = "doas", .valued = " -u -C "},
    {.name = "docker-init", .valued = " -p -e "},
    {.name = "dockerize",
     .valued = " -template -stdout -stderr -wait -timeout -delims -env -poll -wait-http-header "
               "-wait-retry-interval "},
    {.name = "doppler",
     .valued = " -c -p -t --config --project --token ",
     .subcommand = "run",
     .after_dashes = true},
    {.name = "dotenvx", .subcommand = "run", .after_dashes = true},
    {.name = "dumb-init", .valued = " -r --rewrite "},
    {.name = "eatmydata"},
    {.name = "env",
     .valued = " -u --unset -C --chdir --block-signal --default-signal ",
     .assignments = true,
     .script_option = "-S"},
    {.name = "envconsul", .after_dashes = true},
    {.name = "envdir", .skip = 1},
    {.name = "envuidgid", .skip = 1},
    {.name = "fakeroot", .valued = " -l -s -i -b --lib --faked "},
    {.name = "faketime", .valued = " -p --pid ", .skip = 1},
    {.name = "flock",
     .valued = " -w -E --wait --timeout --conflict-exit-code ",
     .skip = 1,
     .script_option = "-c"},
    {.name = "gdb", .subcommand = "--args"},
    {.name = "gosu", .skip = 1},
    {.name = "hatch", .subcommand = "run"},
    {.name = "infisical", .subcommand = "run", .after_dashes = true},
    {.name = "ionice", .valued = " -c -n -p -P -u --class --classdata "},
    {.name = "linux32"},
    {.name = "linux64"},
    {.name = "ltrace", .valued = " -o -e -p -s -u -a -l -n -x -A -D -F "},
    {.name = "micromamba", .valued = " -n --name -p --prefix ", .subcommand = "run"},
    {.name = "my_init", .after_dashes = true},
    {.name = "newrelic-admin", .subcommand = "run-program"},
    {.name = "nice", .valued = " -n --adjustment "},
    {.name = "nohup"},
    {.name = "nsenter", .valued = " -t -S -G --target --setuid --setgid "},
    {.name = "numactl", .valued = " -m -N -C -i -p "},
    {.name = "op", .valued = " --env-file ", .subcommand = "run", .after_dashes = true},
    {.name = "opentelemetry-instrument",
     .valued = " --service_name --traces_exporter --metrics_exporter --logs_exporter "
               "--exporter_otlp_endpoint "},
    {.name = "parallel",
     .valued =
         " -j --jobs -n -N -a --arg-file -I --timeout --joblog --tmpdir --delay --colsep -S "},
    {.name = "pdm", .subcommand = "run"},
    {.name = "perf", .valued = " -o -e -p -F -C ", .subcommand = "record"},
    {.name = "pipenv", .subcommand = "run"},
    {.name = "poetry", .subcommand = "run"},
    {.name = "prlimit", .valued = " -p -o "},
    {.name = "proot", .valued = " -r -b -q -w -k -R -S "},
    {.name = "proxychains", .valued = " -f "},
    {.name = "proxychains4", .valued = " -f "},
    {.name = "pyenv", .subcommand = "exec"},
    {.name = "rbenv", .subcommand = "exec"},
    {.name = "run-one"},
    {.name = "runuser",
     .valued = " -u -g -G -s -w --user --group --shell ",
     .skip = 1,
     .script_option = "-c",
     .rest_option = " -u --user ",
     .script_only = true},
    {.name = "s6-applyuidgid", .valued = " -u -g -G "},
    {.name = "s6-env", .assignments = true},
    {.name = "s6-envdir", .skip = 1},
    {.name = "s6-envuidgid", .skip = 1},
    {.name = "s6-setuidgid", .skip = 1},
    {.name = "scl", .subcommand = "enable", .after_dashes = true},
    {.name = "script",
     .valued = " -I -O -B -T -E -m -o ",
     .script_option = "-c",
     .script_only = true},
    {.name = "setarch", .skip = 1},
    {.name = "setpriv",
     .valued = " --ambient-caps --apparmor-profile --bounding-set --egid --euid --groups "
               "--inh-caps --pdeathsig --regid --reuid --rgid --ruid --securebits "
               "--selinux-label "},
    {.name = "setsid"},
    {.name = "setuidgid", .skip = 1},
    {.name = "softlimit", .valued = " -a -c -d -f -l -m -o -p -r -s -t "},
    {.name = "ssh-agent", .valued = " -a -E -P -t "},
    {.name = "start-stop-daemon",
     .valued = " -p -u -g -n -s -c -r -d -N -P -I -k -R -O --pidfile --user --group --name "
               "--signal --chuid --chroot --chdir --nicelevel --procsched --iosched --umask "
               "--retry --output --ppid --pid ",
     .program_option = " -x --exec -a --startas ",
     .after_dashes = true},
    {.name = "stdbuf", .valued = " -i -o -e --input --output --error "},
    {.name = "strace", .valued = " -o -e -p -s -u -E -P -a -I -O -S -X -b "},
    {.name = "su",
     .valued = " -s -g -G -w --shell --group ",
     .script_option = "-c",
     .script_only = true},
    {.name = "su-exec", .skip = 1},
    {.name = "sudo",
     .valued = " -u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --close-from "
               "--role --type --command-timeout --other-user --chdir --chroot ",
     .assignments = true},
    {.name = "systemd-cat", .valued = " -t -p --identifier --priority "},
    {.name = "taskset", .skip = 1},
    {.name = "tcpserver", .valued = " -c -u -g -l -b -x -t ", .skip = 2},
    {.name = "time", .valued = " -f -o --format --output "},
    {.name = "timeout", .valued = " -k -s --kill-after --signal ", .skip = 1},
    {.name = "tini", .valued = " -p -e "},
    {.name = "tini-static", .valued = " -p -e "},
    {.name = "torsocks", .valued = " -u -p -a -P "},
    {.name = "toybox"},
    {.name = "ttyd", .valued = " -p -i -c -u -g -s -w -t -m -b -P "},
    {.name = "unbuffer"},
    {.name = "unshare", .valued = " -S -G -R -w --setuid --setgid --root --wd --map-user "},
    {.name = "uv", .subcommand = "run"},
    {.name = "valgrind"},
    {.name = "vault-env"},
    {.name = "wait-for", .after_dashes = true},
    {.name = "wait-for-it", .after_dashes = true},
    {.name = "wait-for-it.sh", .after_dashes = true},
    {.name = "wait-for.sh", .after_dashes = true},
    {.name = "watch", .valued = " -n --interval ", .joins = true},
    {.name = "watchexec", .after_dashes = true},
    {.name = "websocketd"},
    {.name = "with-contenv"},
    {.name = "xargs",
     .valued = " -I -n -P -L -d -a -E -s --max-args --max-procs --delimiter --arg-file "
               "--max-chars --process-slot-var "},
    {.name = "xvfb-run",
     .valued = " -e -f -n -p -s -w --error-file --auth-file --server-num --xauth-protocol "
               "--server-args --wait "},
}};

}  // namespace

bool is_builtin(ShellDialect dialect, std::string_view name) {
    return contains(in_all, name) || (dialect == ShellDialect::bash && contains(in_bash, name)) ||
           (dialect == ShellDialect::busybox && contains(in_busybox, name));
}

bool is_set_at_run_time(std::string_view variable) {
    static constexpr std::array<std::string_view, 38> names = {
        "BASH",         "BASHPID",   "BASH_REMATCH", "BASH_VERSINFO", "BASH_VERSION", "COLUMNS",
        "COMP_CWORD",   "COMP_LINE", "COMP_POINT",   "COMP_WORDS",    "COPROC",       "DIRSTACK",
        "EPOCHSECONDS", "EUID",      "FUNCNAME",     "GROUPS",        "HOME",         "HOSTNAME",
        "HOSTTYPE",     "IFS",       "LINENO",       "LINES",         "MACHTYPE",     "MAPFILE",
        "OLDPWD",       "OPTARG",    "OPTIND",       "OSTYPE",        "PIPESTATUS",   "PPID",
        "RANDOM",       "REPLY",     "SECONDS",      "SHELL",         "SHLVL",        "TERM",
        "UID",          "USER"};
    return contains(names, variable);
}

const Wrapper* find_wrapper(std::string_view name) {
    const auto at = std::lower_bound(
        wrappers.begin(), wrappers.end(), name,
        [](const Wrapper& wrapper, std::string_view wanted) { return wrapper.name < wanted; });
    return at != wrappers.end() && at->name == name ? &*at : nullptr;
}

bool has_option(std::string_view options, std::string_view option) {
    std::string blanked;
    blanked.reserve(option.size() + 2);
    blanked.append(" ").append(option).append(" ");
    return options.find(blanked) != options.npos;
}

}  // namespace shell
}  // namespace slimimg::closure
