#include "support/command.hpp"

#include <array>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace test {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> result;
    for (const std::string& text : texts) {
        result.push_back(const_cast<char*>(text.c_str()));
    }
    result.push_back(nullptr);
    return result;
}

/// A plain command, without the cost of a copy of this process.
pid_t spawn(const Command& command, int out) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
    posix_spawn_file_actions_addchdir_np(&actions, command.workdir.c_str());
    const std::vector<char*> argv = pointers(command.argv);
    const std::vector<char*> env = pointers(command.env);
    pid_t child = -1;
    const int failed = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), env.data());
    posix_spawn_file_actions_destroy(&actions);
    return failed == 0 ? child : -1;
}

[[noreturn]] void become(const Command& command, int out) {
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    if (command.root != "/") {
        // Without root rights a user namespace lends that of chroot.
        const bool allowed = geteuid() == 0 || unshare(CLONE_NEWUSER) == 0;
        if (!allowed || chroot(command.root.c_str()) != 0) {
            _exit(127);
        }
    }
    if (chdir(command.workdir.c_str()) != 0 ||
        (command.uid != 0 && (setgid(command.uid) != 0 || setuid(command.uid) != 0))) {
        _exit(127);
    }
    const std::vector<char*> argv = pointers(command.argv);
    const std::vector<char*> env = pointers(command.env);
    execvpe(argv[0], argv.data(), env.data());
    _exit(127);
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "slimimg-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
        throw std::runtime_error("cannot make a temporary folder");
    }
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Output run(const Command& command) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw std::runtime_error("cannot make a pipe");
    }
    const bool plain = command.root == "/" && command.uid == 0;
    const pid_t child = plain ? spawn(command, ends[1]) : fork();
    if (child == 0) {
        become(command, ends[1]);
    }
    close(ends[1]);
    Output output;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;) {
        output.text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    close(ends[0]);
    int status = 0;
    if (child > 0 && waitpid(child, &status, 0) == child) {
        output.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    return output;
}

}  // namespace test
