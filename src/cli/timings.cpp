#include "timings.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include <pthread.h>
#include <sys/resource.h>

#include "slimimg/report/sizes.hpp"

namespace slimimg::cli {
namespace {

double seconds(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

std::string key_of(std::string_view step, std::string_view what) {
    return std::to_string(pthread_self()) + ' ' + std::string(step) + ' ' + std::string(what);
}

template <typename... Values>
std::string formatted(const char* format, const Values&... values) {
    std::array<char, 256> line{};
    const int size = std::snprintf(line.data(), line.size(), format, values...);
    return {line.data(), std::min<std::size_t>(static_cast<std::size_t>(size), line.size() - 1)};
}

/// Of the process, its mapped pages of files among it (getrusage(2): in KiB on Linux).
std::uint64_t peak_memory() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace

Timings::Timings(Progress* next)
    : next_(next), whole_{seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)} {}

void Timings::begin(std::string_view step, std::string_view what, std::uint64_t total) {
    if (next_ != nullptr) {
        next_->begin(step, what, total);
    }
    const std::lock_guard lock(mutex_);
    auto at = std::find_if(steps_.begin(), steps_.end(),
                           [&](const Step& known) { return known.name == step; });
    if (at == steps_.end()) {
        at = steps_.insert(steps_.end(), Step{.name = std::string(step)});
    }
    at->times += 1;
    at->bytes += total;
    running_[key_of(step, what)].push_back(
        {seconds(CLOCK_MONOTONIC), seconds(CLOCK_THREAD_CPUTIME_ID)});
}

void Timings::advance(std::uint64_t bytes) {
    if (next_ != nullptr) {
        next_->advance(bytes);
    }
}

void Timings::end(std::string_view step, std::string_view what) {
    {
        const std::lock_guard lock(mutex_);
        const auto running = running_.find(key_of(step, what));
        const auto at = std::find_if(steps_.begin(), steps_.end(),
                                     [&](const Step& known) { return known.name == step; });
        if (running != running_.end() && at != steps_.end()) {
            const Started started = running->second.back();
            running->second.pop_back();
            at->wall += seconds(CLOCK_MONOTONIC) - started.wall;
            at->cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - started.cpu;
            if (running->second.empty()) {
                running_.erase(running);
            }
        }
    }
    if (next_ != nullptr) {
        next_->end(step, what);
    }
}

std::string Timings::render(const std::string& format) const {
    const std::lock_guard lock(mutex_);
    const double wall = seconds(CLOCK_MONOTONIC) - whole_.wall;
    const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - whole_.cpu;
    if (format == "json") {
        std::string text = R"({"steps":[)";
        for (const Step& step : steps_) {
            text += text.back() == '[' ? "" : ",";
            text += R"({"name":")" + step.name + R"(","times":)" + std::to_string(step.times);
            text += formatted(R"(,"wall_seconds":%.6f,"cpu_seconds":%.6f,"bytes":%llu})", step.wall,
                              step.cpu, static_cast<unsigned long long>(step.bytes));
        }
        return text +
               formatted(R"(],"wall_seconds":%.6f,"cpu_seconds":%.6f,"peak_bytes":%llu})", wall,
                         cpu, static_cast<unsigned long long>(peak_memory())) +
               '\n';
    }
    std::string text =
        formatted("%-10s %6s %10s %10s %12s\n", "step", "times", "wall s", "cpu s", "size");
    for (const Step& step : steps_) {
        text +=
            formatted("%-10s %6zu %10.3f %10.3f %12s\n", step.name.c_str(), step.times, step.wall,
                      step.cpu, step.bytes == 0 ? "" : report::human_bytes(step.bytes).c_str());
    }
    return text +
           formatted("%-10s %6s %10.3f %10.3f %12s\n", "all", "", wall, cpu,
                     report::human_bytes(peak_memory()).c_str()) +
           "The last size is the process's peak memory, mapped files among it.\n";
}

}  // namespace slimimg::cli
