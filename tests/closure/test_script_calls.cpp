#include <string>

#include <doctest/doctest.h>

#include "closure/rules/script_calls.hpp"

using Language = slimimg::closure::ScriptLanguage;

namespace {

/// The commands, "?" for computed ones, " |sh" behind those that a shell runs, "~" before those
/// that come from a variable.
std::string calls(const std::string& text, Language language) {
    std::string all;
    for (const auto& call : slimimg::closure::script_calls(
             slimimg::closure::script_tokens(text, language), language)) {
        all += (all.empty() ? "" : "; ") + std::string(call.direct ? "" : "~") +
               (call.command.empty() ? "?" : call.command) + (call.by_shell ? " |sh" : "");
    }
    return all;
}

std::string python(const std::string& text) {
    return calls(text, Language::python);
}
std::string javascript(const std::string& text) {
    return calls(text, Language::javascript);
}
std::string php(const std::string& text) {
    return calls("<?php " + text, Language::php);
}
std::string ruby(const std::string& text) {
    return calls(text, Language::ruby);
}
std::string perl(const std::string& text) {
    return calls(text, Language::perl);
}

}  // namespace

TEST_CASE("Python: lists, texts for a shell, other names of the modules") {
    CHECK(python("subprocess.run(['a', '-b', c])") == "'a' '-b' ''\"$computed\"''");
    CHECK(python("subprocess.check_output(f'a {b} | c', shell=True)") == "a $computed | c |sh");
    CHECK(python("import subprocess as s\ns.Popen(('a', 'b'), stdout=s.PIPE)") == "'a' 'b'");
    CHECK(python("from subprocess import (run,\n  call as c)\nrun(args=['a']); c(['b'])") ==
          "'a'; 'b'");
    CHECK(python("os.system('a ' + b); os.popen('c')") == "a $computed |sh; c |sh");
    CHECK(python("os.execvp('a', ['a', 'b'])") == "'a' 'a' 'b'");
    CHECK(python("shutil.which('a')\nshutil.which(b)") == "'a'");
    CHECK(python("subprocess.run(shlex.split('a b'))") == "'a' 'b'");
    CHECK(python("subprocess.run([sys.executable, 'a.py'])") == "~':' 'a.py'");
    CHECK(python("subprocess.run(a.b())") == "?");
}

TEST_CASE("JavaScript that a compiler or bundler wrote") {
    // TypeScript, Babel and esbuild call without the module as this.
    const std::string import = "const child_process_1 = require(\"child_process\");\n";
    CHECK(javascript(import + "(0, child_process_1.execSync)('a b');") == "a b |sh");
    CHECK(javascript(import + "x = (0, child_process_1.spawn)('a', ['-b'])") == "'a' '-b'");
    CHECK(javascript("var import_cp = __toESM(require(\"node:child_process\"));\n"
                     "(0, import_cp.exec)(\"a b\")") == "a b |sh");
    CHECK(javascript(import + "(0, util_1.promisify)(child_process_1.exec)") == "");
    CHECK(javascript(import + "const run = (0, util_1.promisify)(child_process_1.exec);\n"
                              "await run('a b')") == "a b |sh");
    CHECK(javascript("const c = __importDefault(require('child_process'));\n"
                     "c.default.execSync('a b')") == "a b |sh");
    // webpack, minified.
    CHECK(javascript("let v=require(\"child_process\"),w=(0,c(8354).promisify)(v.execFile),x=1;"
                     "await w(\"a\",[\"-b\"])") == "'a' '-b'");
    CHECK(javascript("({531:e=>{\"use strict\";e.exports=require(\"child_process\")},"
                     "7:(e,t,n)=>{var o=n(12),r=n(531);r.exec(\"a b\")}})") == "a b |sh");
    CHECK(javascript("({531:function(e){e.exports=require(\"node:child_process\")},"
                     "7:(e,t,n)=>{n(531).exec(\"a b\")}})") == "a b |sh");
    CHECK(javascript("const cp = await import('node:child_process'); cp.exec('a b')") == "a b |sh");
}

TEST_CASE("JavaScript: functions under names of their own") {
    CHECK(javascript("const exec = require('child_process').exec;\nexec('a b')") == "a b |sh");
    CHECK(javascript("var cp = require('child_process'), go = cp.spawn;\ngo('a', ['-b'])") ==
          "'a' '-b'");
    CHECK(javascript("const run = require('util').promisify(require('child_process').exec);\n"
                     "run('a b')") == "a b |sh");
    CHECK(javascript("import {exec} from 'child_process';\nclass A { constructor() {\n"
                     "this.go = promisify(exec); }\n f() { this.go('a b') } }") == "a b |sh");
    CHECK(javascript("const spawn = require('cross-spawn');\nspawn('a'); spawn.sync('b', ['c'])") ==
          "'a'; 'b' 'c'");
    CHECK(javascript("import {$} from 'zx';\nawait $`a ${b} | c`; $('d e')") ==
          "a $computed | c |sh");
    CHECK(javascript("import {x} from 'tinyexec';\nawait x('a', ['b'])") == "'a' 'b'");
    CHECK(javascript("const out = require('child_process').execSync('a');\nout('b')") == "a |sh");
    CHECK(javascript("const g = re.exec; g('a b'); this.exec('a b')") == "");
}

TEST_CASE("Python: what a variable holds") {
    CHECK(python("A = 'a'\ndef f():\n  cmd = [A, '-b']\n  subprocess.run(cmd)") == "~'a' '-b'");
    CHECK(python("cmd = []\ncmd += (A, x)\nsubprocess.Popen(cmd)\nA = 'a'").starts_with("~'a'"));
    CHECK(python("A = 'a'\nos.system(f'{A} -b {c}')") == "a -b $computed |sh");
    CHECK(php("$t = 'a'; exec(\"b | $t\"); exec(\"c {$t->d}\");") == "b | a |sh; c $computed |sh");
    CHECK(python("cmd: str = os.environ.get('X', 'a')\nsubprocess.run([cmd])") == "~'a'");
    CHECK(python("a = a\nsubprocess.run(a)") == "~?");
    CHECK(python("a = {'b': 'c', 'd': 'e f'}\nsubprocess.run([a[b]])") == "'c'; 'e' 'f'");
    CHECK(python("a = 'b' if c else 'd'\nsubprocess.run([a])") == "~'d'");
    CHECK(python("if cmd == ['a']: pass\nsubprocess.run(cmd)") == "~?");
}

TEST_CASE("Python: what only looks like a call") {
    CHECK(python("# os.system('a')\n'''subprocess.run(['b'])'''\nx = \"os.system('c')\"").empty());
    CHECK(python("app.run(['a'])\nasyncio.run(f('b'))\nrun(['c'])\ndef system(x): pass").empty());
}

TEST_CASE("Node.js: child_process by all its names") {
    CHECK(javascript("const cp = require('child_process'); cp.exec(`a ${b}`)") ==
          "a $computed |sh");
    CHECK(javascript("const {exec, spawn: s} = require(\"node:child_process\")\n"
                     "s('a', ['-b', c]); exec('d')") == "'a' '-b' ''\"$computed\"''; d |sh");
    CHECK(javascript("import {execFile as e} from 'child_process'\ne('a', {shell: true})") ==
          "a |sh");
    CHECK(javascript("require('child_process').execSync('a')") == "a |sh");
    CHECK(javascript("const {exec} = require('child_process')\n"
                     "const run = util.promisify(exec);\nawait run('a b')") == "a b |sh");
    CHECK(javascript("import {execa} from 'execa'; const a = process.env.A || 'a'\nexeca(a)") ==
          "~'a'");
    CHECK(javascript("import cp from 'child_process'; cp.fork('./a'); cp.spawn(x())") == "?");
    CHECK(javascript("const cp = require('child_process'); /x/.exec('a'); db.exec('b')\n"
                     "exec('c') // cp.exec('d')")
              .empty());
}

TEST_CASE("PHP, Ruby, Perl and Lua") {
    CHECK(php("exec('a ' . $b); `c`; proc_open(['d', '-e'], $f, $g);") ==
          "a $computed |sh; c |sh; 'd' '-e'");
    CHECK(php("$c = \"a $b\"; shell_exec($c); new Process(['p']);") == "~a $computed |sh; 'p'");
    CHECK(php("$db->exec('a'); curl_exec($b); function system($c) {} Foo::exec('d');").empty());
    CHECK(ruby("system 'a b'\nsystem('c', '-d')\n`e | f`\nIO.popen(['g', 'h'])") ==
          "a b; 'c' '-d'; e | f |sh; 'g' 'h'");
    CHECK(ruby("o, s = Open3.capture2e(\"a #{b}\")\n%x(c)").starts_with("a $computed"));
    CHECK(ruby("@db.exec('a')\ndef system(x)\nend\nsystem = 1").empty());
    CHECK(
        perl(
            "system('a', '-b'); my $x = qx{c $d}; open(my $f, '-|', 'e', 'f'); open F, \"g |\";") ==
        "'a' '-b'; c $computed; 'e' 'f'; g ");
    CHECK(perl("my @c = ('a', 'b'); system(@c); open(my $f, '<', 'x'); $o->system('y');") ==
          "~'a' 'b'");
    CHECK(perl("&systemcall('/usr/sbin/userdel', $user);").starts_with("'/usr/sbin/userdel' "));
    CHECK(perl("my $g = &which('groupadd'); my $u = which(\"useradd\"); can_run('c'); exec($g);") ==
          "'groupadd'; 'useradd'; 'c'; ~groupadd");
    CHECK(calls("os.execute('a') io.popen(\"b\") os.remove('c')", Language::lua) == "a |sh; b |sh");
}

TEST_CASE("without such words a script is not read") {
    using slimimg::closure::may_start_programs;
    CHECK_FALSE(may_start_programs("print('x')", Language::python));
    CHECK_FALSE(may_start_programs("regex.exec('x')", Language::javascript));
    CHECK(may_start_programs("IO.popen", Language::ruby));
    CHECK(may_start_programs("$x = `ls`", Language::php));
}

TEST_CASE("Python: commands of lists, loops, attributes and paths") {
    CHECK(python("args = ['a']\nargs += ['b']\nsubprocess.run(args)") == "~'a'");
    CHECK(python("args = []\nargs.append('a')\nargs.extend(['b'])\nsubprocess.run(args)") ==
          "~'a'");
    CHECK(python("args = ['a']\nsubprocess.run(args + ['b'])") == "~'a'");
    CHECK(python("class C:\n  tool = 'a'\n  def f(self): subprocess.run([self.tool, 'x'])") ==
          "~'a' 'x'");
    CHECK(python("for t in ('a', 'b'): subprocess.run([t])") == "'a'; 'b'");
    CHECK(python("T = ['a', 'b c']\nfor t in T: os.system(t)") == "a |sh; b c |sh");
    CHECK(python("[subprocess.run([t]) for t in ['a', 'b']]") == "'a'; 'b'");
    CHECK(python("subprocess.run(['a'] if x else ['b'])") == "'b'; 'a'");
    CHECK(python("subprocess.run('a b'.split())") == "'a' 'b'");
    CHECK(python("subprocess.run(' '.join(['a', x]), shell=True)").starts_with("a"));
    CHECK(python("subprocess.run([os.path.join(folder, 'a'), 'x'])") == "'a' 'x'");
    CHECK(python("subprocess.run([str(pathlib.Path('/usr') / 'a')])") == "'a'");
}

TEST_CASE("Python: functions under other names, and packages around them") {
    CHECK(python("from subprocess import *\nrun(['a'])") == "'a'");
    CHECK(python("start = subprocess.Popen\nstart(['a'])") == "'a'");
    CHECK(python("run = functools.partial(subprocess.run, check=True)\nrun(['a'])") == "'a'");
    CHECK(python("import pty; pty.spawn(['a'])") == "'a'");
    CHECK(python("from sh import apt_get, b\napt_get('x')") == "'apt-get'; 'b'");
    CHECK(python("import sh\nsh.a('x')") == "'a'");
    CHECK(python("from plumbum.cmd import a\nfrom plumbum import local\nlocal['b']()") ==
          "'a'; 'b'");
}

TEST_CASE("functions of the application's own that start what they are given") {
    CHECK(python("def run(cmd, *more): return subprocess.run([cmd, *more])\nrun('a', 'b')") ==
          "~?; a");
    CHECK(python("def sh(c): return subprocess.check_output(c, shell=True)\nsh(f'a {x} b')") ==
          "~? |sh; a $computed b |sh");
    CHECK(python("class R:\n  def go(self, x, cmd):\n    os.system(f'{cmd} -x')\n"
                 "R().go(1, 'a b')") == "? |sh; a b |sh");
    CHECK(python("class R:\n  def __init__(self, cmd): Popen(cmd)\nfrom subprocess import Popen\n"
                 "R(['a'])") == "~?; 'a'");
    CHECK(python("def one(c): os.system(c)\ndef two(d): one(d)\ntwo('a b')") == "~? |sh; a b |sh");
    CHECK(javascript("const {spawn} = require('child_process')\nconst go = (cmd, args) => "
                     "spawn(cmd, args)\ngo('a', ['b'])") == "~?; a");
    CHECK(javascript("const cp = require('child_process')\nclass R { run(cmd) { cp.exec(cmd) } }\n"
                     "new R().run('a b')") == "~? |sh; a b |sh");
    CHECK(php("class R { function go(string $cmd) { exec($cmd); } } (new R)->go('a b');") ==
          "~? |sh; a b |sh");
    CHECK(ruby("def go(cmd)\n  system(cmd)\nend\ngo('a b')\ngo('a | b')") == "~?; a b; a | b |sh");
    // What is handed on is not what is started.
    CHECK(python("def f(a, b): subprocess.run(['x', a])\nf('y', 'z')") == "'x' ''\"$computed\"''");
}

TEST_CASE("JavaScript: commands of lists and options, Bun and Deno") {
    const std::string cp = "const {spawn} = require('child_process');";
    CHECK(javascript(cp + "const T = ['a', 'b']; T.forEach(t => spawn(t))") == "'a'; 'b'");
    CHECK(javascript(cp + "['a', 'b'].map((t) => spawn(t, ['x']))") == "'a'; 'b'");
    CHECK(javascript(cp + "for (const t of ['a', 'b']) spawn(t)") == "'a'; 'b'");
    CHECK(javascript(cp + "const o = {cmd: 'a', args: []}; spawn(o.cmd)") == "~'a'");
    CHECK(javascript(cp + "module.exports = {run: function(c) { spawn(c) }}; x.run('a')") ==
          "~?; a");
    CHECK(javascript("Bun.spawn(['a', 'b']); new Deno.Command('c')") == "'a' 'b'; 'c'");
    CHECK(javascript("const execa = require('execa'); execa.command('a b'); execa.sync('c')") ==
          "a b |sh; 'c'");
}

TEST_CASE("variables that are made of each other end") {
    std::string script = "import subprocess\n";
    for (int i = 0; i < 2000; ++i) {
        script += "x = y\ny = x\n";
    }
    CHECK(python(script + "subprocess.run(x)\n") == "~?");
}
