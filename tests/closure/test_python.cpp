#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/loadable.hpp"

// The layout of a build into /usr/local, as in Docker's official images.

using namespace slimimg;
using namespace test;

namespace {

/// An interpreter with its library, and `more`, in one layer.
rootfs::Rootfs python_tree(std::initializer_list<Member> more) {
    const std::string library = "usr/local/lib/python3.11/";
    const std::string base =
        tar({folder("etc"),
             file("etc/os-release", "ID=debian\n"),
             folder("usr"),
             folder("usr/local"),
             folder("usr/local/bin"),
             file("usr/local/bin/python3.11", loadable({.type = 2}), 0755),
             test::symlink("usr/local/bin/python3", "python3.11"),
             test::symlink("usr/local/bin/python", "python3"),
             folder("usr/local/lib"),
             folder(library),
             file(library + "os.py", "#! /usr/bin/missing\n", 0755),
             folder(library + "test"),
             file(library + "test/support.py", "x"),
             folder(library + "unittest"),
             folder(library + "unittest/test"),
             file(library + "unittest/test/a.py", "x"),
             folder(library + "tkinter"),
             file(library + "tkinter/__init__.py", "import ensurepip\n"),
             folder(library + "lib-dynload"),
             file(library + "lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so", "x"),
             file(library + "lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so", "x"),
             folder(library + "ensurepip"),
             file(library + "ensurepip/__init__.py", "x"),
             folder(library + "distutils"),
             file(library + "distutils/util.py", "x"),
             folder(library + "config-3.11-x86_64-linux-gnu"),
             file(library + "config-3.11-x86_64-linux-gnu/Makefile", "CC=/bin/cc\n"),
             folder(library + "site-packages"),
             folder(library + "site-packages/pip"),
             file(library + "site-packages/pip/__init__.py", "import setuptools\n"),
             folder(library + "site-packages/setuptools"),
             file(library + "site-packages/setuptools/__init__.py", "import tkinter, wheel\n"),
             folder(library + "site-packages/p"),
             folder(library + "site-packages/p/core"),
             folder(library + "site-packages/p/core/tests"),
             file(library + "site-packages/p/core/tests/test_a.py", "import tkinter\n"),
             file(library + "site-packages/p/core/a.py", "# from p.core.tests import x\n"),
             folder("app")});
    return tree_of({base, tar(more)});
}

ClosureOf python_app(const std::string& code) {
    return {python_tree({file("app/main.py", code)}),
            runs({"/usr/local/bin/python", "/app/main.py"})};
}

const std::string library = "/usr/local/lib/python3.11/";

}  // namespace

TEST_CASE("of a Python library the tests, Tk and the installers go where nothing mentions them") {
    const ClosureOf image = python_app("import os  # not setuptools\n# import tkinter\n");
    CHECK(image.keeps(library + "os.py"));
    CHECK(image.keeps(library + "site-packages/p/core/a.py"));
    CHECK(image.keeps(library + "lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so"));
    for (const char* const part :
         {"test/support.py", "unittest/test/a.py", "tkinter/__init__.py",
          "lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so", "ensurepip/__init__.py",
          "distutils/util.py", "config-3.11-x86_64-linux-gnu/Makefile",
          "site-packages/pip/__init__.py", "site-packages/p/core/tests/test_a.py"}) {
        CHECK_FALSE_MESSAGE(image.keeps(library + part), part);
    }
}

TEST_CASE("a part of a Python library stays where the application mentions it") {
    CHECK(
        python_app("from distutils.util import strtobool\n").keeps(library + "distutils/util.py"));
    CHECK(python_app("import tkinter\n")
              .keeps(library + "lib-dynload/_tkinter.cpython-311-x86_64-linux-gnu.so"));
    CHECK(python_app("from test import support\n").keeps(library + "test/support.py"));
    CHECK_FALSE(python_app("text = 'from test'\n").keeps(library + "test/support.py"));
    CHECK(python_app("run([exe, '-m', 'pip'])\n").keeps(library + "site-packages/pip/__init__.py"));
    CHECK_FALSE(
        python_app("say('pip install p')\n").keeps(library + "site-packages/pip/__init__.py"));
    CHECK(python_app("from p.core.tests import test_a\n")
              .keeps(library + "site-packages/p/core/tests/test_a.py"));
    CHECK(python_app("from p.core import tests\n")
              .keeps(library + "site-packages/p/core/tests/test_a.py"));
    CHECK_FALSE(python_app("from q.core import tests\n")
                    .keeps(library + "site-packages/p/core/tests/test_a.py"));
}

TEST_CASE("what one kept installer of Python needs of another stays, its taste for Tk does not") {
    const ClosureOf image = python_app("import pip\n");
    CHECK(image.keeps(library + "site-packages/setuptools/__init__.py"));
    CHECK_FALSE(image.keeps(library + "tkinter/__init__.py"));
}

TEST_CASE("packed Python code may mention every part") {
    const ClosureOf image(python_tree({file("app/main.pyz", "PK")}),
                          runs({"/usr/local/bin/python", "/app/main.pyz"}));
    CHECK(image.keeps(library + "tkinter/__init__.py"));
    CHECK(image.keeps(library + "site-packages/p/core/tests/test_a.py"));
}

TEST_CASE("a module that the command line names is mentioned") {
    const ClosureOf image(python_tree({}), runs({"/usr/local/bin/python", "-m", "ensurepip"}));
    CHECK(image.keeps(library + "ensurepip/__init__.py"));
}

TEST_CASE("the names of the Python interpreter stay, a module's first line needs no other") {
    const ClosureOf image(python_tree({}), runs({"/usr/local/bin/python3.11"}));
    CHECK(image.keeps("/usr/local/bin/python"));
    CHECK(image.keeps("/usr/local/bin/python3"));
    CHECK_FALSE(image.misses("/usr/bin/missing", "interpreter"));
}

TEST_CASE("folders of editable installs stay, named from where the path file is") {
    const ClosureOf image(
        python_tree({file("usr/local/lib/python3.11/site-packages/e.pth",
                          "# text\nimport sys\n../../../src\r\n/data/missing\n"),
                     folder("usr/local/src"), folder("usr/local/lib/src"),
                     file("usr/local/lib/src/e.py", "x"), file("usr/local/src/f.py", "x")}),
        runs({"/usr/local/bin/python"}));
    CHECK_FALSE(image.keeps("/usr/local/src/f.py"));
    const ClosureOf near(
        python_tree({file("usr/local/lib/python3.11/site-packages/e.egg-link", "../../src\n.\n"),
                     folder("usr/local/lib/src"), file("usr/local/lib/src/e.py", "x")}),
        runs({"/usr/local/bin/python"}));
    CHECK(near.keeps("/usr/local/lib/src/e.py"));
}

TEST_CASE("an environment's copied interpreter keeps the library that its home names") {
    const ClosureOf image(
        python_tree({folder("opt"), folder("opt/python"), folder("opt/python/bin"),
                     folder("opt/python/lib"), folder("opt/python/lib/python3.11"),
                     file("opt/python/lib/python3.11/os.py", "x"), folder("app/venv"),
                     file("app/venv/pyvenv.cfg", "home = /opt/python/bin\nversion = 3.11.2\n"),
                     folder("app/venv/bin"),
                     file("app/venv/bin/python3.11", loadable({.type = 2}), 0755),
                     folder("app/venv/lib"), folder("app/venv/lib/python3.11"),
                     folder("app/venv/lib/python3.11/site-packages"),
                     file("app/venv/lib/python3.11/site-packages/m.py", "x")}),
        runs({"/app/venv/bin/python3.11"}));
    CHECK(image.keeps("/opt/python/lib/python3.11/os.py"));
    CHECK(image.keeps("/app/venv/lib/python3.11/site-packages/m.py"));
}
