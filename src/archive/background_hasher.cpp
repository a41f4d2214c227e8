#include "archive/background_hasher.hpp"

namespace slimimg::archive {

BackgroundHasher::BackgroundHasher() : thread_([this] { run(); }) {}

BackgroundHasher::~BackgroundHasher() {
    close();
}

void BackgroundHasher::update(Bytes bytes) {
    std::vector<std::byte>* slot = nullptr;
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return written_ - hashed_ < ring_.size(); });
        slot = &ring_[written_ % ring_.size()];
    }
    slot->assign(bytes.begin(), bytes.end());
    {
        const std::lock_guard lock(mutex_);
        ++written_;
    }
    changed_.notify_one();
}

Digest BackgroundHasher::finish() {
    close();
    return hasher_.finish();
}

void BackgroundHasher::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return closed_ || hashed_ < written_; });
        if (hashed_ == written_) {
            return;
        }
        const std::vector<std::byte>& slot = ring_[hashed_ % ring_.size()];
        lock.unlock();
        hasher_.update(slot);
        lock.lock();
        ++hashed_;
        changed_.notify_one();
    }
}

void BackgroundHasher::close() {
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
