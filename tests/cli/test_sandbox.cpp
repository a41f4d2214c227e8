#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"

#include "cli/sandbox.hpp"
#include "support/command.hpp"

namespace fs = std::filesystem;
using slimimg::Error;
using slimimg::cli::Access;
using slimimg::cli::enter_sandbox;

namespace {

/// What `work` says in a process that has entered the sandbox; the error where it can't.
std::string say_inside(const std::string& choice, const Access& access,
                       const std::function<std::string()>& work) {
    int ends[2];
    REQUIRE(pipe(ends) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::string said;
        try {
            enter_sandbox(choice, access);
            said = work();
        } catch (const Error& error) {
            said = error.message();
        }
        _exit(write(ends[1], said.data(), said.size()) < 0 ? 1 : 0);
    }
    close(ends[1]);
    std::string said;
    char buffer[1024];
    for (ssize_t got = 0; (got = read(ends[0], buffer, sizeof(buffer))) > 0;) {
        said.append(buffer, static_cast<std::size_t>(got));
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    return said;
}

/// "" where the sandbox is to be had here.
std::string missing() {
    return say_inside("require", {}, [] { return std::string(); });
}

/// "socket: Operation not permitted\n"
std::string outcome(const std::string& what, long result) {
    return what + ": " + (result < 0 ? std::strerror(errno) : "done") + "\n";
}

std::string try_open(const fs::path& path, int flags) {
    const int fd = open(path.c_str(), flags, 0600);
    const std::string said = outcome(path.filename().string(), fd);
    close(fd);
    return said;
}

void make_file(const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "text";
}

}  // namespace

TEST_CASE("inside the sandbox are no network, no other programs and no other processes") {
    if (const std::string why = missing(); !why.empty()) {
        MESSAGE(why);
        return;
    }
    const auto calls = [] {
        char* const arguments[] = {nullptr};
        std::string said = outcome("socket", socket(AF_INET, SOCK_STREAM, 0));
        said += outcome("local socket", socket(AF_UNIX, SOCK_STREAM, 0));
        said += outcome("connect", connect(0, nullptr, 0));
        said += outcome("execve", execve("/bin/true", arguments, arguments));
        said += outcome("execveat", syscall(SYS_execveat, 0, "", arguments, arguments, 0x1000));
        said += outcome("ptrace", ptrace(PTRACE_ATTACH, getppid(), nullptr, nullptr));
        said += outcome("io_uring", syscall(SYS_io_uring_setup, 1, nullptr));
        said += outcome("unshare", syscall(SYS_unshare, 0));
#if defined(__x86_64__)
        said += outcome("x32", syscall(0x40000000 + SYS_getpid));
#endif
        return said;
    };
    std::string of_thread;
    const std::string said = say_inside("require", {}, [&] {
        std::thread([&] { of_thread = calls(); }).join();
        return calls() + of_thread;
    });
    INFO(said);
    std::ptrdiff_t refused = 0;
    for (std::size_t at = 0; (at = said.find(": Operation not permitted\n", at)) != said.npos;) {
        ++refused;
        ++at;
    }
    CHECK(refused == std::count(said.begin(), said.end(), '\n'));
    CHECK(refused >= 16);
}

TEST_CASE("inside the sandbox only what was named is read and written") {
    if (const std::string why = missing(); !why.empty()) {
        MESSAGE(why);
        return;
    }
    const test::TemporaryFolder folder;
    const fs::path& root = folder.path();
    for (const char* const name :
         {"image.tar", "secret", "layout/blobs/blob", "out/old.tar", "logs/summary", "logs/path"}) {
        make_file(root / name);
    }
    fs::create_directory(root / "spool");
    const Access access{.read = {root / "image.tar", root / "layout", root / "not there", "-", ""},
                        .outputs = {root / "out/slim.tar", "/dev/null"},
                        .appended = {root / "logs/summary"},
                        .spool = {root / "spool"}};
    const std::string said = say_inside("require", access, [&] {
        std::string text = try_open(root / "image.tar", O_RDONLY);
        text += try_open(root / "layout/blobs/blob", O_RDONLY);
        text += try_open(root / "layout", O_RDONLY | O_DIRECTORY);
        text += try_open(root / "out/slim.tar.X", O_RDWR | O_CREAT | O_TRUNC);
        text += outcome("rename",
                        rename((root / "out/slim.tar.X").c_str(), (root / "out/slim.tar").c_str()));
        text += outcome("remove", unlink((root / "out/slim.tar").c_str()));
        text += try_open(root / "logs/summary", O_WRONLY | O_APPEND);
        text += try_open(root / "spool", O_RDWR | O_TMPFILE);
        text += try_open("/dev/null", O_WRONLY);
        text += "refused\n";
        text += try_open(root / "secret", O_RDONLY);
        text += try_open("/etc/passwd", O_RDONLY);
        text += try_open(root, O_RDONLY | O_DIRECTORY);
        text += try_open(root / "image.tar", O_WRONLY);
        text += try_open(root / "layout/new", O_RDWR | O_CREAT);
        text += try_open(root / "logs/path", O_WRONLY | O_APPEND);
        text += try_open(root / "new", O_RDWR | O_CREAT);
        text += outcome("remove", unlink((root / "secret").c_str()));
        text += outcome("mkdir", mkdir((root / "made").c_str(), 0700));
        text += outcome("link", symlink("/etc/passwd", (root / "a link").c_str()));
        text += outcome("device", mknod((root / "out/device").c_str(), S_IFCHR | 0600, 0x103));
        return text;
    });
    CHECK(said ==
          "image.tar: done\nblob: done\nlayout: done\nslim.tar.X: done\nrename: done\n"
          "remove: done\nsummary: done\nspool: done\nnull: done\n"
          "refused\n"
          "secret: Permission denied\npasswd: Permission denied\n" +
              root.filename().string() +
              ": Permission denied\n"
              "image.tar: Permission denied\nnew: Permission denied\npath: Permission denied\n"
              "new: Permission denied\nremove: Permission denied\nmkdir: Permission denied\n"
              "link: Permission denied\ndevice: Permission denied\n");
    CHECK(fs::exists(root / "secret"));
}

TEST_CASE("without the sandbox a process is as it was") {
    const std::string said =
        say_inside("none", {}, [] { return outcome("socket", socket(AF_UNIX, SOCK_STREAM, 0)); });
    CHECK(said == "socket: done\n");
}
