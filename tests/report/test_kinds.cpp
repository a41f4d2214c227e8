#include <doctest/doctest.h>

#include "report/kinds.hpp"

using namespace slimimg;
using report::Kind;
using report::kind_of_file;

namespace {

constexpr std::string_view elf_head{
    "\x7f"
    "ELF\x02\x01\x01\0",
    8};

report::Surface surface_of(std::string_view path, unsigned mode,
                           archive::EntryType type = archive::EntryType::file) {
    report::Surface surface;
    archive::Header header;
    header.type = type;
    header.mode = static_cast<std::uint16_t>(mode);
    report::add_to_surface(surface, path, header, false);
    return surface;
}

}  // namespace

TEST_CASE("ELF files are programs or libraries by their names") {
    CHECK(kind_of_file("/usr/bin/env", elf_head, true) == Kind::program);
    CHECK(kind_of_file("/usr/lib/libz.so.1", elf_head, true) == Kind::library);
    CHECK(kind_of_file("/usr/lib/python3/_ssl.cpython-311.so", elf_head, true) == Kind::library);
    CHECK(kind_of_file("/app/native.node", elf_head, false) == Kind::library);
    CHECK(kind_of_file("/app/serve", elf_head, false) == Kind::program);
}

TEST_CASE("a library's name without an ELF head is not a library") {
    CHECK(kind_of_file("/usr/lib/libc.so", "/* GNU ld script */", true) == Kind::data);
}

TEST_CASE("other files are sorted by place, head and owner") {
    CHECK(kind_of_file("/etc/ssl/certs/ca-certificates.crt", "---", true) == Kind::certificates);
    CHECK(kind_of_file("/usr/share/zoneinfo/UTC", "TZif", true) == Kind::time_zones);
    CHECK(kind_of_file("/usr/bin/ldd", "#! /bin/bash", true) == Kind::script);
    CHECK(kind_of_file("/app/main.py", "import os", false) == Kind::application);
    CHECK(kind_of_file("/usr/lib/python3.11/os.py", "import abc", true) == Kind::module);
    CHECK(kind_of_file("/etc/hosts", "", false) == Kind::configuration);
    CHECK(kind_of_file("/usr/share/doc/x/copyright", "text", true) == Kind::data);
}

TEST_CASE("every kind has a name for machines and one for people") {
    for (std::size_t i = 0; i < report::kind_count; ++i) {
        CHECK_FALSE(report::kind_id(static_cast<Kind>(i)).empty());
        CHECK_FALSE(report::kind_label(static_cast<Kind>(i)).empty());
    }
}

TEST_CASE("shells and package managers count in the folders of programs only") {
    CHECK(surface_of("/usr/bin/bash", 0755).shells.size() == 1);
    CHECK(surface_of("/bin/sh", 0777, archive::EntryType::symlink).shells.size() == 1);
    CHECK(surface_of("/usr/share/doc/bash", 0644).shells.empty());
    CHECK(surface_of("/usr/bin/bash", 0644).shells.empty());
    CHECK(surface_of("/usr/bin/apt-get", 0755).package_managers.size() == 1);
    CHECK(surface_of("/etc/apt", 0755, archive::EntryType::directory).package_managers.empty());
}

TEST_CASE("set-id counts for files that can be run, not for folders") {
    CHECK(surface_of("/usr/bin/su", 04755).set_id_files.size() == 1);
    CHECK(surface_of("/usr/bin/wall", 02755).set_id_files.size() == 1);
    CHECK(surface_of("/var/mail", 02775, archive::EntryType::directory).set_id_files.empty());
}
