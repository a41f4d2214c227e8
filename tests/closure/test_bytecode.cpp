#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "support/closure.hpp"
#include "support/loadable.hpp"
#include "support/zip.hpp"

using namespace slimimg;
using namespace test;
using namespace std::string_literals;

namespace {

std::string big_endian(std::size_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = bytes; i-- > 0;) {
        text += static_cast<char>(value >> (8 * i) & 0xFF);
    }
    return text;
}

/// A class whose constant pool has these names, a long, and these texts.
std::string java_class(const std::vector<std::string>& names,
                       const std::vector<std::string>& texts) {
    std::string pool;
    std::size_t index = 1;
    const auto add = [&](const std::string& constant) {
        pool += constant;
        return index++;
    };
    const auto utf8 = [&](const std::string& text) {
        return add("\1" + big_endian(text.size(), 2) + text);
    };
    for (const std::string& name : names) {
        add("\7" + big_endian(utf8(name), 2));
    }
    add("\5" + big_endian(7, 8));
    ++index;  // a long takes two places
    for (const std::string& text : texts) {
        add("\x08" + big_endian(utf8(text), 2));
    }
    return big_endian(0xCAFEBABE, 4) + big_endian(61, 4) + big_endian(index, 2) + pool + "rest";
}

const std::vector<std::string> starter{"java/lang/ProcessBuilder"};

std::string utf16(const std::string& text) {
    std::string wide;
    for (const char c : text) {
        wide += c + "\0"s;
    }
    return wide;
}

/// An assembly's metadata with a heap of user strings, and names in another.
std::string assembly(const std::vector<std::string>& names, const std::vector<std::string>& texts) {
    std::string heap(1, '\0');
    for (const std::string& text : texts) {
        const std::size_t size = 2 * text.size() + 1;
        heap += size < 0x80 ? big_endian(size, 1) : big_endian(0x8000 + size, 2);
        heap += utf16(text) + "\0"s;
    }
    std::string other(1, '\0');
    for (const std::string& name : names) {
        other += name + "\0"s;
    }
    const std::string version = "v4.0.30319\0\0"s;
    const std::size_t first = 16 + version.size() + 4 + (8 + 12) + (8 + 4);
    return "MZ some code BSJB\1\0\1\0"s + little_endian(0, 4) + little_endian(version.size(), 4) +
           version + little_endian(0, 2) + little_endian(2, 2) + little_endian(first, 4) +
           little_endian(other.size(), 4) + "#Strings\0\0\0\0"s +
           little_endian(first + other.size(), 4) + little_endian(heap.size(), 4) + "#US\0"s +
           other + heap;
}

/// An image with ffmpeg installed on top of a distribution, and an application.
ClosureOf app(const std::string& path, const std::string& content) {
    const std::string program = loadable({.type = 2});
    image::Config config = runs({"/usr/bin/vm"});
    config.env = {"PATH=/usr/bin"};
    config.history = {{.created_by = "ADD file:1 in /"},
                      {.created_by = "RUN apt-get install ffmpeg"},
                      {.created_by = "COPY app /app"}};
    return {
        tree_of({tar({folder("etc"), file("etc/os-release", "ID=debian\n"), folder("usr"),
                      folder("usr/bin"), file("usr/bin/vm", program, 0755),
                      file("usr/bin/sh", program, 0755), file("usr/bin/id", program, 0755),
                      folder("srv"), folder("srv/data"), file("srv/data/a", "x")}),
                 tar({file("usr/bin/ffmpeg", program, 0755), file("usr/bin/convert", program, 0755),
                      folder("etc/conf"), file("etc/conf/a", "x"), file("etc/other", "x")}),
                 tar({folder("app"), file(path, content)})}),
        config};
}

}  // namespace

TEST_CASE("a program that a class of Java names stays, in an archive inside another too") {
    const std::string code = java_class({}, {"ffmpeg", "sh", "/etc/conf/a", "/usr/bin/convert"});
    const std::string jar = zip({{"a/Main.class", code}});
    for (const ClosureOf& image :
         {app("app/Main.class", code), app("app/a.jar", jar),
          app("app/b.jar", zip({{"lib/a.jar", jar}, {"text", "ffmpeg"}}))}) {
        CHECK(image.rules("/usr/bin/ffmpeg") == "bytecode");
        CHECK(image.keeps("/etc/conf/a"));
        CHECK_FALSE(image.keeps("/usr/bin/convert"));
        CHECK_FALSE(image.keeps("/usr/bin/sh"));
        CHECK_FALSE(image.keeps("/etc/other"));
    }
    CHECK_FALSE(app("app/Main.class", java_class({"ffmpeg"}, {})).keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(app("app/Main.class", code.substr(0, 20)).keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(app("app/Main.class", "x" + code).keeps("/usr/bin/ffmpeg"));
}

TEST_CASE("in a squashed image the packages tell what was installed on top of the distribution") {
    const auto image = [](const std::string& more, const std::string& automatic = "") {
        const std::string program = loadable({.type = 2});
        return ClosureOf(
            tree({file("etc/os-release", "ID=debian\n"), file("usr/bin/vm", program, 0755),
                  file("usr/bin/ffmpeg", program, 0755),
                  file("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\n" + more),
                  file("var/lib/dpkg/info/a.list", "/usr/bin/ffmpeg\n"),
                  file("var/lib/apt/extended_states", automatic),
                  file("app/a.class", java_class({}, {"ffmpeg"}))}),
            runs({"/usr/bin/vm"}));
    };
    CHECK(image("Priority: optional\n").keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(image("Priority: important\n").keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(image("Essential: yes\n").keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(
        image("Priority: optional\n", "Package: a\nAuto-Installed: 1\n").keeps("/usr/bin/ffmpeg"));
}

TEST_CASE("of a class that starts programs the words of commands count") {
    const auto image = [](const std::vector<std::string>& names,
                          const std::vector<std::string>& texts) {
        return app("app/a.jar", zip({{"Main.class", java_class(names, texts)}}));
    };
    CHECK(image(starter, {"ffmpeg -i \1"}).keeps("/usr/bin/ffmpeg"));
    CHECK(image(starter, {"cd /tmp && ffmpeg -i \1"}).keeps("/usr/bin/ffmpeg"));
    CHECK(image(starter, {"/usr/bin/convert"}).keeps("/usr/bin/convert"));
    CHECK(image(starter, {"sh"}).keeps("/usr/bin/sh"));
    CHECK(image({"java/lang/Runtime", "exec"}, {"sh"}).keeps("/usr/bin/sh"));
    CHECK_FALSE(image({"java/lang/Runtime"}, {"sh"}).keeps("/usr/bin/sh"));
    CHECK(image(starter, {"ffmpeg | id -u"}).keeps("/usr/bin/id"));
    CHECK(image(starter, {"id"}).keeps("/usr/bin/id"));
    CHECK_FALSE(image({}, {"id"}).keeps("/usr/bin/id"));
    CHECK_FALSE(image(starter, {"id of"}).keeps("/usr/bin/id"));
    CHECK_FALSE(image(starter, {"needs ffmpeg"}).keeps("/usr/bin/ffmpeg"));
    CHECK_FALSE(image({}, {"ffmpeg -i \1"}).keeps("/usr/bin/ffmpeg"));
}

TEST_CASE("an assembly of .NET keeps what its user strings name") {
    const std::string long_text(100, 'x');
    CHECK(app("app/a.dll", assembly({}, {long_text, "ffmpeg"})).rules("/usr/bin/ffmpeg") ==
          "bytecode");
    CHECK(app("app/a.dll", assembly({"ProcessStartInfo"}, {"sh"})).keeps("/usr/bin/sh"));
    CHECK(app("app/a.dll", assembly({}, {"/etc/conf"})).keeps("/etc/conf/a"));
    CHECK_FALSE(app("app/a.dll", assembly({}, {"sh"})).keeps("/usr/bin/sh"));
    CHECK_FALSE(app("app/a.dll", assembly({"ffmpeg"}, {})).keeps("/usr/bin/ffmpeg"));
    const std::string whole = assembly({}, {"ffmpeg"});
    CHECK_FALSE(app("app/a.dll", whole.substr(0, whole.size() - 2)).keeps("/usr/bin/ffmpeg"));
}

TEST_CASE("libraries that compiled code opens by name stay") {
    const auto image = [](const std::string& path, const std::string& code) {
        return ClosureOf(
            tree({file("usr/lib/libtess.so.5", loadable({.soname = "libtess.so.5"})),
                  file("usr/lib/libplus.so", loadable({.soname = "libplus.so"})),
                  file("usr/lib/libother.so.1", loadable({.soname = "libother.so.1"})),
                  file(path, code, 0755), file("usr/bin/vm", loadable_program({}), 0755)}),
            runs({"/usr/bin/vm", "/" + path}));
    };
    const std::vector<std::string> jna{"com/sun/jna/Native"};
    const ClosureOf java = image("a.jar", zip({{"A.class", java_class(jna, {"tess"})}}));
    CHECK(java.rules("/usr/lib/libtess.so.5") == "bytecode");
    CHECK_FALSE(java.keeps("/usr/lib/libother.so.1"));
    CHECK_FALSE(image("a.class", java_class({}, {"tess"})).keeps("/usr/lib/libtess.so.5"));
    for (const char* name : {"plus", "libplus", "libplus.so"}) {
        CHECK(image("a.dll", assembly({name}, {})).rules("/usr/lib/libplus.so") == "bytecode");
    }
    // No version is tried.
    CHECK_FALSE(image("a.dll", assembly({"tess"}, {})).keeps("/usr/lib/libtess.so.5"));
    const std::string mark =
        "\x8b\x12\x02\xb9\x6a\x61\x20\x38\x72\x7b\x93\x02\x14\xd7\xa0\x32"
        "\x13\xf5\xb9\xe6\xef\xae\x33\x18\xee\x3b\x2d\xce\x24\xb3\x6a\xae";
    const std::string code = assembly({"plus"}, {});
    CHECK(image("app/run", loadable_program({.data = mark}) + code).keeps("/usr/lib/libplus.so"));
    CHECK_FALSE(image("app/run", loadable_program({}) + code).keeps("/usr/lib/libplus.so"));
}

TEST_CASE("Mono's code keeps the assemblies and libraries that it refers to") {
    const std::string map =
        "<configuration>\n<dllmap dll=\"Tess.dll\" target=\"$mono_libdir/libtess.so.5\" "
        "os=\"!windows\"/>\n<dllmap dll=\"Other\" target=\"libother.so.1\" os=\"osx\"/>\n";
    const std::string xml = "usr/lib/mono/gac/System.Xml/4.0__b7/System.Xml.dll";
    const auto image = [&](const std::vector<std::string>& names) {
        return ClosureOf(
            tree({file("usr/lib/libtess.so.5", loadable({.soname = "libtess.so.5"})),
                  file("usr/lib/libother.so.1", loadable({.soname = "libother.so.1"})),
                  file("etc/mono/config", map), file(xml, assembly({"System.Core"}, {})),
                  file("usr/lib/mono/4.5/System.Core.dll", assembly({"mscorlib"}, {})),
                  file("usr/lib/mono/4.5/mscorlib.dll", assembly({}, {})),
                  file("usr/lib/mono/4.5/I18N.West.dll", assembly({}, {})),
                  file("usr/share/zoneinfo/UTC", "x"), file("a.exe", assembly(names, {})),
                  file("usr/bin/mono", loadable_program({}), 0755)}),
            runs({"/usr/bin/mono", "/a.exe"}));
    };
    const ClosureOf all = image({"Tess.dll", "Other", "System.Xml"});
    CHECK(all.rules("/usr/lib/libtess.so.5") == "mono");
    CHECK_FALSE(all.keeps("/usr/lib/libother.so.1"));
    CHECK(all.rules("/" + xml) == "mono");
    CHECK(all.keeps("/usr/lib/mono/4.5/System.Core.dll"));
    CHECK(all.keeps("/usr/lib/mono/4.5/I18N.West.dll"));
    CHECK(all.rules("/usr/share/zoneinfo/UTC").find("mono") != std::string::npos);
    const ClosureOf few = image({});
    CHECK_FALSE(few.keeps("/" + xml));
    CHECK_FALSE(few.keeps("/usr/lib/libtess.so.5"));
}
