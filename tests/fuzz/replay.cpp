// Runs every seed and every input of testdata/fuzz through its target, without a fuzzer:
//
//   fuzz-replay FOLDER          as a test; the last line is "N passed, N failed"
//   fuzz-replay --seeds FOLDER  writes the seeds, a folder for each target
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "slimimg/base/file.hpp"

#include "fuzz/targets.hpp"

namespace {

namespace fs = std::filesystem;

void write_seeds(const fs::path& folder) {
    for (const fuzz::Target& target : fuzz::targets()) {
        fs::create_directories(folder / target.name);
        std::size_t number = 0;
        for (const std::string& seed : target.seeds()) {
            std::ofstream(folder / target.name / ("seed-" + std::to_string(number++)),
                          std::ios::binary)
                << seed;
        }
    }
}

bool runs(const fuzz::Target& target, slimimg::Bytes input, const std::string& name) {
    try {
        target.run(input);
        return true;
    } catch (const std::exception& error) {
        std::printf("%s: %s: %s\n", std::string(target.name).c_str(), name.c_str(), error.what());
        return false;
    }
}

int replay(const fs::path& folder) {
    int passed = 0;
    int failed = 0;
    const auto count = [&](bool good) { ++(good ? passed : failed); };
    for (const fuzz::Target& target : fuzz::targets()) {
        count(runs(target, {}, "nothing"));
        for (const std::string& seed : target.seeds()) {
            count(runs(target, slimimg::as_bytes(seed), "a seed"));
        }
        if (!fs::exists(folder / target.name)) {
            continue;
        }
        for (const fs::directory_entry& file : fs::directory_iterator(folder / target.name)) {
            count(runs(target, slimimg::map_file(file.path()).bytes, file.path().string()));
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 2 && arguments[0] == "--seeds") {
        write_seeds(arguments[1]);
        return 0;
    }
    if (arguments.size() != 1) {
        std::fputs("usage: fuzz-replay [--seeds] FOLDER\n", stderr);
        return 2;
    }
    return replay(arguments[0]);
}
