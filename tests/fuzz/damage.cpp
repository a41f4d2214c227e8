#include "fuzz/damage.hpp"

#include <array>
#include <functional>
#include <string_view>

#include "slimimg/base/digest.hpp"

#include "fuzz/inputs.hpp"
#include "fuzz/targets.hpp"
#include "support/elf.hpp"
#include "support/loadable.hpp"
#include "support/pack.hpp"
#include "support/tar.hpp"

namespace fuzz {
namespace {

using test::Member;

/// An image before it is packed.
struct Parts {
    std::vector<std::vector<Member>> layers;
    std::string config;  // what stands in the config's "config"
};

constexpr std::array<std::string_view, 26> odd_names = {
    "..",
    "../x",
    "../../../../tmp/escaped",
    "/etc/passwd",
    "a/../../b",
    ".",
    "",
    "/",
    "./",
    "a//b/./c",
    ".wh.",
    ".wh..",
    ".wh...",
    "usr/.wh.lib",
    "usr/.wh..wh..opq",
    ".wh..wh..opq",
    ".wh..wh.plnk/x",
    ".wh.usr",
    "usr/lib",
    "bin/sh",
    "x\x1b[31mred\x1b]0;title\a",
    "x\r\n::error::y",
    "caf\xc3\xa9",
    "cafe\xcc\x81",
    "\xff\xfe\x80",
    "<script>|`x`|",
};

constexpr std::array<std::string_view, 12> odd_texts = {
    "$(", "`", "${", "<<E", "\"'", "((", "\\\n", "%s%n", "\xff", "[[[[[[[[", "{{{{{{{{", "@1;:!"};

/// What a number in a header or a table may lie about.
std::uint64_t odd_number(Random& random, std::uint64_t size) {
    const std::array<std::uint64_t, 14> numbers = {0,           1,
                                                   2,           7,
                                                   size,        size - 1,
                                                   size + 1,    0x7fffffff,
                                                   0x80000000,  0xffffffff,
                                                   0x100000000, ~std::uint64_t{0},
                                                   1ULL << 63,  random.number()};
    return numbers[random.below(numbers.size())];
}

std::string flipped(Random& random, std::string bytes) {
    for (std::size_t count = 1 + random.below(4); count > 0 && !bytes.empty(); --count) {
        bytes[random.below(bytes.size())] = static_cast<char>(random.number());
    }
    return bytes;
}

std::string cut(Random& random, const std::string& bytes) {
    return bytes.substr(0, random.below(bytes.size()));
}

// --- good images --------------------------------------------------------------------------------

test::ElfSpec program(std::vector<std::string> needed, std::string data = {}) {
    test::ElfSpec spec{.interpreter = "/lib64/ld-linux-x86-64.so.2",
                       .needed = std::move(needed),
                       .runpath = "$ORIGIN/../lib",
                       .flags_1 = 0x08000000,
                       .version_needs = {{"libc.so.6", {{"GLIBC_2.34"}}}},
                       .symbols = {{.name = "puts", .version = "GLIBC_2.34", .defined = false}}};
    spec.sections.push_back({".rodata", std::move(data)});
    return spec;
}

std::vector<Member> system_layer() {
    using namespace test;
    using test::symlink;
    const ElfSpec libc{.soname = "libc.so.6",
                       .version_definitions = {"libc.so.6", "GLIBC_2.34"},
                       .symbols = {{.name = "puts", .version = "GLIBC_2.34"}}};
    return {
        folder("usr"),
        folder("usr/lib"),
        folder("usr/bin"),
        symlink("lib", "usr/lib"),
        symlink("lib64", "usr/lib"),
        symlink("bin", "usr/bin"),
        file("usr/lib/ld-linux-x86-64.so.2", test::elf({.soname = "ld-linux-x86-64.so.2"}), 0755),
        file("usr/lib/libc.so.6", test::elf(libc)),
        file("usr/bin/sh", test::elf(program({"libc.so.6"})), 0755),
        hardlink("usr/bin/dash", "usr/bin/sh"),
        file("etc/passwd", "root:x:0:0::/:/bin/sh\n"),
        file("etc/nsswitch.conf", "hosts: files dns\n"),
        file("etc/ld.so.conf", "include /etc/ld.so.conf.d/*.conf\n/srv/lib\n"),
        file("etc/ld.so.cache", ld_cache_seeds().front()),
        file("root/.aws/credentials", "aws_secret_access_key = abcdefghijklmnopqrstuvwxyz0123\n"),
        file("var/lib/dpkg/status",
             "Package: libc6\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"
             "Provides: x (= 1)\n\nPackage: dash\nStatus: install ok installed\nVersion: 1\n"
             "Depends: libc6 (>= 1) | y\nArchitecture: amd64\n"),
        file("var/lib/dpkg/info/libc6.list", "/.\n/usr/lib/libc.so.6\n/usr/lib\n"),
        file("var/lib/dpkg/info/dash.list", "/usr/bin/sh\n/usr/bin/dash\n"),
        {.name = "dev/null", .type = '3', .device_major = 1, .device_minor = 3}};
}

Parts good_image(Random& random) {
    using namespace test;
    Parts parts;
    parts.layers.push_back(system_layer());
    std::vector<Member> app{file("etc/app.conf", "data=/srv/data\n"), folder("srv/data"),
                            file("srv/data/x", "x"), file("usr/bin/.wh.dash", "")};
    switch (random.below(5)) {
        case 0:
            parts.config = R"("Entrypoint":["/app/bin/x"],"User":"1:2","WorkingDir":"/srv")";
            app.push_back(
                file("app/lib/liba.so", test::elf({.needed = {"libc.so.6"}, .soname = "liba.so"})));
            app.push_back(file(
                "app/bin/x", test::elf(program({"liba.so", "libc.so.6"}, "/etc/app.conf")), 0755));
            break;
        case 1:
            parts.config = R"("Entrypoint":["/run.sh"],"Cmd":["sh","-c","x"],"Env":["A=/srv"])";
            app.push_back(file("run.sh",
                               "#!/bin/sh\nset -e\n. /etc/app.conf\nfor f in /srv/data/*; do cat "
                               "\"$f\" | sh; done\nexec \"$@\"\n",
                               0755));
            break;
        case 2:
            parts.config = R"("Cmd":["python3","/a.py"])";
            app.push_back(file("usr/bin/python3.11", test::elf(program({"libc.so.6"})), 0755));
            app.push_back(test::symlink("usr/bin/python3", "python3.11"));
            app.push_back(file("usr/lib/python3.11/os.py", "import json, re\n"));
            app.push_back(file("usr/lib/python3.11/json/__init__.py", "from .x import y\n"));
            app.push_back(file("a.py", "import os, json.decoder\nopen('/etc/app.conf')\n"));
            break;
        case 3:
            parts.config = R"("Cmd":["node","/srv/app"],"Healthcheck":{"Test":["CMD","/bin/sh"]})";
            app.push_back(file("usr/bin/node", test::elf(program({"libc.so.6"})), 0755));
            app.push_back(file("srv/app/package.json",
                               R"({"name":"a","main":"m.js","dependencies":{"b":"1"}})"));
            app.push_back(file("srv/app/m.js", "require('b'); require('./c.json')\n"));
            app.push_back(
                file("srv/app/node_modules/b/package.json", R"({"exports":{".":"./i.js"}})"));
            app.push_back(file("srv/app/node_modules/b/i.js", "import 'fs'\n"));
            break;
        default:
            parts.config = R"("Entrypoint":["/bin/app"])";
            parts.layers.front() = {file("lib/ld-musl-x86_64.so.1",
                                         loadable({.soname = "libc.musl-x86_64.so.1"}), 0755),
                                    file("lib/apk/db/installed",
                                         "P:musl\nV:1\nA:x86_64\np:so:libc.musl-x86_64.so.1=1\nF:"
                                         "lib\nR:ld-musl-x86_64.so"
                                         ".1\na:0:0:755\n\n"),
                                    file("bin/app",
                                         loadable_program({.interpreter = musl_x86_64,
                                                           .needed = {"libc.musl-x86_64.so.1"}}),
                                         0755)};
    }
    app.push_back({.name = "srv/data/named",
                   .content = "x",
                   .pax = pax_record("mtime", "1.5") + pax_record("SCHILY.xattr.user.a", "b")});
    parts.layers.push_back(std::move(app));
    return parts;
}

// --- damages ------------------------------------------------------------------------------------

std::string damaged_elf(Random& random, std::string content) {
    test::ElfFile file = test::make_elf(program({"libc.so.6", "liba.so"}, "/etc/app.conf"));
    if (random.one_in(4)) {
        file.bytes = std::move(content);  // that of the image, without a map of its tables
        file.at = {{"segments", 64}, {"dynamic", file.bytes.size() / 2}};
    }
    std::vector<std::size_t> tables{0};
    for (const auto& [name, at] : file.at) {
        tables.push_back(at);
    }
    for (std::size_t count = 1 + random.below(6); count > 0; --count) {
        const std::size_t at = random.of(tables) + 4 * random.below(24);
        const unsigned size = 1U << random.below(4);
        if (at + size <= file.bytes.size()) {
            file.put(at, odd_number(random, file.bytes.size()), size);
        }
    }
    return random.one_in(8) ? cut(random, file.bytes) : file.bytes;
}

std::string damaged_text(Random& random, std::string text) {
    switch (random.below(5)) {
        case 0:
            return cut(random, text);
        case 1:
            return flipped(random, std::move(text));
        case 2:
            for (int i = 0; i < 12 && text.size() < 20'000; ++i) {
                text += text;
            }
            return text;
        default:
            for (std::size_t count = 1 + random.below(50); count > 0; --count) {
                text.insert(random.below(text.size() + 1),
                            odd_texts[random.below(odd_texts.size())]);
            }
            return text;
    }
}

std::string odd_pax(Random& random) {
    static const std::array<std::string, 22> records = {
        test::pax_record("size", "99999999999999999999"),
        test::pax_record("size", "-1"),
        test::pax_record("size", "1"),
        test::pax_record("path", "../../x"),
        test::pax_record("path", ""),
        test::pax_record("path", std::string("a\0b", 3)),
        test::pax_record("path", std::string(5000, 'p')),
        test::pax_record("linkpath", "../.."),
        test::pax_record("uid", "-5"),
        test::pax_record("uid", "99999999999"),
        test::pax_record("mtime", "-1.999999999999"),
        test::pax_record("mtime", "1e99"),
        test::pax_record("GNU.sparse.major", "1") + test::pax_record("GNU.sparse.minor", "0") +
            test::pax_record("GNU.sparse.realsize", "99999999999"),
        test::pax_record("GNU.sparse.map", "0,1,5,99999999999"),
        test::pax_record("GNU.sparse.name", "/etc/shadow"),
        test::pax_record("SCHILY.realsize", "18446744073709551615"),
        test::pax_record("SCHILY.xattr.security.capability", std::string(100, '\xff')),
        test::pax_record("SCHILY.xattr.", "x"),
        test::pax_record("hdrcharset", "BINARY"),
        "9999999 a=b\n",
        "0 =\n",
        "7 a=b"};
    std::string pax;
    for (std::size_t count = 1 + random.below(3); count > 0; --count) {
        pax += records[random.below(records.size())];
    }
    return pax;
}

Member& any_member(Random& random, Parts& parts) {
    std::vector<Member>& layer = random.of(parts.layers);
    if (layer.empty()) {
        layer.push_back(test::file("x", "y"));
    }
    return random.of(layer);
}

void damage_name(Random& random, Parts& parts) {
    Member& member = any_member(random, parts);
    member.name = odd_names[random.below(odd_names.size())];
    if (random.one_in(3)) {
        member.name = any_member(random, parts).name + "/" + member.name;
    }
}

void damage_link(Random& random, Parts& parts) {
    Member& member = any_member(random, parts);
    member.type = random.one_in(2) ? '1' : '2';
    member.content.clear();
    member.link = random.one_in(3) ? std::string(odd_names[random.below(odd_names.size())])
                                   : any_member(random, parts).name;
}

void damage_type(Random& random, Parts& parts) {
    constexpr std::string_view types(
        "\0"
        "01234567LKNSVxgXADMZ",
        21);
    any_member(random, parts).type = types[random.below(types.size())];
}

void damage_pax(Random& random, Parts& parts) {
    any_member(random, parts).pax = odd_pax(random);
}

void damage_content(Random& random, Parts& parts) {
    Member& member = any_member(random, parts);
    const bool is_elf = member.content.starts_with(
        "\x7f"
        "ELF");
    member.content =
        is_elf ? damaged_elf(random, member.content) : damaged_text(random, member.content);
}

void damage_elf(Random& random, Parts& parts) {
    for (std::vector<Member>& layer : parts.layers) {
        for (Member& member : layer) {
            if (member.content.starts_with("\x7f"
                                           "ELF") &&
                random.one_in(3)) {
                member.content = damaged_elf(random, member.content);
            }
        }
    }
}

/// Libraries that need each other and themselves, and far too many of them.
void add_library_circle(Random& random, Parts& parts) {
    const std::size_t count = 2 + random.below(30);
    for (std::size_t i = 0; i < count; ++i) {
        const auto name = [&](std::size_t n) { return "libz" + std::to_string(n % count) + ".so"; };
        parts.layers.back().push_back(
            test::file("app/lib/" + name(i),
                       test::elf({.needed = {name(i + 1), name(i), name(i + count - 1)},
                                  .soname = name(random.below(count)),
                                  .runpath = "$ORIGIN:$ORIGIN/../lib:/app/lib/${LIB}/$PLATFORM"})));
    }
    parts.layers.back().push_back(
        test::file("app/bin/x", test::elf(program({"libz0.so", "liba.so"})), 0755));
    parts.config = R"("Entrypoint":["/app/bin/x"])";
}

void add_duplicates(Random& random, Parts& parts) {
    std::vector<Member>& layer = random.of(parts.layers);
    for (std::size_t count = 1 + random.below(20); count > 0 && !layer.empty(); --count) {
        Member copy = random.of(layer);
        if (random.one_in(2)) {
            copy.type = random.one_in(2) ? '5' : '0';
        }
        layer.insert(layer.begin() + static_cast<std::ptrdiff_t>(random.below(layer.size() + 1)),
                     std::move(copy));
    }
}

void add_link_maze(Random& random, Parts& parts) {
    for (std::size_t i = 0; i < 45; ++i) {
        parts.layers.back().push_back(test::symlink(
            "maze" + std::to_string(i), "maze" + std::to_string((i + 1) % (44 + random.below(3))) +
                                            (random.one_in(4) ? "/.." : "")));
    }
    any_member(random, parts).name = "maze" + std::to_string(random.below(45)) + "/x";
}

void reorder(Random& random, Parts& parts) {
    std::vector<Member>& layer = random.of(parts.layers);
    for (std::size_t i = layer.size(); i > 1; --i) {
        std::swap(layer[i - 1], layer[random.below(i)]);
    }
}

void add_layers(Random& random, Parts& parts) {
    for (std::size_t count = 1 + random.below(60); count > 0; --count) {
        std::vector<Member> copy = random.of(parts.layers);
        copy.resize(std::min<std::size_t>(copy.size(), 3));
        parts.layers.push_back(std::move(copy));
    }
}

void drop_members(Random& random, Parts& parts) {
    for (std::size_t count = 1 + random.below(5); count > 0; --count) {
        std::vector<Member>& layer = random.of(parts.layers);
        if (!layer.empty()) {
            layer.erase(layer.begin() + static_cast<std::ptrdiff_t>(random.below(layer.size())));
        }
    }
}

std::string damaged_json(Random& random, std::string json) {
    static const std::array<std::string, 12> values = {"null",
                                                       "0",
                                                       "-1",
                                                       "1e400",
                                                       "true",
                                                       "[]",
                                                       "{}",
                                                       R"("")",
                                                       R"(["\u0000","\ud800"])",
                                                       std::string(300, '['),
                                                       R"({"a":{"a":{}}})",
                                                       R"("\u001b[2J\r\n::warning::x")"};
    switch (random.below(4)) {
        case 0:
            return cut(random, json);
        case 1:
            return flipped(random, std::move(json));
        default:
            break;
    }
    // In the place of a value.
    std::vector<std::size_t> colons;
    for (std::size_t at = json.find(':'); at != json.npos; at = json.find(':', at + 1)) {
        colons.push_back(at + 1);
    }
    if (colons.empty()) {
        return json;
    }
    const std::size_t at = random.of(colons);
    const std::size_t end = json.find_first_of(",}]", at);
    return json.replace(at, end == json.npos ? end : end - at, values[random.below(values.size())]);
}

void damage_config(Random& random, Parts& parts) {
    parts.config = damaged_json(random, parts.config);
}

/// Small as it is stored, and far more when it is inflated.
void add_bomb(Random& random, Parts& parts) {
    constexpr std::size_t size = 80U << 20U;
    if (random.one_in(20)) {
        random.of(parts.layers).push_back(test::file("srv/data/bomb", std::string(size, '\0')));
    }
}

struct Damage {
    const char* name;
    void (*apply)(Random& random, Parts& parts);
};
constexpr std::array part_damages = {Damage{"name", damage_name},
                                     Damage{"name", damage_name},
                                     Damage{"link", damage_link},
                                     Damage{"link", damage_link},
                                     Damage{"type", damage_type},
                                     Damage{"pax", damage_pax},
                                     Damage{"pax", damage_pax},
                                     Damage{"content", damage_content},
                                     Damage{"content", damage_content},
                                     Damage{"elf", damage_elf},
                                     Damage{"elf", damage_elf},
                                     Damage{"library-circle", add_library_circle},
                                     Damage{"duplicates", add_duplicates},
                                     Damage{"link-maze", add_link_maze},
                                     Damage{"order", reorder},
                                     Damage{"layers", add_layers},
                                     Damage{"dropped", drop_members},
                                     Damage{"bomb", add_bomb},
                                     Damage{"config", damage_config}};

/// Lies in the fields of a header, its checksum made right again.
std::string damaged_tar(Random& random, std::string tar) {
    struct Field {
        std::size_t at;
        std::size_t size;
    };
    constexpr std::array<Field, 8> fields = {
        {{0, 100}, {100, 8}, {108, 8}, {124, 12}, {136, 12}, {157, 100}, {329, 8}, {345, 155}}};
    constexpr std::array<std::string_view, 8> numbers = {
        "77777777777",
        "-1",
        "99999999999",
        "            ",
        std::string_view("\x80\0\0\0\0\0\0\x7f\xff\xff\xff\xff", 12),
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        std::string_view("\x80\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 12),
        "00000000001"};
    std::vector<std::size_t> headers;
    for (std::size_t at = 0; at + 512 <= tar.size(); at += 512) {
        if (tar.compare(at + 257, 5, "ustar") == 0) {
            headers.push_back(at);
        }
    }
    if (headers.empty()) {
        return tar;
    }
    const Field field = fields[random.below(fields.size())];
    const std::string_view number = numbers[random.below(numbers.size())];
    tar.replace(random.of(headers) + field.at, std::min(field.size, number.size()),
                number.substr(0, field.size));
    return with_checksums(slimimg::as_bytes(tar));
}

std::string packed_layer(Random& random, const std::vector<Member>& members) {
    std::string tar = test::tar(members);
    if (random.one_in(20)) {
        tar = damaged_tar(random, std::move(tar));
    }
    if (random.one_in(80)) {
        tar = random.one_in(2) ? cut(random, tar) : flipped(random, std::move(tar));
    }
    return tar;
}

std::string compressed(Random& random, const std::string& plain) {
    constexpr std::size_t most = 200'000;
    switch (random.below(6)) {
        case 0:
            return test::gzip(plain);
        case 1:
            return test::zstd(plain);
        case 2:
            return plain.size() < most ? test::xz(plain) : plain;
        default:
            return plain;
    }
}

/// A name of the image as JSON has it.
std::string odd_tag(Random& random) {
    constexpr std::array<std::string_view, 6> tags = {"app:1",        R"(\u001b[31m\r\n::error::x)",
                                                      "../../x:1",    R"(<b>|`x`|\u202e:1)",
                                                      "a/b@sha256:x", ""};
    return std::string(tags[random.one_in(10) ? random.below(tags.size()) : 0]);
}

std::string in_quotes(const std::string& text) {
    return '"' + text + '"';
}

std::string digest_of(const std::string& text) {
    return slimimg::sha256(slimimg::as_bytes(text)).str();
}

/// The files of the archive: Docker's or an OCI layout.
std::vector<Member> archive_files(Random& random, const Parts& parts) {
    const bool oci = random.one_in(2);
    const auto maybe = [&](std::string json) {
        return random.one_in(40) ? damaged_json(random, std::move(json)) : json;
    };
    std::vector<Member> files;
    std::string diff_ids;
    std::string layers;
    for (const std::vector<Member>& members : parts.layers) {
        const std::string plain = packed_layer(random, members);
        std::string stored = compressed(random, plain);
        if (random.one_in(100)) {
            stored = random.one_in(2) ? cut(random, stored) : flipped(random, stored);
        }
        const std::string comma = layers.empty() ? "" : ",";
        const std::string lie = random.one_in(300) ? "x" : "";
        diff_ids += comma + in_quotes(digest_of(plain + lie));
        const std::string digest = digest_of(stored + lie);
        if (oci) {
            files.push_back(test::file("blobs/sha256/" + digest.substr(7), stored));
            layers += comma + R"({"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":)" +
                      in_quotes(digest) + R"(,"size":)" + std::to_string(stored.size()) + "}";
        } else {
            files.push_back(test::file(std::to_string(files.size()) + ".tar", stored));
            layers += comma + in_quotes(files.back().name);
        }
    }
    const std::string config =
        maybe(R"({"architecture":"amd64","os":"linux","config":{)" + parts.config +
              R"(},"rootfs":{"type":"layers","diff_ids":[)" + diff_ids + "]}}");
    const auto add_blob = [&](const std::string& json) {
        files.push_back(test::file("blobs/sha256/" + digest_of(json).substr(7), json));
        return R"("digest":)" + in_quotes(digest_of(json)) + R"(,"size":)" +
               std::to_string(json.size());
    };
    if (oci) {
        const std::string manifest = maybe(
            R"({"schemaVersion":2,"config":{"mediaType":"application/vnd.oci.image.config.v1+json",)" +
            add_blob(config) + R"(},"layers":[)" + layers + "]}");
        const std::string index =
            maybe(R"({"schemaVersion":2,"manifests":[{"mediaType":)"
                  R"("application/vnd.oci.image.manifest.v1+json",)" +
                  add_blob(manifest) + R"(,"annotations":{"org.opencontainers.image.ref.name":")" +
                  odd_tag(random) + R"("}}]})");
        files.push_back(test::file("index.json", index));
        files.push_back(test::file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})"));
    } else {
        files.push_back(test::file("c.json", config));
        files.push_back(test::file("manifest.json",
                                   maybe(R"([{"Config":"c.json","RepoTags":[")" + odd_tag(random) +
                                         R"("],"Layers":[)" + layers + "]}]")));
    }
    return files;
}

std::string packed_archive(Random& random, const Parts& parts) {
    std::vector<Member> files = archive_files(random, parts);
    if (random.one_in(20)) {
        Member& file = random.of(files);
        file.type = random.one_in(2) ? '1' : '2';
        file.link = random.of(files).name;
        file.content.clear();
    }
    std::string archive = test::tar(files);
    if (random.one_in(20)) {
        archive = damaged_tar(random, std::move(archive));
    }
    archive = random.one_in(4) ? compressed(random, archive) : archive;
    if (random.one_in(40)) {
        archive = random.one_in(2) ? cut(random, archive) : flipped(random, std::move(archive));
    }
    return archive;
}

std::vector<std::string> random_command(Random& random) {
    std::vector<std::string> command;
    const auto add = [&](const std::vector<std::string>& words) {
        command.insert(command.end(), words.begin(), words.end());
    };
    const auto maybe = [&](const std::vector<std::string>& words) {
        if (random.one_in(4)) {
            add(words);
        }
    };
    const auto one_of = [&](const std::vector<std::string>& words) { return random.of(words); };
    const std::string image = random.one_in(8) ? "-" : image_word;
    const std::vector<std::string> formats{"json", "markdown", "html"};
    switch (random.below(8)) {
        case 0:
            add({"analyze", image});
            maybe({"--format", one_of(formats)});
            maybe({"--verbose"});
            maybe({"--sbom", "@slim.spdx.json"});
            break;
        case 1:
            add({"why", image,
                 random.one_in(2) ? "/usr/lib/libc.so.6"
                                  : "/" + std::string(odd_names[random.below(4)])});
            maybe({"--format", "json"});
            break;
        case 2:
            add({"check", image, "--format",
                 one_of({"text", "json", "markdown", "html", "sarif", "junit", "github",
                         "codequality"})});
            maybe({"--profile", "distroless"});
            maybe({"--fail-on", one_of({"note", "never"})});
            break;
        case 3:
            add({"diff", image, image_word, "--format", one_of({"text", "json", "markdown"})});
            maybe({"--max-growth", "5%"});
            break;
        default:
            add({"rebuild", image, "-o", target_word});
            maybe({"--layers", "split"});
            maybe({"--base", random.one_in(4) ? image_word : one_of({"static", "auto", "cc"})});
            if (random.one_in(4)) {
                add({"--output-format", one_of({"oci", "oci-dir", "dir"})});
            }
            maybe({"--compress", one_of({"zstd:1", "gzip:1"})});
            maybe({"--nonroot"});
            maybe({"--strip"});
            maybe({"--sbom-inside"});
            maybe({"--sbom", "@slim.cdx.json"});
            maybe({"--report", "@slim.html"});
            maybe({"--allow-missing", "*"});
    }
    if (command.front() != "diff") {
        maybe({"--keep", one_of({"strict", "packages"})});
        maybe({"--include", "/srv/**"});
    }
    maybe({"--no-verify"});
    if (random.one_in(8)) {
        add({"--cache", "@slim-cache"});
    }
    add({"--threads", one_of({"1", "2"})});
    return command;
}

}  // namespace

Damaged damaged_image(std::uint64_t seed) {
    Random random(seed);
    Parts parts = good_image(random);
    Damaged result;
    for (std::size_t count = random.below(5); count > 0; --count) {
        const Damage& damage = part_damages[random.below(part_damages.size())];
        damage.apply(random, parts);
        result.what += (result.what.empty() ? "" : ", ") + std::string(damage.name);
    }
    result.archive = packed_archive(random, parts);
    result.command = random_command(random);
    return result;
}

}  // namespace fuzz
