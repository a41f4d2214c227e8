#include "closure/elf_reading.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "slimimg/elf/elf.hpp"

namespace slimimg::closure {
namespace {

using rootfs::NodeId;

constexpr std::size_t most_texts = 1U << 20;  // libLLVM has a tenth

/// The path of the standard library's sources in panic messages: "/rustc/HASH/…", or
/// "…/library/std/src/…" where a distribution built it.
bool names_rust_source(std::string_view text) {
    for (std::size_t at = text.find('/'); at != text.npos; at = text.find('/', at + 1)) {
        const std::string_view rest = text.substr(at);
        if (rest.starts_with("/rustc/") ||
            (rest.starts_with("/std/src") && text.substr(0, at).ends_with("library"))) {
            return true;
        }
    }
    return false;
}

bool is_unterminated(const std::vector<Bytes>& parts) {
    return std::any_of(parts.begin(), parts.end(), [](Bytes part) {
        return contains(part, "\xff Go buildinf:") || names_rust_source(as_text(part));
    });
}

/// What `for_each` gives, unless that is too much.
std::optional<std::vector<std::string_view>> held(
    const std::function<void(const std::function<void(std::string_view)>&)>& for_each) {
    std::vector<std::string_view> texts;
    for_each([&](std::string_view text) {
        if (texts.size() <= most_texts) {
            texts.push_back(text);
        }
    });
    return texts.size() <= most_texts ? std::optional(std::move(texts)) : std::nullopt;
}

}  // namespace

std::vector<std::string_view> read_imports(Bytes file, const Limits& limits) {
    std::vector<Diagnostic> ignored;  // the proof reads the same table and tells
    std::vector<std::string_view> names;
    for (const elf::DynamicSymbol& symbol : elf::read_dynamic_symbols(file, limits, ignored)) {
        if (!symbol.defined) {
            names.push_back(symbol.name);
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

void for_each_with_slash(std::string_view data, const std::function<void(std::string_view)>& take) {
    for (std::size_t at = data.find('/'); at != std::string_view::npos;) {
        const std::size_t start = data.rfind('\0', at) + 1;  // npos + 1 is 0
        const std::string_view text = data.substr(start, data.find('\0', at) - start);
        take(text);
        at = data.find('/', start + text.size());
    }
}

ElfTexts read_texts(Bytes file) {
    ElfTexts texts;
    texts.strings = held([&](const auto& take) { elf::for_each_constant_string(file, take); });
    const std::vector<Bytes> parts = elf::constant_data(file);
    texts.unterminated = is_unterminated(parts);
    if (!texts.unterminated) {
        texts.with_slash = held([&](const auto& take) {
            for (const Bytes part : parts) {
                for_each_with_slash(as_text(part), take);
            }
        });
    }
    return texts;
}

ReadAhead::ReadAhead(const rootfs::Rootfs& rootfs, const Limits& limits, unsigned threads)
    : rootfs_(rootfs), limits_(limits) {
    if (threads > 1) {
        thread_ = std::jthread([this] { run(); });
    }
}

ReadAhead::~ReadAhead() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
}

void ReadAhead::expect(NodeId inode) {
    if (!thread_.joinable() || rootfs_.stored(inode).entry.sparse ||
        !elf::is_elf(rootfs_.content(inode).bytes)) {
        return;
    }
    const std::lock_guard lock(mutex_);
    waiting_.insert(inode);
    expected_.push_back(inode);
    changed_.notify_all();
}

std::shared_ptr<const ElfReading> ReadAhead::find(NodeId inode) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return at_ != inode; });
    const auto at = read_.find(inode);
    return at == read_.end() ? nullptr : at->second;
}

void ReadAhead::drop(NodeId inode) {
    const std::lock_guard lock(mutex_);
    waiting_.erase(inode);
    if (at_ == inode) {
        at_.reset();
    }
    // Most files are none that were read, and waking a thread for nothing costs more than this.
    if (read_.erase(inode) != 0) {
        changed_.notify_all();
    }
}

/// What was read and nobody asked for takes memory.
bool ReadAhead::has_room() const {
    constexpr std::size_t most_files = 8;
    std::size_t held = 0;
    for (const auto& [inode, reading] : read_) {
        const ElfTexts& texts = reading->texts;
        held += (texts.strings ? texts.strings->size() : 0) +
                (texts.with_slash ? texts.with_slash->size() : 0);
    }
    return read_.size() < most_files && held < most_texts;
}

void ReadAhead::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [&] { return closed_ || (!expected_.empty() && has_room()); });
        if (closed_) {
            return;
        }
        const NodeId inode = expected_.front();
        expected_.pop_front();
        if (waiting_.erase(inode) == 0) {
            continue;
        }
        at_ = inode;
        lock.unlock();
        std::map<NodeId, std::shared_ptr<const ElfReading>> ready;
        try {
            const Bytes file = rootfs_.content(inode).bytes;  // of a layer, which stays
            ready.emplace(inode, std::make_shared<const ElfReading>(
                                     ElfReading{read_texts(file), read_imports(file, limits_)}));
        } catch (const std::exception&) {
            ready.clear();  // who asks for it reads it and sees the error
        }
        lock.lock();
        if (at_ == inode) {
            read_.merge(ready);  // which takes no memory, and so does not throw
        }
        at_.reset();
        changed_.notify_all();
    }
}

}  // namespace slimimg::closure
