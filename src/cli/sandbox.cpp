#include "sandbox.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

namespace slimimg::cli {
namespace {

namespace fs = std::filesystem;

// A sanitizer's runtime traces its own process, reads /proc and starts programs.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool has_sanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool has_sanitizer = true;
#else
constexpr bool has_sanitizer = false;
#endif
#else
constexpr bool has_sanitizer = false;
#endif

// ---- Landlock: which files. landlock(7), Linux: Documentation/userspace-api/landlock.rst

constexpr int least_version = 2;  // Linux 5.19: before, no link or rename goes to another folder
constexpr std::uint64_t truncate_right = 1ULL << 14;  // LANDLOCK_ACCESS_FS_TRUNCATE of version 3
constexpr std::uint64_t read_rights = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t write_rights = LANDLOCK_ACCESS_FS_WRITE_FILE | truncate_right;
/// All that can be asked of what is no folder.
constexpr std::uint64_t file_rights = LANDLOCK_ACCESS_FS_READ_FILE | write_rights;
constexpr std::uint64_t spool_rights =
    read_rights | write_rights | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE;
constexpr std::uint64_t output_rights = spool_rights | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                        LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |
                                        LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                        LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t device_rights =
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK;

/// What the C library and those above it read late: modules for character sets, the time zone, the
/// number of processors. None holds a secret.
constexpr std::array<const char*, 8> system_places = {"/lib",
                                                      "/lib64",
                                                      "/usr/lib",
                                                      "/usr/lib64",
                                                      "/etc/localtime",
                                                      "/etc/ld.so.cache",
                                                      "/usr/share/zoneinfo",
                                                      "/sys/devices/system/cpu"};

/// The version of its interface; 0 where the kernel has none or it is switched off.
int landlock_version() {
    const long version =
        syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version < 0 ? 0 : static_cast<int>(version);
}

class FileRules {
  public:
    explicit FileRules(int version) {
        handled_ = output_rights | device_rights | LANDLOCK_ACCESS_FS_EXECUTE;
        handled_ &= version < 3 ? ~truncate_right : ~std::uint64_t{0};
        const landlock_ruleset_attr attributes{.handled_access_fs = handled_};
        rules_ = FileDescriptor(static_cast<int>(
            syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0)));
    }

    /// What can't be opened is left: who uses it says so, in better words.
    void allow(const fs::path& path, std::uint64_t rights) const {
        const FileDescriptor place(open(path.c_str(), O_PATH | O_CLOEXEC));
        struct stat status {};
        if (!place || fstat(place.get(), &status) != 0) {
            return;
        }
        rights &= S_ISDIR(status.st_mode) ? handled_ : handled_ & file_rights;
        const landlock_path_beneath_attr rule{.allowed_access = rights, .parent_fd = place.get()};
        // A pipe is in no tree and needs no rule: EBADFD.
        syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    }

    [[nodiscard]] bool enforce() const {
        return syscall(SYS_landlock_restrict_self, rules_.get(), 0) == 0;
    }

  private:
    std::uint64_t handled_ = 0;
    FileDescriptor rules_;
};

/// Where an output is made before it takes its name.
fs::path folder_of(const fs::path& output) {
    std::error_code error;
    fs::path place = fs::weakly_canonical(fs::absolute(output), error);
    if (place.filename().empty()) {
        place = place.parent_path();  // "out/"
    }
    return place.parent_path();
}

bool limit_files(const Access& access) {
    const int version = landlock_version();
    if (version < least_version) {
        return false;
    }
    const FileRules rules(version);
    for (const char* const place : system_places) {
        rules.allow(place, read_rights);
    }
    for (const auto* const places : {&access.read, &access.images}) {
        for (const fs::path& place : *places) {
            rules.allow(place, read_rights);
        }
    }
    for (const auto* const outputs : {&access.outputs, &access.reports}) {
        for (const fs::path& output : *outputs) {
            if (is_stream(output)) {
                rules.allow(output, write_rights);
            } else {
                rules.allow(folder_of(output),
                            output_rights | (access.unpacks ? device_rights : 0));
            }
        }
    }
    for (const fs::path& file : access.appended) {
        std::error_code error;
        if (fs::exists(file, error)) {
            rules.allow(file, write_rights);
        } else {
            rules.allow(folder_of(file), output_rights);
        }
    }
    for (const fs::path& folder : access.spool) {
        rules.allow(folder, spool_rights);
    }
    return rules.enforce();
}

// ---- seccomp: which system calls. seccomp(2)

#if defined(__x86_64__)
constexpr std::uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t machine = AUDIT_ARCH_AARCH64;
#elif defined(__riscv) && __riscv_xlen == 64
constexpr std::uint32_t machine = AUDIT_ARCH_RISCV64;
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
constexpr std::uint32_t machine = AUDIT_ARCH_PPC64LE;
#elif defined(__s390x__)
constexpr std::uint32_t machine = AUDIT_ARCH_S390X;
#else
constexpr std::uint32_t machine = 0;  // no filter
#endif

/// Refused, all others go: a list of what is allowed would break with the next C library.
constexpr long refused_calls[] = {
    // the network, and other processes by sockets
    SYS_socket, SYS_socketpair, SYS_connect, SYS_bind, SYS_listen, SYS_accept4,
#ifdef SYS_accept
    SYS_accept,
#endif
    SYS_sendto, SYS_sendmsg, SYS_sendmmsg,
    // what does system calls past this filter
    SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
    // other programs
    SYS_execve, SYS_execveat,
    // other processes
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_pidfd_getfd, SYS_kcmp,
    SYS_process_madvise,
    // other views of the files
    SYS_open_by_handle_at, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_unshare,
    SYS_setns, SYS_fsopen, SYS_fsmount, SYS_open_tree, SYS_move_mount,
    // the kernel
    SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_keyctl, SYS_add_key, SYS_request_key,
    SYS_init_module, SYS_finit_module, SYS_delete_module, SYS_kexec_load, SYS_reboot, SYS_swapon,
    SYS_swapoff};

constexpr std::uint32_t refuse = SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(EPERM);

/// A program of the classic BPF: jumps count from the next instruction.
std::vector<sock_filter> make_filter() {
    constexpr std::uint16_t load = BPF_LD | BPF_W | BPF_ABS;
    constexpr std::uint16_t jump_if_equal = BPF_JMP | BPF_JEQ | BPF_K;
    constexpr std::uint16_t give = BPF_RET | BPF_K;
    std::vector<sock_filter> filter{{load, 0, 0, offsetof(seccomp_data, arch)},
                                    {jump_if_equal, 1, 0, machine},
                                    {give, 0, 0, refuse},  // the same calls have other numbers
                                    {load, 0, 0, offsetof(seccomp_data, nr)}};
#if defined(__x86_64__)
    constexpr std::uint32_t x32_calls = 0x40000000;
    filter.push_back({BPF_JMP | BPF_JGE | BPF_K, 0, 1, x32_calls});
    filter.push_back({give, 0, 0, refuse});
#endif
    for (const long call : refused_calls) {
        filter.push_back({jump_if_equal, 0, 1, static_cast<std::uint32_t>(call)});
        filter.push_back({give, 0, 0, refuse});
    }
    filter.push_back({give, 0, 0, SECCOMP_RET_ALLOW});
    return filter;
}

bool limit_calls() {
    if (machine == 0) {
        return false;
    }
    std::vector<sock_filter> filter = make_filter();
    const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                             .filter = filter.data()};
    // The kernel's defence against programs that guess at memory by timing costs much and guards
    // from code that is loaded; none is.
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW,
                   &program) == 0;
}

[[noreturn]] void throw_no_sandbox(const std::string& why) {
    throw Error(Exit::internal, "no-sandbox", "--sandbox require: " + why,
                "take --sandbox auto, which does what the system lets it do");
}

}  // namespace

void enter_sandbox(const std::string& choice, const Access& access) {
    const bool required = choice == "require";
    if (choice == "none" || (has_sanitizer && !required)) {
        return;
    }
    if (has_sanitizer) {
        throw_no_sandbox("this program was built with a sanitizer, which needs more");
    }
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 && required) {
        throw_no_sandbox("the kernel does not let a process give up new privileges");
    }
    if (!limit_files(access) && required) {
        throw_no_sandbox("the kernel has no Landlock of Linux 5.19 or later, or it is off");
    }
    if (!limit_calls() && required) {
        throw_no_sandbox("the kernel takes no seccomp filter");
    }
}

}  // namespace slimimg::cli
