#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace fuzz {

/// Numbers that are the same for the same seed on every machine (the standard's distributions are
/// not).
class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_(seed) {}

    /// Below `end`; 0 where that is 0.
    std::size_t below(std::size_t end) { return end == 0 ? 0 : engine_() % end; }
    bool one_in(std::size_t n) { return below(n) == 0; }
    std::uint64_t number() { return engine_(); }
    template <typename List>
    auto& of(List& list) {
        return list[below(list.size())];
    }

  private:
    std::mt19937_64 engine_;
};

/// In a command: the image's file, and what is made in the target's folder.
inline constexpr const char* image_word = "@image";
inline constexpr const char* target_word = "@slim";

/// A damaged image, and what to do with it.
struct Damaged {
    std::string archive;
    /// The command and its options. "@NAME" stands for a file of that name; an image "-" is read
    /// from standard input.
    std::vector<std::string> command;
    std::string what;  ///< the damages, for people
};

/// Takes a good image and damages it in one to four ways that know its structure: paths, links,
/// headers and extensions of its tars, tables of its ELF files, its scripts and databases, its
/// JSON, its compression, the archive around it. The same for the same seed.
Damaged damaged_image(std::uint64_t seed);

}  // namespace fuzz
