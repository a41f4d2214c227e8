#include <algorithm>
#include <array>
#include <map>

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
    Cutter(const closure::Package& package, const KeptFiles& kept)
        : package_(package), kept_(kept) {}

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
            state_ = kept_.listed(package_, path::join(folder_, line.substr(2))) ? State::kept
                                                                                 : State::cut;
            if (state_ == State::kept) {
                result_ += pending_;
                pending_.clear();
                add(line);
            }
        } else if (state_ == State::folder) {
            pending_.append(line).push_back('\n');
        } else if (state_ != State::cut) {
            add(line);
        }
    }

    void add(std::string_view line) { result_.append(line).push_back('\n'); }

    enum class State { package, folder, kept, cut };

    const closure::Package& package_;
    const KeptFiles& kept_;
    State state_ = State::package;
    std::string folder_ = "/";
    std::string pending_;  ///< a folder's lines, until a file in it is kept
    std::string result_;
};

}  // namespace

std::string apk_record(const closure::Package& package, const KeptFiles& kept) {
    return Cutter(package, kept).run();
}

void add_apk_records(Plan& plan, const rootfs::Rootfs& rootfs, const closure::PackageDb& packages,
                     const KeptFiles& kept) {
    std::map<rootfs::NodeId, std::string> databases;
    for (const closure::PackageId id : kept.owners(packages)) {
        const closure::Package& package = packages[id];
        if (package.manager == closure::PackageManager::apk) {
            databases[package.record.database] += apk_record(package, kept) + '\n';
        }
    }
    for (const auto& [database, content] : databases) {
        const std::string& path = rootfs[database].path;
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
