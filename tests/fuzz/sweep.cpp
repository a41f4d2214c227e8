// Runs the program on COUNT damaged images, each in a process of its own under limits of time and
// memory, and judges how it ends:
//
//   sweep COUNT SEED FOLDER     FOLDER is for scratch files, and gets the inputs that were failed
//   on sweep --write SEED FILE     writes the image of this seed; prints the command for it
//
// What may happen is success and the exit codes of bad input and of what a damaged image may lack,
// an error told in one line, no file left but a whole target. The last line is "N passed, N
// failed".
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz/damage.hpp"

/// The program's main(), which the build has renamed.
int slimimg_main(int argc, char** argv);

namespace {

namespace fs = std::filesystem;

constexpr rlim_t most_seconds = 10;        // of the processor's time: other work is not its fault
constexpr unsigned longest_wait = 300;     // for what never comes
constexpr long most_kilobytes = 1L << 20;  // a sanitizer's own share counted in
constexpr std::uint64_t most_file_bytes = 1ULL << 28;

struct Outcome {
    int status = 0;
    long kilobytes = 0;
    double seconds = 0;  ///< of the processor
    std::string error;
};

[[noreturn]] void run_child(const fs::path& folder, std::vector<std::string> arguments) {
    const int null = open("/dev/null", O_RDWR);
    const int error = open((folder / "error").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(error, STDERR_FILENO);
    const rlimit file_limit{most_file_bytes, most_file_bytes};
    setrlimit(RLIMIT_FSIZE, &file_limit);
    const rlimit time_limit{most_seconds, most_seconds};
    setrlimit(RLIMIT_CPU, &time_limit);
    alarm(longest_wait);
    std::vector<char*> argv;
    for (std::string& argument : arguments) {
        argv.push_back(argument.data());
    }
    argv.push_back(nullptr);
    const int code = slimimg_main(static_cast<int>(arguments.size()), argv.data());
    std::fflush(nullptr);
    _exit(code);  // a leak check for each would take longer than all else
}

std::string text_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Outcome run(const fs::path& folder, const std::vector<std::string>& arguments) {
    const pid_t child = fork();
    if (child == 0) {
        run_child(folder, arguments);
    }
    Outcome outcome;
    rusage usage{};
    wait4(child, &outcome.status, 0, &usage);
    outcome.kilobytes = usage.ru_maxrss;
    for (const timeval& time : {usage.ru_utime, usage.ru_stime}) {
        outcome.seconds +=
            static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    }
    outcome.error = text_of(folder / "error");
    return outcome;
}

/// What is wrong with an outcome; empty where nothing is.
std::string complaint(const Outcome& outcome, const fs::path& out) {
    if (WIFSIGNALED(outcome.status)) {
        const int signal = WTERMSIG(outcome.status);
        return signal == SIGXCPU || signal == SIGKILL ? "it took more than 10 s"
               : signal == SIGALRM                    ? "it waits for what never comes"
                                                      : "ended by signal " + std::to_string(signal);
    }
    const int code = WEXITSTATUS(outcome.status);
    if (code != 0 && code != 2 && code != 3 && code != 4) {
        return "exit code " + std::to_string(code);
    }
    const bool one_line = outcome.error.starts_with("slimimg: ") &&
                          outcome.error.find('\n') == outcome.error.size() - 1;
    if (code == 0 ? !outcome.error.empty() : !one_line) {
        return "standard error is not one line";
    }
    for (const char c : outcome.error) {
        if ((c >= 0 && c < ' ' && c != '\n') || c == 0x7f) {
            return "a control character reaches the terminal";
        }
    }
    if (outcome.kilobytes > most_kilobytes) {
        return "it took " + std::to_string(outcome.kilobytes) + " KiB of memory";
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(out)) {
        if (entry.path().filename() != "slim" || code != 0) {
            return "it left " + entry.path().filename().string();
        }
    }
    return {};
}

std::vector<std::string> arguments_of(const fuzz::Damaged& damaged, const std::string& image,
                                      const std::string& target) {
    std::vector<std::string> arguments{"slimimg", damaged.command[0], image};
    arguments.insert(arguments.end(), damaged.command.begin() + 1, damaged.command.end());
    if (damaged.command[0] == "rebuild") {
        arguments.insert(arguments.end(), {"-o", target});
    }
    return arguments;
}

void write(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

int write_one(std::uint64_t seed, const std::string& file) {
    const fuzz::Damaged damaged = fuzz::damaged_image(seed);
    write(file, damaged.archive);
    for (const std::string& word : arguments_of(damaged, file, "slim")) {
        std::cout << word << ' ';
    }
    std::cout << "\n# " << damaged.what << '\n';
    return 0;
}

int sweep(std::uint64_t count, std::uint64_t first, const fs::path& folder) {
    const fs::path image = folder / "image.tar";
    const fs::path out = folder / "out";
    std::map<int, std::uint64_t> codes;
    std::uint64_t failed = 0;
    long kilobytes = 0;
    double slowest = 0;
    const auto begun = std::chrono::steady_clock::now();
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        fs::remove_all(out);
        fs::create_directories(out);
        const fuzz::Damaged damaged = fuzz::damaged_image(seed);
        write(image, damaged.archive);
        const Outcome outcome = run(folder, arguments_of(damaged, image, out / "slim"));
        slowest = std::max(slowest, outcome.seconds);
        kilobytes = std::max(kilobytes, outcome.kilobytes);
        ++codes[WIFEXITED(outcome.status) ? WEXITSTATUS(outcome.status) : -1];
        if (const std::string wrong = complaint(outcome, out); !wrong.empty()) {
            ++failed;
            std::cout << "seed " << seed << ": " << wrong << "\n"
                      << outcome.error.substr(0, 3000) << std::endl;
            write(folder / ("failed-" + std::to_string(seed) + ".tar"), damaged.archive);
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::cout << count << " inputs in " << static_cast<std::uint64_t>(took.count())
              << " s; exit codes:";
    for (const auto& [code, times] : codes) {
        std::cout << ' ' << code << ": " << times << ',';
    }
    std::cout << " at most " << kilobytes / 1024 << " MiB and " << static_cast<int>(slowest * 1000)
              << " ms\n"
              << count - failed << " passed, " << failed << " failed" << std::endl;
    return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 3 && arguments[0] == "--write") {
        return write_one(std::strtoull(arguments[1].c_str(), nullptr, 10), arguments[2]);
    }
    if (arguments.size() != 3) {
        std::cerr << "usage: sweep COUNT SEED FOLDER\n";
        return 2;
    }
    return sweep(std::strtoull(arguments[0].c_str(), nullptr, 10),
                 std::strtoull(arguments[1].c_str(), nullptr, 10), arguments[2]);
}
