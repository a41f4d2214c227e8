// Runs the program on COUNT damaged images, each in a process of its own under limits of time and
// memory, and judges how it ends:
//
//   sweep COUNT SEED FOLDER JOBS   FOLDER is for scratch files, and gets the inputs that were
//   failed
//                                  on; JOBS run at a time
//   sweep --write SEED FILE        writes the image of this seed; prints the command for it
//
// What may happen is success and the exit codes of bad input and of what a damaged image may lack,
// an error told in one line, no file left but a whole target. The last line is "N passed, N
// failed".
#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
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
    const int input = open((folder / "image").c_str(), O_RDONLY);
    const int null = open("/dev/null", O_WRONLY);
    const int error = open((folder / "error").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(input, STDIN_FILENO);
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

bool is_allowed(int code, const std::string& command) {
    return code == 0 || code == 2 || code == 3 || code == 4 ||
           (code == 1 && (command == "check" || command == "diff"));
}

/// What is wrong with an outcome; empty where nothing is.
std::string complaint(const Outcome& outcome, const fuzz::Damaged& damaged, const fs::path& out) {
    if (WIFSIGNALED(outcome.status)) {
        const int signal = WTERMSIG(outcome.status);
        return signal == SIGXCPU || signal == SIGKILL ? "it took more than 10 s"
               : signal == SIGALRM                    ? "it waits for what never comes"
                                                      : "ended by signal " + std::to_string(signal);
    }
    const int code = WEXITSTATUS(outcome.status);
    // An image may inflate to more than this program lets a file have: the disk is full, then.
    const bool full = code == 5 && outcome.error.find("File too large") != std::string::npos;
    if (!full && !is_allowed(code, damaged.command.front())) {
        return "exit code " + std::to_string(code);
    }
    const bool one_line = outcome.error.starts_with("slimimg: ") &&
                          outcome.error.find('\n') == outcome.error.size() - 1;
    // Of its several images check tells in its report what was wrong with which; so do gates.
    const bool told = (code == 1 || damaged.command.front() == "check") && outcome.error.empty();
    if (code == 0 ? !outcome.error.empty() : !one_line && !told) {
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
        const std::string name = "@" + entry.path().filename().string();
        const auto& words = damaged.command;
        if (std::find(words.begin(), words.end(), name) == words.end() ||
            (name == fuzz::target_word && code != 0)) {
            return "it left " + name.substr(1);
        }
    }
    return {};
}

std::vector<std::string> arguments_of(const fuzz::Damaged& damaged, const fs::path& image,
                                      const fs::path& out) {
    std::vector<std::string> arguments{"slimimg"};
    for (const std::string& word : damaged.command) {
        arguments.push_back(word == fuzz::image_word ? image.string()
                            : word.starts_with('@')  ? (out / word.substr(1)).string()
                                                     : word);
    }
    return arguments;
}

void write(const fs::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
}

int write_one(std::uint64_t seed, const std::string& file) {
    const fuzz::Damaged damaged = fuzz::damaged_image(seed);
    write(file, damaged.archive);
    for (const std::string& word : arguments_of(damaged, file, "")) {
        std::cout << word << ' ';
    }
    std::cout << "< " << file << "\n# " << damaged.what << '\n';
    return 0;
}

/// What a job counts. It lies in memory that is shared with the process that adds them up.
struct Tally {
    std::array<std::uint64_t, 257> codes{};  ///< inputs by exit code; the last: ended by a signal
    std::uint64_t failed = 0;
    long kilobytes = 0;
    double seconds = 0;

    void add(const Tally& other) {
        for (std::size_t code = 0; code < codes.size(); ++code) {
            codes[code] += other.codes[code];
        }
        failed += other.failed;
        kilobytes = std::max(kilobytes, other.kilobytes);
        seconds = std::max(seconds, other.seconds);
    }
};

/// Seeds from `first` to before `end`, each `step`th of them.
struct Seeds {
    std::uint64_t first;
    std::uint64_t end;
    std::uint64_t step;
};

void run_seeds(const Seeds& seeds, const fs::path& folder, const fs::path& findings, Tally& tally) {
    const fs::path image = folder / "image";
    const fs::path out = folder / "out";
    for (std::uint64_t seed = seeds.first; seed < seeds.end; seed += seeds.step) {
        fs::remove_all(out);
        fs::create_directories(out);
        const fuzz::Damaged damaged = fuzz::damaged_image(seed);
        write(image, damaged.archive);
        const Outcome outcome = run(folder, arguments_of(damaged, image, out));
        tally.seconds = std::max(tally.seconds, outcome.seconds);
        tally.kilobytes = std::max(tally.kilobytes, outcome.kilobytes);
        ++tally.codes[WIFEXITED(outcome.status) ? WEXITSTATUS(outcome.status) : 256];
        if (const std::string wrong = complaint(outcome, damaged, out); !wrong.empty()) {
            ++tally.failed;
            std::cout << "seed " + std::to_string(seed) + ": " + wrong + "\n" +
                             outcome.error.substr(0, 3000) + "\n"
                      << std::flush;
            write(findings / ("failed-" + std::to_string(seed) + ".tar"), damaged.archive);
        }
    }
    fs::remove_all(folder);
}

/// The seeds are dealt to jobs, each a process with a folder of its own.
int sweep(std::uint64_t count, std::uint64_t first, const fs::path& folder, std::uint64_t jobs) {
    void* const memory = mmap(nullptr, jobs * sizeof(Tally), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {  // NOLINT(performance-no-int-to-ptr): the macro's own cast
        throw std::runtime_error("no memory for the tallies");
    }
    const std::span<Tally> tallies(static_cast<Tally*>(memory), jobs);
    const auto begun = std::chrono::steady_clock::now();
    std::vector<pid_t> running;
    for (std::uint64_t job = 0; job < jobs; ++job) {
        running.push_back(fork());
        if (running.back() == 0) {
            const fs::path own = folder / ("job-" + std::to_string(job));
            fs::create_directories(own);
            run_seeds({first + job, first + count, jobs}, own, folder, tallies[job]);
            _exit(0);
        }
    }
    Tally sum;
    for (std::uint64_t job = 0; job < jobs; ++job) {
        int status = -1;
        waitpid(running[job], &status, 0);
        sum.add(tallies[job]);
        if (status != 0) {
            std::cout << "job " << job << " broke off\n";
            ++sum.failed;
        }
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::cout << count << " inputs in " << static_cast<std::uint64_t>(took.count())
              << " s; exit codes:";
    for (std::size_t code = 0; code < sum.codes.size(); ++code) {
        if (sum.codes[code] > 0) {
            std::cout << ' ' << (code == 256 ? "signal" : std::to_string(code)) << ": "
                      << sum.codes[code] << ',';
        }
    }
    const std::uint64_t judged = std::accumulate(sum.codes.begin(), sum.codes.end(), 0ULL);
    std::cout << " at most " << sum.kilobytes / 1024 << " MiB and "
              << static_cast<int>(sum.seconds * 1000) << " ms\n"
              << judged - std::min(judged, sum.failed) << " passed, " << sum.failed << " failed"
              << std::endl;
    return sum.failed == 0 && judged == count ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const auto number = [&](std::size_t at) {
        return std::strtoull(arguments[at].c_str(), nullptr, 10);
    };
    if (arguments.size() == 3 && arguments[0] == "--write") {
        return write_one(number(1), arguments[2]);
    }
    if (arguments.size() != 4 || number(3) == 0) {
        std::cerr << "usage: sweep COUNT SEED FOLDER JOBS\n";
        return 2;
    }
    return sweep(number(0), number(1), arguments[2], number(3));
}
