#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"
#include "slimimg/base/run_options.hpp"

namespace fuzz {

/// Bytes as a file that has a name for as long as this lives, and no place on a disk.
class MemoryFile {
  public:
    explicit MemoryFile(slimimg::Bytes bytes);
    ~MemoryFile();
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    [[nodiscard]] std::string path() const;

  private:
    int fd_;
};

/// Few threads, and limits that a fuzzer reaches.
slimimg::RunOptions small_machine(unsigned threads = 1);

/// The tar with the checksum of each header as it should be, so that what is behind the checksums
/// is reached.
std::string with_checksums(slimimg::Bytes tar);

/// The parts of the input between these marks.
std::vector<std::string_view> split(std::string_view input, std::string_view mark);

/// A copy of its own, so that a read past its end is seen.
std::vector<std::byte> exact(slimimg::Bytes input);

/// Throws std::logic_error, which is a finding, unless it holds.
void demand(bool holds, const char* what);

/// Runs `read`; an Error about the input is an answer, one about ourselves a finding.
template <typename Read>
bool accepts(const Read& read);

void judge_error(const std::exception& error);

template <typename Read>
bool accepts(const Read& read) {
    try {
        read();
        return true;
    } catch (const std::exception& error) {
        judge_error(error);
        return false;
    }
}

}  // namespace fuzz
