#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/installed.hpp"
#include "support/loadable.hpp"
#include "support/program.hpp"

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

/// Packages "p0" to "p3" that each have one file of a folder.
std::vector<Installed> owners_of(const std::string& folder) {
    std::vector<Installed> packages;
    for (int i = 0; i < 4; ++i) {
        const std::string number = std::to_string(i);
        packages.push_back({"p" + number, "", folder + "/f" + number + "\n"});
    }
    return packages;
}

}  // namespace

TEST_CASE("a folder that many packages share is meant by the image's own words only") {
    const auto image = [](std::vector<std::string> argv, const std::string& script,
                          bool packed = false) {
        std::vector<Member> members{
            folder("usr"), folder("usr/share"),       folder("usr/share/repo"),
            folder("bin"), file("bin/sh", "x", 0755), file("bin/build", script, 0755)};
        for (int i = 0; i < 4; ++i) {
            members.push_back(file("usr/share/repo/f" + std::to_string(i), "x"));
        }
        std::vector<Installed> packages = owners_of("/usr/share/repo");
        if (packed) {
            packages.push_back({"build", "", "/bin/build\n"});
        }
        return ClosureOf(tree_of(installed(tar(members), packages)), runs(std::move(argv)));
    };
    const std::string plain = program_with({}, "x");
    CHECK(image({"/bin/build", "-Drepo=/usr/share/repo"}, plain).keeps("/usr/share/repo/f0"));
    CHECK(image({"/bin/sh", "-c", "build /usr/share/repo"}, plain).keeps("/usr/share/repo/f0"));
    const std::string script = "#!/bin/sh\nmake /usr/share/repo\n";
    CHECK(image({"/bin/build"}, script).keeps("/usr/share/repo/f0"));
    CHECK_FALSE(image({"/bin/build"}, script, true).keeps("/usr/share/repo/f0"));
    CHECK_FALSE(image({"/bin/build", "/usr/share"}, plain).keeps("/usr/share/repo/f0"));
    CHECK_FALSE(image({"/bin/build"}, program_with({}, "\0/usr/share/repo\0"s))
                    .keeps("/usr/share/repo/f0"));
}

TEST_CASE("a font that code has the file name of stays") {
    const std::string fonts = "usr/share/fonts/truetype/dejavu/";
    const auto image = [&](const std::string& path, const std::string& content) {
        return ClosureOf(
            tree({file(fonts + "DejaVuSans.ttf", "x"), file(fonts + "DejaVuSans-Bold.ttf", "x"),
                  file("usr/local/share/fonts/Open Sans.otf", "x"), file("srv/DejaVuSans.ttf", "x"),
                  file("bin/app", program_with({}, "x"), 0755), file(path, content, 0755)}),
            runs({"/bin/app", "/" + path}));
    };
    const ClosureOf script = image("app/a.py", "font = truetype('DejaVuSans.ttf', 14)\n");
    CHECK(script.rules("/" + fonts + "DejaVuSans.ttf") == "font-name");
    CHECK_FALSE(script.keeps("/" + fonts + "DejaVuSans-Bold.ttf"));
    CHECK(script.rules("/srv/DejaVuSans.ttf") == "application-file");
    CHECK(
        image("app/a.js", "x(\"Open Sans.otf\")\n").keeps("/usr/local/share/fonts/Open Sans.otf"));
    CHECK(image("app/a.sh", "convert -font DejaVuSans.ttf a b\n")
              .keeps("/" + fonts + "DejaVuSans.ttf"));
    CHECK(image("app/a", program_with({}, "\0DejaVuSans-Bold.ttf\0"s))
              .keeps("/" + fonts + "DejaVuSans-Bold.ttf"));
    CHECK_FALSE(image("app/a.py", "'NotDejaVuSans.ttf' + 'DejaVuSans.ttfx'\n")
                    .keeps("/" + fonts + "DejaVuSans.ttf"));
}

TEST_CASE("TeX keeps the trees of its settings without their documentation") {
    const auto image = [](const std::string& settings, const std::string& data) {
        return ClosureOf(tree({file("usr/share/texlive/texmf-dist/web2c/texmf.cnf", settings),
                               file("usr/share/texlive/texmf-dist/tex/a.sty", "x"),
                               file("usr/share/texlive/texmf-dist/doc/a.pdf", "x"),
                               file("usr/share/texlive/texmf-var/pdftex.fmt", "x"),
                               file("usr/share/texlive/b/b.tfm", "x"),
                               file("usr/bin/mktexpk", program_with({}, "x"), 0755),
                               file("bin/tex", program_with({}, data), 0755)}),
                         runs({"/bin/tex"}));
    };
    const std::string settings =
        "% where\nTEXMFROOT = $SELFAUTOPARENT\nTEXMFDIST = $TEXMFROOT/texmf-dist\n"
        "TEXMFSYSVAR=$TEXMFROOT/texmf-var\nTEXMF = {$TEXMFDIST,$TEXMFROOT/b}\n";
    const ClosureOf named = image(settings, "\0texmf.cnf\0"s);
    CHECK(named.rules("/usr/share/texlive/texmf-dist/tex/a.sty") == "tex");
    CHECK(named.keeps("/usr/share/texlive/texmf-var/pdftex.fmt"));
    CHECK(named.keeps("/usr/bin/mktexpk"));
    CHECK_FALSE(named.keeps("/usr/share/texlive/texmf-dist/doc/a.pdf"));
    CHECK_FALSE(named.keeps("/usr/share/texlive/b/b.tfm"));
    CHECK_FALSE(image(settings, "x").keeps("/usr/share/texlive/texmf-var/pdftex.fmt"));
    CHECK(image("TEXMFDIST = /usr/share/texlive/texmf-var\n", "\0texmf.cnf\0"s)
              .rules("/usr/share/texlive/texmf-var/pdftex.fmt") == "named-path tex");
    CHECK_FALSE(image("TEXMFA = $TEXMFB\nTEXMFB = $TEXMFA$TEXMFA\n", "\0texmf.cnf\0"s)
                    .keeps("/usr/share/texlive/texmf-var/pdftex.fmt"));
}

TEST_CASE("a folder of helpers stays where a library of their own names it") {
    const auto image = [](const std::string& helpers, const std::vector<Installed>& others) {
        std::vector<Installed> packages = others;
        packages.push_back({"serve", "", "/usr/bin/serve\n/usr/lib/libserve.so.1\n" + helpers});
        return ClosureOf(
            tree_of(installed(
                tar({folder("usr"), folder("usr/bin"), folder("usr/lib"),
                     file("usr/lib/libserve.so.1",
                          loadable({.soname = "libserve.so.1", .data = "\0/usr/lib/rpc\0"s})),
                     folder("usr/lib/rpc"), file("usr/lib/rpc/helper", program_with({}, "x"), 0755),
                     file("usr/bin/serve", loadable_program({.needed = {"libserve.so.1"}}), 0755)}),
                packages)),
            runs({"/usr/bin/serve"}));
    };
    CHECK(image("/usr/lib/rpc/helper\n", {}).keeps("/usr/lib/rpc/helper"));
    CHECK_FALSE(image("", {{"other", "", "/usr/lib/rpc/helper\n"}}).keeps("/usr/lib/rpc/helper"));
}

TEST_CASE("configure's variables in a program are the folders of a distribution") {
    const ClosureOf image(
        tree({file("usr/lib/log/3/liba.so", "x"), file("usr/share/log/b.conf", "x"),
              file("bin/log", program_with({}, "\0${exec_prefix}/lib/log/3\0${datadir}/log\0"s),
                   0755)}),
        runs({"/bin/log"}));
    CHECK(image.rules("/usr/lib/log/3/liba.so") == "named-path");
    CHECK(image.keeps("/usr/share/log/b.conf"));
}

TEST_CASE("a program whose folder a command line fills in is started") {
    const auto image = [](const std::string& data) {
        return ClosureOf(tree({file("bin/keys", program_with({}, "x"), 0755),
                               file("bin/screen", program_with({"execl"}, data), 0755)}),
                         runs({"/bin/screen"}));
    };
    CHECK(image("\0\"%s%skeys\" -w %d\0"s).rules("/bin/keys") == "child-program");
    CHECK(image("\0%s/keys -w\0"s).keeps("/bin/keys"));
    CHECK_FALSE(image("\0%skeys are gone\0"s).keeps("/bin/keys"));
    CHECK_FALSE(image("\0all %skeys -w\0"s).keeps("/bin/keys"));
}

TEST_CASE("locales that a build step generated stay") {
    const auto image = [](const std::string& owner) {
        return ClosureOf(tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"),
                                       file("var/lib/dpkg/status",
                                            "Package: locales\nStatus: install ok "
                                            "installed\nVersion: 1\n\n"),
                                       file("var/lib/dpkg/info/locales.list", owner)}),
                                  tar({folder("usr"), folder("usr/lib"), folder("usr/lib/locale"),
                                       file("usr/lib/locale/locale-archive", "x"),
                                       file("app", program_with({}, "x"), 0755)})}),
                         runs({"/app"}));
    };
    CHECK(image("").rules("/usr/lib/locale/locale-archive") == "locale");
    CHECK_FALSE(image("/usr/lib/locale/locale-archive\n").keeps("/usr/lib/locale/locale-archive"));
}

TEST_CASE("packages that were installed by name and go are told") {
    const auto told = [](const std::string& argument) {
        const ClosureOf image(
            tree_of(installed(tar({folder("usr"), folder("usr/bin"), folder("usr/share"),
                                   file("usr/bin/app", program_with({}, "x"), 0755),
                                   file("usr/share/data", "x")}),
                              {{"app", "", "/usr/bin/app\n"}, {"data", "", "/usr/share/data\n"}})),
            runs({"/usr/bin/app", argument}));
        std::string text;
        for (const Diagnostic& diagnostic : image.closure.diagnostics) {
            text += diagnostic.code == "package-unused" ? diagnostic.message : "";
        }
        return text;
    };
    CHECK(told("").starts_with("nothing stays of what was installed by name as data;"));
    CHECK(told("/usr/share/data").empty());
}

TEST_CASE("what a library opens by paths that it puts together stays") {
    const ClosureOf image(
        tree({folder("usr"), folder("usr/lib"),
              file("usr/lib/libodbcinst.so.2", loadable({.soname = "libodbcinst.so.2"})),
              folder("usr/lib/odbc"),
              file("usr/lib/odbc/libdriver.so", loadable({.soname = "libdriver.so"})),
              file("etc/odbcinst.ini", "[x]\n"), file("etc/other.ini", "x"),
              file("app", loadable_program({.needed = {"libodbcinst.so.2"}}), 0755)}),
        runs({"/app"}));
    CHECK(image.rules("/etc/odbcinst.ini") == "library-data");
    CHECK(image.keeps("/usr/lib/odbc/libdriver.so"));
    CHECK_FALSE(image.keeps("/etc/other.ini"));
}

TEST_CASE("a script keeps what it imports through GObject introspection") {
    const auto image = [](const std::string& script) {
        const std::string types = "usr/lib/girepository-1.0/";
        return ClosureOf(
            tree({folder("usr"), folder("usr/lib"), folder(types),
                  file(types + "Gtk-3.0.typelib",
                       "GOBJ\0\0cairo-1.0|Gio-2.0|Pango-1.0\0libgtk-3.so.0\0"s),
                  file(types + "Gio-2.0.typelib", "GOBJ\0"s),
                  file(types + "Pango-1.0.typelib", "GOBJ\0"s),
                  file(types + "Gst-1.0.typelib", "GOBJ\0"s),
                  file(types + "cairo-1.0.typelib", "GOBJ\0"s),
                  file("usr/lib/libgtk-3.so.0", loadable({.soname = "libgtk-3.so.0"})),
                  file("app/a.py", script), file("usr/bin/python3", loadable_program({}), 0755)}),
            runs({"/usr/bin/python3", "/app/a.py"}));
    };
    const ClosureOf gtk = image("from gi.repository import Gtk\n");
    CHECK(gtk.rules("/usr/lib/girepository-1.0/Gtk-3.0.typelib") == "typelib");
    CHECK(gtk.keeps("/usr/lib/girepository-1.0/Pango-1.0.typelib"));
    CHECK(gtk.keeps("/usr/lib/girepository-1.0/cairo-1.0.typelib"));
    CHECK(gtk.rules("/usr/lib/libgtk-3.so.0") == "typelib");
    CHECK_FALSE(gtk.keeps("/usr/lib/girepository-1.0/Gst-1.0.typelib"));
    CHECK(
        image(
            "gi.require_version('Gst', '1.0')\nfrom gi.repository import (\n  Gio as IO,\n Gst)\n")
            .keeps("/usr/lib/girepository-1.0/Gst-1.0.typelib"));
    CHECK_FALSE(image("print('Gtk')\n").keeps("/usr/lib/libgtk-3.so.0"));
}

TEST_CASE("where there is no device Mesa's own drivers stay") {
    const auto keeps = [](const std::string& screen, const std::string& variable,
                          const std::string& needed = "libGL.so.1") {
        const std::string lib = "usr/lib/x86_64-linux-gnu/";
        image::Config config = runs({"/bin/draw", screen});
        config.env = {"PATH=/bin", variable};
        return ClosureOf(
                   tree({folder("usr"), folder("usr/lib"), folder(lib), folder(lib + "dri"),
                         file(lib + "libGL.so.1", loadable({.soname = "libGL.so.1"})),
                         file(lib + "dri/swrast_dri.so", loadable({})),
                         file(lib + "libwidgets.so.1",
                              loadable({.needed = {"libGL.so.1"}, .soname = "libwidgets.so.1"})),
                         file("bin/Xvfb", program_with({}, "x"), 0755),
                         file("bin/draw", loadable_program({.needed = {needed}}), 0755)}),
                   config)
            .keeps("/" + lib + "dri/swrast_dri.so");
    };
    CHECK(keeps("Xvfb", "A=b"));
    CHECK(keeps("", "LIBGL_ALWAYS_SOFTWARE=1"));
    CHECK_FALSE(keeps("", "A=b"));
    CHECK_FALSE(keeps("Xvfb", "A=b", "libwidgets.so.1"));
}
