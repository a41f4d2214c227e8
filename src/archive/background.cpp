#include "archive/background.hpp"

#include <algorithm>
#include <utility>

namespace slimimg::archive {

Background::Background(std::function<void(Bytes)> work)
    : work_(std::move(work)), thread_([this] { run(); }) {}

Background::~Background() {
    close();
}

void Background::write(Bytes bytes, const std::function<void(Bytes)>& beside) {
    constexpr std::size_t piece_bytes = 1 << 20;
    while (!bytes.empty()) {
        const Bytes copy = put(bytes.first(std::min(bytes.size(), piece_bytes)));
        bytes = bytes.subspan(copy.size());
        if (beside) {
            beside(copy);  // it stays until another one is put there, by this thread
        }
    }
}

const std::vector<std::byte>& Background::put(Bytes piece) {
    std::vector<std::byte>* slot = nullptr;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return written_ - done_ < ring_.size(); });
        if (error_) {
            std::rethrow_exception(error_);
        }
        slot = &ring_[written_ % ring_.size()];
    }
    slot->assign(piece.begin(), piece.end());
    {
        const std::lock_guard lock(mutex_);
        ++written_;
    }
    changed_.notify_one();
    return *slot;
}

void Background::finish() {
    close();
    if (error_) {
        std::rethrow_exception(error_);
    }
}

void Background::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return closed_ || done_ < written_; });
        if (done_ == written_) {
            return;
        }
        const std::vector<std::byte>& slot = ring_[done_ % ring_.size()];
        if (!error_) {
            lock.unlock();
            std::exception_ptr error;
            try {
                work_(slot);
            } catch (...) {
                error = std::current_exception();
            }
            lock.lock();
            error_ = error;
        }
        ++done_;
        changed_.notify_one();
    }
}

void Background::close() {
    if (!thread_.joinable()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

}  // namespace slimimg::archive
