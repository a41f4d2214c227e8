#pragma once

#include <string>
#include <vector>

namespace test {

struct Zipped {
    std::string name;
    std::string packed;                    ///< the bytes as they stand in the archive
    unsigned method = 0;                   ///< 0 stored, 8 deflated
    std::size_t size = std::string::npos;  ///< inflated; npos: as packed
};

inline std::string little_endian(std::size_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = 0; i < bytes; ++i) {  // beyond the value's own bytes are zeros
        text += i < sizeof(value) ? static_cast<char>(value >> (8 * i) & 0xFF) : '\0';
    }
    return text;
}

/// A ZIP archive, byte for byte as APPNOTE.TXT has it; checksums are left zero, for nothing here
/// reads them.
inline std::string zip(const std::vector<Zipped>& members) {
    std::string body;
    std::string directory;
    for (const Zipped& member : members) {
        const std::size_t size =
            member.size == std::string::npos ? member.packed.size() : member.size;
        const std::string fields = little_endian(0, 2) + little_endian(member.method, 2) +
                                   little_endian(0, 8) + little_endian(member.packed.size(), 4) +
                                   little_endian(size, 4) + little_endian(member.name.size(), 2) +
                                   little_endian(0, 2);
        directory += "PK\1\2" + little_endian(20, 2) + little_endian(20, 2) + fields +
                     little_endian(0, 10) + little_endian(body.size(), 4) + member.name;
        body += "PK\3\4" + little_endian(20, 2) + fields + member.name + member.packed;
    }
    return body + directory + "PK\5\6" + little_endian(0, 4) + little_endian(members.size(), 2) +
           little_endian(members.size(), 2) + little_endian(directory.size(), 4) +
           little_endian(body.size(), 4) + little_endian(0, 2);
}

}  // namespace test
