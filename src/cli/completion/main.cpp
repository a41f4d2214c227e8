#include <fstream>
#include <iostream>
#include <string_view>

#include <CLI/CLI.hpp>

#include "../program.hpp"
#include "outline.hpp"

/// Writes a shell's completion, as the build installs it.
int main(int argc, char** argv) {
    using namespace slimimg::cli;
    const std::string_view shell = argc == 3 ? argv[1] : "";
    auto* const make = shell == "bash"   ? bash_completion
                       : shell == "fish" ? fish_completion
                       : shell == "zsh"  ? zsh_completion
                                         : nullptr;
    if (make == nullptr) {
        std::cerr << "usage: make-completion bash|fish|zsh FILE\n";
        return 2;
    }
    CLI::App app;
    const std::vector<Command> commands = declare_program(app);
    std::ofstream file(argv[2], std::ios::binary);
    file << make(outline_of(app));
    if (!file.flush()) {
        std::cerr << "make-completion: cannot write " << argv[2] << '\n';
        return 1;
    }
    return 0;
}
