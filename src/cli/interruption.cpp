#include "interruption.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/temporary.hpp"

#include "surroundings.hpp"

namespace slimimg::cli {
namespace {

enum class Event : std::uint64_t { stop = 1, bus_error = 1000 };

/// What the handler of SIGBUS can reach: handlers have no arguments of ours.
volatile std::sig_atomic_t bus_error_fd = -1;

void send(int fd, Event event) {
    const auto value = static_cast<std::uint64_t>(event);
    // Nothing can be done where this fails.
    static_cast<void>(!write(fd, &value, sizeof(value)));
}

/// The thread that read the mapping can't go on; the watcher ends the process meanwhile.
extern "C" void on_bus_error(int /*signal*/) {
    send(bus_error_fd, Event::bus_error);
    for (;;) {
        pause();
    }
}

/// Those of the signals that whoever started us did not ask us to ignore, as nohup does.
sigset_t signals_to_watch() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action {};
        if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) {
            sigaddset(&set, signal);
        }
    }
    return set;
}

void tell(std::string line) {
    if (is_capable_terminal(STDERR_FILENO)) {
        line = "\r\x1b[K" + line;  // in place of what the progress has drawn
    }
    static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
}

/// So that shells see what it was. The first process of a container outlives it.
void raise_unblocked(int signal) {
    std::signal(signal, SIG_DFL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    raise(signal);
}

[[noreturn]] void end_by(int signal) {
    const bool gone = remove_temporaries();
    tell("slimimg: ended by " +
         std::string(sigabbrev_np(signal) == nullptr ? "a signal"
                                                     : "SIG" + std::string(sigabbrev_np(signal))) +
         (gone ? ", nothing half-written is left\n"
               : ", and a temporary file or folder beside the output can't be removed\n"));
    raise_unblocked(signal);
    _exit(128 + signal);
}

[[noreturn]] void end_by_bus_error() {
    remove_temporaries();
    tell(
        "slimimg: a file can't be read any more: it was cut short meanwhile, or its disk failed "
        "or is full\n");
    _exit(static_cast<int>(Exit::internal));
}

}  // namespace

Interruption::Interruption() : events_(eventfd(0, EFD_CLOEXEC)) {
    const sigset_t set = signals_to_watch();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = FileDescriptor(signalfd(-1, &set, SFD_CLOEXEC));
    if (!signals_ || !events_) {
        throw_errno("cannot watch", "signals");
    }
    bus_error_fd = events_.get();
    std::signal(SIGBUS, on_bus_error);
    watcher_ = std::thread([this] { watch(); });
}

Interruption::~Interruption() {
    send(events_.get(), Event::stop);
    watcher_.join();
    std::signal(SIGBUS, SIG_DFL);
}

void Interruption::watch() const {
    std::array<pollfd, 2> sources{{{.fd = signals_.get(), .events = POLLIN, .revents = 0},
                                   {.fd = events_.get(), .events = POLLIN, .revents = 0}}};
    for (;;) {
        if (poll(sources.data(), sources.size(), -1) < 0 && errno != EINTR) {
            return;
        }
        std::uint64_t event = 0;
        if ((sources[1].revents & POLLIN) != 0 &&
            read(events_.get(), &event, sizeof(event)) == sizeof(event)) {
            if (event >= static_cast<std::uint64_t>(Event::bus_error)) {
                end_by_bus_error();
            }
            return;
        }
        signalfd_siginfo signal{};
        if ((sources[0].revents & POLLIN) != 0 &&
            read(signals_.get(), &signal, sizeof(signal)) == sizeof(signal)) {
            end_by(static_cast<int>(signal.ssi_signo));
        }
    }
}

void fill_standard_descriptors() {
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(fd, F_GETFD) < 0) {
            // The lowest free number is this one.
            static_cast<void>(open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

bool ignore_write_signals() {
    std::signal(SIGXFSZ, SIG_IGN);
    return std::signal(SIGPIPE, SIG_IGN) != SIG_IGN;
}

int end_by_closed_pipe() {
    raise_unblocked(SIGPIPE);
    return 128 + SIGPIPE;
}

}  // namespace slimimg::cli
