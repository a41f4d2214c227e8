#include <array>
#include <string>
#include <string_view>

#include "slimimg/base/path.hpp"

#include "slim/accounts.hpp"
#include "slim/build_time.hpp"
#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

struct Expected {
    std::string_view path;
    std::uint16_t mode;
    std::string_view why;
};

/// Engines mount on these, and write resolv.conf, hosts and hostname below /etc; where the root is
/// read-only they can't be made any more (OCI runtime-spec, "Default Filesystems").
constexpr std::array<Expected, 6> always{{
    {"/dev", 0755, "engines mount devices on it"},
    {"/etc", 0755, "engines put hosts, hostname and resolv.conf there"},
    {"/proc", 0555, "engines mount proc on it"},
    {"/run", 0755, "engines and programs put files of the running system there"},
    {"/sys", 0555, "engines mount sysfs on it"},
    {"/tmp", 01777, "any program may write temporary files"},
}};

/// Further names of those and places to write to (Filesystem Hierarchy Standard 3.0): folders only,
/// where the image has them.
constexpr std::array<Expected, 17> where_there{{
    {"/home", 0, "homes may be made there"},
    {"/media", 0, "volumes are mounted there"},
    {"/mnt", 0, "volumes are mounted there"},
    {"/opt", 0, "applications may be put there"},
    {"/run/lock", 0, "programs lock files there"},
    {"/srv", 0, "data may be put there"},
    {"/var/backups", 0, "scripts copy files there"},
    {"/var/cache", 0, "programs make their caches there"},
    {"/var/lib", 0, "programs keep their state there"},
    {"/var/local", 0, "programs keep their state there"},
    {"/var/lock", 0, "another name of /run/lock"},
    {"/var/log", 0, "programs write their logs there"},
    {"/var/mail", 0, "programs deliver mail there"},
    {"/var/opt", 0, "applications keep their state there"},
    {"/var/run", 0, "another name of /run"},
    {"/var/spool", 0, "programs make their queues there"},
    {"/var/tmp", 0, "any program may write temporary files"},
}};

/// Where the program's HOME is: as set in the image, else as engines look it up.
std::string home_of(const rootfs::Rootfs& rootfs, const image::Config& config) {
    if (const auto home = config.env_value("HOME")) {
        return std::string(*home);
    }
    const Slice passwd = passwd_of(rootfs);
    const auto account = find_account(passwd.text(), user_of(config));
    return account ? std::string(account->home) : std::string();
}

bool has_folder(const rootfs::Rootfs& rootfs, std::string_view path) {
    const auto node = rootfs.resolve(path).node;
    return node && rootfs[*node].is_directory();
}

}  // namespace

void add_root_folders(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config) {
    const archive::Timestamp now{build_time(config).seconds, 0};
    const auto put = [&](std::string_view path, std::uint16_t mode, std::string_view why) {
        put_folder(plan, rootfs, path, {mode, now, std::string(why)});
    };
    if (find_item(plan, "/") == nullptr) {
        put_item(plan, item_of(rootfs, 0, "the root itself"));
    }
    for (const Expected& folder : always) {
        put(folder.path, folder.mode, folder.why);
    }
    for (const Expected& folder : where_there) {
        if (has_folder(rootfs, folder.path)) {
            put(folder.path, folder.mode, folder.why);
        }
    }
    if (const std::string home = home_of(rootfs, config);
        home.starts_with('/') && has_folder(rootfs, home)) {
        put(home, 0755, "home of the user that the program runs as");
    }
    if (!config.workdir.empty()) {
        put(path::normalize(config.workdir), 0755, "WORKDIR");
    }
    for (const std::string& volume : config.volumes) {
        put(path::normalize(volume), 0755, "VOLUME");
    }
}

}  // namespace slimimg::slim
