#include "slimimg/image/verification.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>
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

    void work() {
        for (std::size_t i = next++; i < tasks.size() && !stopped; i = next++) {
            tasks[i].run();
        }
    }

    RunOptions run;
    std::vector<Task> tasks;
    std::vector<std::optional<Digest>> digests;
    /// Of which bytes they are: each is hashed once, however often the image lists it.
    std::map<std::pair<const std::byte*, std::size_t>, std::size_t> known;
    std::vector<Claim> claims;
    std::atomic<bool> differs = false;  // sealed bytes
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> stopped = false;
    std::vector<std::jthread> threads;
};

Verification::Verification(const RunOptions& options) : state_(std::make_unique<State>(options)) {}
Verification::~Verification() = default;
Verification::Verification(Verification&&) noexcept = default;
Verification& Verification::operator=(Verification&&) noexcept = default;

void Verification::add(const Slice& tar, const Layer& layer, const std::string& what) {
    State& state = *state_;
    const auto [at, is_new] =
        state.known.try_emplace({tar.bytes.data(), tar.size()}, state.digests.size());
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
    constexpr std::size_t task_pieces = 16;  // few enough to share a large layer among the threads
    State& state = *state_;
    const std::size_t pieces = (sealed.bytes.size() + seal_piece_bytes - 1) / seal_piece_bytes;
    if (sealed.seals.size() != pieces) {
        state.differs = true;
        return;
    }
    for (std::size_t first = 0; first < pieces; first += task_pieces) {
        const std::size_t count = std::min(task_pieces, pieces - first);
        const std::size_t start = first * seal_piece_bytes;
        const Slice bytes = *sealed.bytes.sub(
            start, std::min(count * seal_piece_bytes, sealed.bytes.size() - start));
        const auto begin = sealed.seals.begin() + static_cast<std::ptrdiff_t>(first);
        std::vector<Seal> seals(begin, begin + static_cast<std::ptrdiff_t>(count));
        state.tasks.push_back(
            {bytes.size(), [&state, bytes, key, what, seals = std::move(seals)] {
                 const ProgressStep step(state.run, "compare", what, bytes.size());
                 if (!state.differs && seal_pieces(key, bytes.bytes, {}) != seals) {
                     state.differs = true;
                 }
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
    try {
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    state_->work();
    state_->threads.clear();
    if (state_->differs) {
        return false;
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
