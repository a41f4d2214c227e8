#include <algorithm>
#include <charconv>
#include <string>

#include "slimimg/base/path.hpp"

#include "slim/accounts.hpp"
#include "slim/plan.hpp"

namespace slimimg::slim {
namespace {

std::optional<std::uint64_t> number_of(std::string_view text) {
    std::uint64_t value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && stop == text.data() + text.size() && !text.empty()
               ? std::optional(value)
               : std::nullopt;
}

/// The number of the user that the image ran its program as; nothing for root.
std::optional<std::uint64_t> former_user(const rootfs::Rootfs& rootfs,
                                         const image::Config& config) {
    const std::string user = user_of(config);
    const Slice passwd = passwd_of(rootfs);
    const auto account = find_account(passwd.text(), user);
    const auto uid = number_of(account ? account->uid : user);
    return uid && *uid != 0 ? uid : std::nullopt;
}

/// Folders that are there to be written to: volumes with all they hold, the program's own folder,
/// and those of running data, below /var and /run, that nothing else is in.
class Written {
  public:
    Written(const Plan& plan, const image::Config& config) : plan_(plan) {
        for (const std::string& volume : config.volumes) {
            volumes_.push_back(path::normalize(volume));
        }
        workdir_ = path::normalize(config.workdir);
    }

    [[nodiscard]] bool has(std::size_t index) const {
        const PlanItem& item = plan_.items[index];
        const bool in_volume = std::any_of(
            volumes_.begin(), volumes_.end(),
            [&](const std::string& volume) { return path::is_within(item.path, volume); });
        if (in_volume || item.header.type != archive::EntryType::directory) {
            return in_volume;
        }
        const bool is_workdir = item.path == workdir_ && !path::components(workdir_).empty() &&
                                !path::is_within(workdir_, "/usr") &&
                                !path::is_within(workdir_, "/etc");
        return is_workdir || (is_running_data(item.path) && is_empty(index));
    }

  private:
    static bool is_running_data(std::string_view path) {
        return path::components(path).size() > 2 &&
               (path::is_within(path, "/var") || path::is_within(path, "/run"));
    }
    [[nodiscard]] bool is_empty(std::size_t index) const {
        return index + 1 == plan_.items.size() ||
               !path::is_within(plan_.items[index + 1].path, plan_.items[index].path);
    }

    const Plan& plan_;
    std::vector<std::string> volumes_;
    std::string workdir_;
};

}  // namespace

void give_to_nonroot(Plan& plan, const rootfs::Rootfs& rootfs, const image::Config& config) {
    const auto former = former_user(rootfs, config);
    const Written written(plan, config);
    for (std::size_t i = 0; i < plan.items.size(); ++i) {
        PlanItem& item = plan.items[i];
        const bool was_users = former && item.header.uid == *former;
        if (!was_users && !written.has(i)) {
            continue;
        }
        item.header.uid = nonroot_id;
        item.header.gid = nonroot_id;
        add_why(item, was_users ? "was the former user's, given to nonroot"
                                : "to be written to, given to nonroot");
    }
}

}  // namespace slimimg::slim
