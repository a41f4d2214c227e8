// What a program of one's own does with libslimimg: the files that an image's program needs, each
// with why it stays.
//
//   c++ -std=c++20 example.cpp -o example $(pkg-config --cflags --libs slimimg)
//   ./example app.tar
#include <iostream>

#include <slimimg/base/error.hpp>
#include <slimimg/slim/slim.hpp>

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: example IMAGE\n";
        return 2;
    }
    try {
        const slimimg::slim::Analysis analysis = slimimg::slim::analyze(argv[1], {}, {});
        for (const auto& [node, reasons] : analysis.closure.kept) {
            const slimimg::rootfs::Node& file = analysis.rootfs[node];
            if (file.is_file()) {
                std::cout << file.path << ": " << reasons.front().rule << ", "
                          << reasons.front().detail << '\n';
            }
        }
        for (const slimimg::closure::Unresolved& missing : analysis.closure.unresolved) {
            std::cout << "missing " << missing.kind << ": " << missing.name << '\n';
        }
        return 0;
    } catch (const slimimg::Error& error) {
        std::cerr << error.message() << '\n';
        return static_cast<int>(error.status());
    }
}
