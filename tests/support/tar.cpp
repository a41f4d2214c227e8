#include "support/tar.hpp"

#include <cstdio>
#include <numeric>

namespace test {
namespace {

void octal(std::string& header, std::size_t at, std::size_t width, std::uint64_t value) {
    for (std::size_t i = width - 1; i-- > 0; value /= 8) {
        header[at + i] = static_cast<char>('0' + value % 8);
    }
}

std::string header_block(const Member& member, char type, std::size_t size) {
    std::string header(512, '\0');
    header.replace(0, std::min<std::size_t>(member.name.size(), 100), member.name, 0, 100);
    octal(header, 100, 8, member.mode);
    octal(header, 108, 8, member.uid);
    octal(header, 116, 8, member.gid);
    octal(header, 124, 12, size);
    octal(header, 136, 12, static_cast<std::uint64_t>(member.mtime));
    header[156] = type;
    header.replace(157, std::min<std::size_t>(member.link.size(), 100), member.link, 0, 100);
    header.replace(257, 8,
                   std::string("ustar\0"
                               "00",
                               8));
    octal(header, 329, 8, member.device_major);
    octal(header, 337, 8, member.device_minor);
    header.replace(148, 8, 8, ' ');
    const unsigned sum = std::accumulate(header.begin(), header.end(), 0U, [](unsigned s, char c) {
        return s + static_cast<unsigned char>(c);
    });
    octal(header, 148, 7, sum);
    header[154] = '\0';
    header[155] = ' ';
    header.resize(512);
    return header;
}

std::string padded(std::string content) {
    content.resize((content.size() + 511) / 512 * 512, '\0');
    return content;
}

}  // namespace

std::string pax_record(std::string_view key, std::string_view value) {
    const std::size_t rest = key.size() + value.size() + 3;
    std::size_t length = rest + 1;
    while (std::to_string(length).size() + rest != length) {
        length = std::to_string(length).size() + rest;
    }
    return std::to_string(length) + ' ' + std::string(key) + '=' + std::string(value) + '\n';
}

std::string tar_member(const Member& member) {
    std::string bytes;
    if (!member.pax.empty()) {
        const Member extension{.name = "PaxHeader", .content = member.pax};
        bytes += header_block(extension, 'x', member.pax.size()) + padded(member.pax);
    }
    return bytes + header_block(member, member.type, member.content.size()) +
           padded(member.content);
}

std::string tar(const std::vector<Member>& members) {
    std::string bytes;
    for (const Member& member : members) {
        bytes += tar_member(member);
    }
    return bytes + std::string(1024, '\0');
}

}  // namespace test
