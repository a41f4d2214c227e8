#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Makes tar archives for tests, byte for byte as told: also those that no tar program writes.
namespace test {

/// A member; the defaults are those of an ordinary file of root.
struct Member {
    std::string name;
    std::string content = {};
    char type = '0';  ///< ustar: 0 file, 1 hard link, 2 symlink, 3 char, 4 block, 5 folder, 6 fifo
    unsigned mode = 0644;
    std::string link = {};
    unsigned uid = 0;
    unsigned gid = 0;
    std::int64_t mtime = 1700000000;
    unsigned device_major = 0;
    unsigned device_minor = 0;
    std::string pax = {};  ///< records of an extended header before it, made with pax_record()
};

/// "27 SCHILY.xattr.user.a=value\n", its own length counted in.
std::string pax_record(std::string_view key, std::string_view value);

/// Header, content and padding of one member (and of its pax header).
std::string tar_member(const Member& member);

/// A whole archive with its two zero blocks.
std::string tar(const std::vector<Member>& members);

inline Member file(std::string name, std::string content, unsigned mode = 0644) {
    return {.name = std::move(name), .content = std::move(content), .mode = mode};
}
inline Member folder(std::string name, unsigned mode = 0755) {
    return {.name = std::move(name), .type = '5', .mode = mode};
}
inline Member symlink(std::string name, std::string target) {
    return {.name = std::move(name), .type = '2', .mode = 0777, .link = std::move(target)};
}
inline Member hardlink(std::string name, std::string target) {
    return {.name = std::move(name), .type = '1', .link = std::move(target)};
}

}  // namespace test
