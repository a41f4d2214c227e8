#include "fuzz/inputs.hpp"

#include <cstdio>
#include <numeric>
#include <stdexcept>

#include <sys/mman.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

namespace fuzz {

using slimimg::Bytes;

MemoryFile::MemoryFile(Bytes bytes) : fd_(memfd_create("input", MFD_CLOEXEC)) {
    slimimg::write_all(fd_, bytes, "memory");
}

MemoryFile::~MemoryFile() {
    close(fd_);
}

std::string MemoryFile::path() const {
    return "/proc/self/fd/" + std::to_string(fd_);
}

slimimg::RunOptions small_machine(unsigned threads) {
    slimimg::RunOptions options;
    options.threads = threads;
    options.limits.layer_bytes = 64U << 20U;
    options.limits.expansion_floor = 1U << 20U;
    options.limits.sparse_bytes = 1U << 20U;
    return options;
}

std::string with_checksums(Bytes tar) {
    constexpr std::size_t block = 512;
    constexpr std::size_t checksum = 148;
    std::string text(slimimg::as_text(tar));
    for (std::size_t at = 0; at + block <= text.size(); at += block) {
        if (text.compare(at + 257, 5, "ustar") != 0) {
            continue;
        }
        text.replace(at + checksum, 8, 8, ' ');
        const unsigned sum =
            std::accumulate(text.begin() + static_cast<std::ptrdiff_t>(at),
                            text.begin() + static_cast<std::ptrdiff_t>(at + block), 0U,
                            [](unsigned s, char c) { return s + static_cast<unsigned char>(c); });
        std::snprintf(text.data() + at + checksum, 8, "%06o", sum);
    }
    return text;
}

std::vector<std::string_view> split(std::string_view input, std::string_view mark) {
    std::vector<std::string_view> parts;
    for (;;) {
        const std::size_t end = input.find(mark);
        parts.push_back(input.substr(0, end));
        if (end == std::string_view::npos) {
            return parts;
        }
        input.remove_prefix(end + mark.size());
    }
}

std::vector<std::byte> exact(Bytes input) {
    return {input.begin(), input.end()};
}

void demand(bool holds, const char* what) {
    if (!holds) {
        throw std::logic_error(what);
    }
}

void judge_error(const std::exception& error) {
    const auto* const known = dynamic_cast<const slimimg::Error*>(&error);
    if (known == nullptr || known->status() == slimimg::Exit::internal) {
        throw std::logic_error(std::string("not the input's fault: ") + error.what());
    }
}

}  // namespace fuzz
