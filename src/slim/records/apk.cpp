#include <algorithm>
#include <array>
#include <map>

#include "slimimg/base/digest.hpp"
#include "slimimg/base/path.hpp"

#include "slim/plan.hpp"
#include "slim/records/records.hpp"

namespace slimimg::slim {
namespace {

/// Where the database is looked for; one may lead to the other.
constexpr std::array<std::string_view, 2> folders = {"/lib/apk/db", "/usr/lib/apk/db"};

/// Cuts one record; the lines of a folder (F:) and of a file in it (R:) have further lines that go
/// with them: M: behind F:, a: and Z: behind R: (apk-package(5)).
class Cutter {
  public:
    Cutter(const closure::Package& package, const KeptFiles& kept, const Plan& plan,
           const rootfs::Rootfs& rootfs)
        : package_(package), kept_(kept), plan_(plan), rootfs_(rootfs) {}

    std::string run() {
        std::string_view text = package_.record.text.text();
        while (!text.empty()) {
            const std::size_t end = std::min(text.find('\n'), text.size());
            line(text.substr(0, end));
            text.remove_prefix(std::min(end + 1, text.size()));
        }
        return std::move(result_);
    }

  private:
    void line(std::string_view line) {
        const char type = line.size() > 1 && line[1] == ':' ? line[0] : '\0';
        if (type == 'F') {
            folder_ = path::join("/", line.substr(2));
            pending_ = std::string(line) + '\n';
            state_ = State::folder;
        } else if (type == 'R') {
            file_ = kept_.listed(package_, path::join(folder_, line.substr(2)));
            state_ = file_ ? State::kept : State::cut;
            if (state_ == State::kept) {
                result_ += pending_;
                pending_.clear();
                add(line);
            }
        } else if (state_ == State::folder) {
            pending_.append(line).push_back('\n');
        } else if (state_ == State::kept && type == 'Z' && is_changed()) {
            add("Z:" + sum_of(find_item(plan_, rootfs_[*file_].path)->content->bytes));
        } else if (state_ != State::cut) {
            add(line);
        }
    }

    [[nodiscard]] bool is_changed() const {
        const PlanItem* const item = find_item(plan_, rootfs_[*file_].path);
        return item != nullptr && item->content;
    }

    /// "Q1" and SHA-1 in base64.
    static std::string sum_of(Bytes content) {
        static constexpr std::string_view digits =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        const std::string hex = sha1_hex(content) + "0";  // 160 bits and the last digit's two
        std::string sum = "Q1";
        unsigned bits = 0;
        unsigned held = 0;
        for (std::size_t i = 0; i < hex.size(); ++i) {
            const char c = hex[i];
            bits = bits << 4U | static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
            held += 4;
            if (held >= 6) {
                held -= 6;
                sum += digits[(bits >> held) & 63U];
            }
        }
        return sum + "=";
    }

    void add(std::string_view line) { result_.append(line).push_back('\n'); }

    enum class State { package, folder, kept, cut };

    const closure::Package& package_;
    const KeptFiles& kept_;
    const Plan& plan_;
    const rootfs::Rootfs& rootfs_;
    std::optional<rootfs::NodeId> file_;
    State state_ = State::package;
    std::string folder_ = "/";
    std::string pending_;  ///< a folder's lines, until a file in it is kept
    std::string result_;
};

}  // namespace

std::string apk_record(const closure::Package& package, const KeptFiles& kept, const Plan& plan,
                       const rootfs::Rootfs& rootfs) {
    return Cutter(package, kept, plan, rootfs).run();
}

void add_apk_records(Plan& plan, const rootfs::Rootfs& rootfs, const closure::PackageDb& packages,
                     const KeptFiles& kept) {
    std::map<rootfs::NodeId, std::string> databases;
    for (const closure::PackageId id : kept.owners(packages)) {
        const closure::Package& package = packages[id];
        if (package.manager == closure::PackageManager::apk) {
            databases[package.record.database] += apk_record(package, kept, plan, rootfs) + '\n';
        }
    }
    for (const auto& [database, content] : databases) {
        const Text& path = rootfs[database].path;
        if (find_item(plan, path) != nullptr) {
            continue;  // apk itself is kept, or the user wants all of it
        }
        PlanItem item = item_of(rootfs, database, "records of the packages that own kept files");
        item.content = slice_of(content);
        item.header.size = content.size();
        for (const std::string_view folder : folders) {
            if (rootfs.resolve(path::join(folder, path::basename(path))).node == database) {
                put_folder(plan, rootfs, folder, {.why = "scanners find Alpine's packages in it"});
            }
        }
        put_item(plan, std::move(item));
    }
}

}  // namespace slimimg::slim
