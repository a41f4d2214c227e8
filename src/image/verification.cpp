#include "slimimg/image/verification.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "slimimg/archive/layer.hpp"
#include "slimimg/base/error.hpp"
#include "slimimg/base/progress_step.hpp"

namespace slimimg::image {

void compare_digests(std::string_view what, const Digest& found, const Digest& claimed,
                     std::string_view by) {
    if (found != claimed) {
        throw Error(Exit::bad_input, "digest-mismatch",
                    std::string(what) + " is " + found.str() + " where the " + std::string(by) +
                        " says " + claimed.str(),
                    "the image is damaged; save or pull it again");
    }
}

struct Verification::State {
    struct Task {
        std::uint64_t bytes;
        std::function<void()> run;
    };
    struct Claim {
        Layer layer;
        std::string what;
        std::size_t digest;
    };

    explicit State(const RunOptions& options) : run(options) {}
    ~State() { stopped = true; }  // the threads, declared last, are waited for first

    void work() noexcept {
        try {
            for (std::size_t i = next++; i < tasks.size() && !stopped; i = next++) {
                tasks[i].run();
            }
        } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
            stopped = true;
        }
    }

    RunOptions run;
    std::vector<Task> tasks;
    std::vector<std::optional<Digest>> digests;
    /// By the bytes, which are hashed once, however often the image lists them.
    std::map<std::pair<const std::byte*, std::size_t>, std::size_t> digest_of;
    std::vector<Claim> claims;
    std::atomic<bool> differs = false;  // sealed bytes
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> stopped = false;
    std::mutex mutex;
    std::exception_ptr failure;
    std::vector<std::jthread> threads;
};

Verification::Verification(const RunOptions& options) : state_(std::make_unique<State>(options)) {}
Verification::~Verification() = default;
Verification::Verification(Verification&&) noexcept = default;
Verification& Verification::operator=(Verification&&) noexcept = default;

void Verification::add(const Slice& tar, const Layer& layer, const std::string& what) {
    State& state = *state_;
    const auto [at, is_new] =
        state.digest_of.try_emplace({tar.bytes.data(), tar.size()}, state.digests.size());
    const std::size_t digest = at->second;
    if (is_new) {
        state.digests.emplace_back();
        state.tasks.push_back({tar.size(), [&state, tar, what, digest] {
                                   state.digests[digest] = archive::hash_layer(tar.bytes, state.run,
                                                                               what, state.stopped);
                               }});
    }
    state.claims.push_back({layer, what, digest});
}

void Verification::add(const SealedBytes& sealed, const SealKey& key, const std::string& what) {
    constexpr std::size_t least_pieces = 16;  // less is not worth sharing
    State& state = *state_;
    const std::size_t pieces = (sealed.bytes.size() + seal_piece_bytes - 1) / seal_piece_bytes;
    if (sealed.seals.size() != pieces) {
        state.differs = true;
        return;
    }
    const std::size_t parts =
        std::clamp<std::size_t>(pieces / least_pieces, 1, std::max(state.run.threads, 1U));
    for (std::size_t part = 0; part < parts; ++part) {
        const std::size_t first = pieces * part / parts;
        const std::size_t last = pieces * (part + 1) / parts;
        const std::size_t start = first * seal_piece_bytes;
        const std::size_t end = std::min(last * seal_piece_bytes, sealed.bytes.size());
        const std::string name = parts == 1 ? what
                                            : what + ", part " + std::to_string(part + 1) + " of " +
                                                  std::to_string(parts);
        std::vector<Seal> seals(sealed.seals.begin() + static_cast<std::ptrdiff_t>(first),
                                sealed.seals.begin() + static_cast<std::ptrdiff_t>(last));
        state.tasks.push_back({end - start, [&state, bytes = *sealed.bytes.sub(start, end - start),
                                             name, seals = std::move(seals), key] {
                                   ProgressStep step(state.run, "compare", name, bytes.size());
                                   if (seal_pieces(key, bytes.bytes, {}) != seals) {
                                       state.differs = true;
                                       state.stopped = true;
                                   }
                                   step.advance(bytes.size());
                               }});
    }
}

void Verification::start() {
    std::stable_sort(state_->tasks.begin(), state_->tasks.end(),
                     [](const State::Task& a, const State::Task& b) { return a.bytes > b.bytes; });
    const std::size_t others = std::max(state_->run.threads, 1U) - 1;
    for (std::size_t i = 0; i < std::min(others, state_->tasks.size()); ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->work(); });
    }
}

bool Verification::finish(const std::function<void()>& work) {
    std::exception_ptr failure;
    if (!state_->differs) {
        try {
            work();
        } catch (...) {
            failure = std::current_exception();
        }
    }
    state_->work();
    state_->threads.clear();
    if (state_->differs) {
        return false;
    }
    if (state_->failure) {
        std::rethrow_exception(state_->failure);
    }
    for (const State::Claim& claim : state_->claims) {
        const Digest& digest = *state_->digests[claim.digest];
        if (claim.layer.blob_digest) {
            compare_digests(claim.what, digest, *claim.layer.blob_digest, "manifest");
        }
        compare_digests(claim.what, digest, claim.layer.diff_id, "config");
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
    return true;
}

}  // namespace slimimg::image
