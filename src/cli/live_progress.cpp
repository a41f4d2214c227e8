#include "live_progress.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <unistd.h>

#include "slimimg/base/columns.hpp"
#include "slimimg/base/sizes.hpp"

#include "surroundings.hpp"

namespace slimimg::cli {
namespace {

using Seconds = std::chrono::duration<double>;

constexpr std::string_view erase_line = "\r\x1b[K";

/// What a step does, to people.
std::string_view verb(std::string_view step) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 10> verbs{{
        {"read", "reading"},
        {"inflate", "inflating"},
        {"hash", "reading"},
        {"scan", "listing"},
        {"recall", "looking into the cache"},
        {"compare", "comparing with the cache"},
        {"keep", "caching"},
        {"merge", "merging"},
        {"closure", "following the evidence"},
        {"prove", "proving"},
    }};
    const auto found = std::find_if(verbs.begin(), verbs.end(),
                                    [&](const auto& pair) { return pair.first == step; });
    return found == verbs.end() ? (step == "write" ? "writing" : step) : found->second;
}

/// "layer 2 of app.tar" of "layer 2 of /srv/images/app.tar": what is cut next are figures.
std::string without_folders(const std::string& what) {
    const std::size_t slash = what.find('/');
    if (slash == what.npos || what.back() == '/') {
        return what;
    }
    const std::size_t blank = what.rfind(' ', slash);
    return what.substr(0, blank == what.npos ? 0 : blank + 1) + what.substr(what.rfind('/') + 1);
}

std::string right_aligned(const std::string& text, std::size_t width) {
    return std::string(width - std::min(width, text.size()), ' ') + text;
}

/// "  45.2 MB of  77.6 MB": figures stand still while they grow.
std::string share(std::uint64_t done, std::uint64_t total) {
    constexpr std::size_t width = 8;
    const std::string sum = right_aligned(human_bytes(done), width);
    return total == 0 ? sum : sum + " of " + right_aligned(human_bytes(total), width);
}

std::string rate(std::uint64_t done, Seconds elapsed) {
    constexpr std::size_t width = 10;
    constexpr Seconds least{0.5};  // less tells of the machine's caches
    return elapsed < least ? std::string(width, ' ')
                           : right_aligned(human_bytes(static_cast<std::uint64_t>(
                                               static_cast<double>(done) / elapsed.count())) +
                                               "/s",
                                           width);
}

void write_terminal(const std::string& text) {
    // Nothing can be done where this fails, and nothing is lost.
    static_cast<void>(!write(STDERR_FILENO, text.data(), text.size()));
}

}  // namespace

bool ProgressState::Step::is_of_layers() const {
    return name == "hash" || name == "inflate" || name == "recall";
}

void ProgressState::expect(std::size_t layers, std::uint64_t bytes) {
    layers_ += layers;
    layer_bytes_ += bytes;
}

void ProgressState::begin(std::string_view step, std::string_view what, std::uint64_t total,
                          Time now) {
    running_.push_back({.thread = std::this_thread::get_id(),
                        .name = std::string(step),
                        .what = std::string(what),
                        .total = total,
                        .since = now});
    if (!running_.back().is_of_layers()) {
        return;
    }
    if (!layers_began_) {
        layers_began_ = true;
        layers_since_ = now;
    }
    if (step == "recall") {
        return;
    }
    // The cache had nothing of it after all, or all is done again.
    if (recalled_.erase(running_.back().what) > 0) {
        layer_bytes_ += total;
        layers_done_.erase(running_.back().what);
    } else if (layers_done_.erase(running_.back().what) > 0) {
        layer_bytes_done_ -= std::min(layer_bytes_done_, total);
    }
}

void ProgressState::advance(std::uint64_t bytes) {
    const auto own = std::find_if(running_.rbegin(), running_.rend(), [](const Step& step) {
        return step.thread == std::this_thread::get_id();
    });
    if (own == running_.rend()) {
        return;
    }
    own->done += bytes;
    if (own->is_of_layers()) {
        layer_bytes_done_ += bytes;
    }
}

void ProgressState::end(std::string_view step, std::string_view what) {
    const auto ended = std::find_if(running_.begin(), running_.end(), [&](const Step& running) {
        return running.name == step && running.what == what &&
               running.thread == std::this_thread::get_id();
    });
    if (ended == running_.end()) {
        return;
    }
    if (ended->is_of_layers()) {
        layers_done_.insert(ended->what);
        if (step == "recall") {
            recalled_.insert(ended->what);
            layer_bytes_ -= std::min(layer_bytes_, ended->total);
        }
    }
    running_.erase(ended);
}

/// Of layers the one with most to do, else the newest.
const ProgressState::Step& ProgressState::shown() const {
    const Step* best = &running_.back();
    for (const Step& step : running_) {
        const bool longer = step.total - std::min(step.total, step.done) >
                            best->total - std::min(best->total, best->done);
        if (step.is_of_layers() && (!best->is_of_layers() || longer)) {
            best = &step;
        }
    }
    return *best;
}

std::string ProgressState::line(std::size_t width, Time now) const {
    if (running_.empty()) {
        return "";
    }
    const Step& step = shown();
    std::vector<std::string> figures;
    if (step.is_of_layers() && layers_ > 0) {
        if (layer_bytes_done_ > 0) {
            figures.push_back(share(std::min(layer_bytes_done_, layer_bytes_), layer_bytes_));
            figures.push_back(rate(layer_bytes_done_, now - layers_since_));
        }
        const std::string count = std::to_string(std::min(layers_done_.size(), layers_));
        figures.push_back(count + '/' + std::to_string(layers_) +
                          (layers_ == 1 ? " layer" : " layers"));
    } else if (step.done > 0) {
        const std::uint64_t done = step.total == 0 ? step.done : std::min(step.done, step.total);
        figures.push_back(share(done, step.total));
        figures.push_back(rate(step.done, now - step.since));
    }
    constexpr std::size_t least_left = 24;
    std::string right;
    for (const std::string& figure : figures) {
        if (least_left + right.size() + 2 + figure.size() > width) {
            break;
        }
        right += "  " + figure;
    }
    const std::string left =
        std::string(verb(step.name)) + (step.what.empty() ? "" : ' ' + without_folders(step.what));
    const std::size_t room = width - std::min(width, right.size());
    std::string text = fitted(left, room);
    if (width_of(text) > room) {
        return "";  // a terminal of a few columns
    }
    if (!right.empty()) {
        constexpr std::size_t widest_left = 48;  // no farther to the right than eyes follow
        text.append(
            std::min(room, widest_left) - std::min(room, std::min(width_of(text), widest_left)),
            ' ');
    }
    return text + right;
}

LiveProgress::~LiveProgress() {
    clear();
}

void LiveProgress::expect(std::size_t layers, std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    state_.expect(layers, bytes);
}

void LiveProgress::begin(std::string_view step, std::string_view what, std::uint64_t total) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    state_.begin(step, what, total, now);
    draw(now);
}

void LiveProgress::advance(std::uint64_t bytes) {
    constexpr std::chrono::milliseconds pause(100);
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex_);
    state_.advance(bytes);
    if (now - drawn_ >= pause) {
        draw(now);
    }
}

void LiveProgress::end(std::string_view step, std::string_view what) {
    const std::lock_guard lock(mutex_);
    state_.end(step, what);
    if (state_.is_idle()) {
        clear();
    }
}

void LiveProgress::draw(ProgressState::Time now) {
    // The last column stays free: some terminals wrap a line that reaches it.
    write_terminal(std::string(erase_line) + state_.line(terminal_width(STDERR_FILENO) - 1, now));
    drawn_ = now;
    is_drawn_ = true;
}

void LiveProgress::clear() {
    if (is_drawn_) {
        write_terminal(std::string(erase_line));
        is_drawn_ = false;
    }
}

}  // namespace slimimg::cli
