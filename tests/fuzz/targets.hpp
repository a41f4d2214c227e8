#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slimimg/base/bytes.hpp"

/// What is fuzzed: one function for each kind of untrusted bytes. A target throws for what must
/// not happen; crashes, hangs and memory are the fuzzer's and the sanitizers' to see. libFuzzer
/// drives them one by one, the test suite replays testdata/fuzz through all of them.
namespace fuzz {

void archive(slimimg::Bytes input);   ///< the outer archive: its files by name
void layer(slimimg::Bytes input);     ///< a layer's tar, and the tree made of it
void image(slimimg::Bytes input);     ///< manifest, index and config
void elf(slimimg::Bytes input);       ///< an ELF file
void literals(slimimg::Bytes input);  ///< the texts that a compiled program has
void ld_cache(slimimg::Bytes input);  ///< /etc/ld.so.cache
void packages(slimimg::Bytes input);  ///< the databases of dpkg, apk and rpm
void shell(slimimg::Bytes input);     ///< a shell script
void code(slimimg::Bytes input);      ///< code and settings of the languages that rules know
void settings(slimimg::Bytes input);  ///< .slimimg.toml
void cache(slimimg::Bytes input);     ///< a layer's scan in the cache
void tool(slimimg::Bytes input);      ///< an image from reading it to rebuilding the result again

struct Target {
    std::string_view name;
    void (*run)(slimimg::Bytes input);
    std::vector<std::string> (*seeds)();  ///< inputs to start from
};

std::span<const Target> targets();

std::vector<std::string> archive_seeds();
std::vector<std::string> layer_seeds();
std::vector<std::string> image_seeds();
std::vector<std::string> elf_seeds();
std::vector<std::string> literals_seeds();
std::vector<std::string> ld_cache_seeds();
std::vector<std::string> packages_seeds();
std::vector<std::string> shell_seeds();
std::vector<std::string> code_seeds();
std::vector<std::string> settings_seeds();
std::vector<std::string> cache_seeds();
std::vector<std::string> tool_seeds();

}  // namespace fuzz
