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
    /// Hashed once, however often the image lists it.
    struct Job {
        Slice tar;
        std::string what;
        std::optional<Digest> digest;
    };
    struct Claim {
        Layer layer;
        std::string what;
        std::size_t job;
    };

    explicit State(const RunOptions& options) : run(options) {}
    ~State() { stopped = true; }  // the threads, declared last, are waited for first

    void work() {
        for (std::size_t i = next++; i < order.size(); i = next++) {
            Job& job = jobs[order[i]];
            job.digest = archive::hash_layer(job.tar.bytes, run, job.what, stopped);
        }
    }

    RunOptions run;
    std::vector<Job> jobs;
    std::map<std::pair<const std::byte*, std::size_t>, std::size_t> known;  // jobs by their bytes
    std::vector<Claim> claims;
    std::vector<std::size_t> order;  // of jobs, the largest first
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> stopped = false;
    std::vector<std::jthread> threads;
};

Verification::Verification(const RunOptions& options) : state_(std::make_unique<State>(options)) {}
Verification::~Verification() = default;
Verification::Verification(Verification&&) noexcept = default;
Verification& Verification::operator=(Verification&&) noexcept = default;

void Verification::add(const Slice& tar, const Layer& layer, const std::string& what) {
    const auto [at, is_new] =
        state_->known.try_emplace({tar.bytes.data(), tar.size()}, state_->jobs.size());
    if (is_new) {
        state_->jobs.push_back({tar, what, std::nullopt});
    }
    state_->claims.push_back({layer, what, at->second});
}

void Verification::start() {
    std::vector<std::size_t>& order = state_->order;
    for (std::size_t i = 0; i < state_->jobs.size(); ++i) {
        order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return state_->jobs[a].tar.size() > state_->jobs[b].tar.size();
    });
    const std::size_t others = std::max(state_->run.threads, 1U) - 1;
    for (std::size_t i = 0; i < std::min(others, order.size()); ++i) {
        state_->threads.emplace_back([state = state_.get()] { state->work(); });
    }
}

void Verification::finish(const std::function<void()>& work) {
    std::exception_ptr failure;
    try {
        work();
    } catch (...) {
        failure = std::current_exception();
    }
    state_->work();
    state_->threads.clear();
    for (const State::Claim& claim : state_->claims) {
        const Digest& digest = *state_->jobs[claim.job].digest;
        if (claim.layer.blob_digest) {
            compare_digests(claim.what, digest, *claim.layer.blob_digest, "manifest");
        }
        compare_digests(claim.what, digest, claim.layer.diff_id, "config");
    }
    if (failure) {
        std::rethrow_exception(failure);
    }
}

}  // namespace slimimg::image
