#include <algorithm>
#include <exception>
#include <mutex>
#include <optional>

#include "slimimg/base/cache.hpp"
#include "slimimg/base/parallel.hpp"
#include "slimimg/check/check.hpp"

namespace slimimg::check {
namespace {

Error error_of(const std::exception_ptr& thrown) {
    try {
        std::rethrow_exception(thrown);
    } catch (const Error& error) {
        return error;
    } catch (const std::bad_alloc&) {
        return {Exit::internal, "out-of-memory", "out of memory"};
    } catch (const std::exception& error) {
        return {Exit::internal, "internal", std::string("internal error: ") + error.what()};
    }
}

}  // namespace

CheckResult check_images(
    const std::vector<std::string>& locations,
    const std::function<CheckJob(const std::string& location, const RunOptions&)>& read,
    const CheckOptions& options, const RunOptions& run,
    const std::function<void(std::size_t index, const slim::Analysis&, const CheckReport&)>& done) {
    CheckResult result;
    result.fail_on = options.fail_on;
    result.images.resize(locations.size());
    RunOptions each = run;
    each.threads =
        std::max(1U, run.threads / static_cast<unsigned>(std::max<std::size_t>(
                                       1, std::min<std::size_t>(locations.size(), run.threads))));
    std::optional<MemoryCache> shared;
    if (each.cache == nullptr && locations.size() > 1) {
        each.cache = &shared.emplace();
    }
    std::mutex mutex;
    parallel_for(run.threads, locations.size(), [&](std::size_t i) {
        try {
            const CheckJob job = read(locations[i], each);
            const slim::Analysis analysis = slim::analyze(job.image, job.request, each);
            result.images[i] = check_image(analysis, job.settings, options, each);
            if (done) {
                const std::lock_guard lock(mutex);
                done(i, analysis, result.images[i]);
            }
        } catch (...) {
            result.images[i] = CheckReport{.source = locations[i]};
            result.images[i].error = error_of(std::current_exception());
        }
    });
    return result;
}

}  // namespace slimimg::check
