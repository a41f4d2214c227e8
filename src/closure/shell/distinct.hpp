#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <unordered_set>
#include <utility>
#include <vector>

namespace slimimg::closure::shell {

/// The most values that are told apart, of a variable, a list of parameters or a word.
constexpr std::size_t most_values = 256;
/// The most where each may be made of all others, as x="$x y" and "$x$y" do.
constexpr std::size_t most_combined = 16;

/// Values in the order in which they were met, each once. Adding costs what reading the value
/// does, however many there are.
template <typename T, typename Hash = std::hash<T>>
class Distinct {
  public:
    /// Adds a value unless it is there; false where there is no room for it.
    bool add(T value, std::size_t most = most_values) {
        if (has(value)) {
            return true;
        }
        if (values_.size() >= most) {
            return false;
        }
        values_.push_back(std::move(value));
        if (values_.size() > few) {
            for (std::size_t i = hashes_.empty() ? 0 : values_.size() - 1; i < values_.size();
                 ++i) {
                hashes_.insert(Hash()(values_[i]));
            }
        }
        return true;
    }

    [[nodiscard]] const std::vector<T>& all() const { return values_; }
    [[nodiscard]] std::vector<T> take() {
        hashes_.clear();
        return std::exchange(values_, {});
    }
    /// Changes every value; they may be the same then.
    template <typename Change>
    void change(Change&& change_one) {
        for (T& value : take()) {
            change_one(value);
            add(std::move(value));
        }
    }
    [[nodiscard]] bool empty() const { return values_.empty(); }
    [[nodiscard]] std::size_t size() const { return values_.size(); }

    bool operator==(const Distinct& other) const { return values_ == other.values_; }

  private:
    static constexpr std::size_t few = 8;  ///< up to here looking at each is faster

    [[nodiscard]] bool has(const T& value) const {
        const bool may_be = values_.size() <= few || hashes_.count(Hash()(value)) > 0;
        return may_be && std::find(values_.begin(), values_.end(), value) != values_.end();
    }

    std::vector<T> values_;
    std::unordered_set<std::size_t> hashes_;
};

}  // namespace slimimg::closure::shell
