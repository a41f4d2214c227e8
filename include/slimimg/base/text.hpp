#pragma once

#include <atomic>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include "slimimg/base/name_hash.hpp"

namespace slimimg {

/// A text that does not change and that its copies share. An image has a path for each of its
/// files, and an entry, a node, an item of the plan and a row of the report that name it: eight
/// bytes each, and the characters once. Copies may be made and dropped in several threads.
class Text {
  public:
    Text() = default;
    Text(std::string_view text) : block_(text.empty() ? nullptr : new_block(text)) {}
    Text(const std::string& text) : Text(std::string_view(text)) {}
    Text(const char* text) : Text(std::string_view(text)) {}
    Text(const Text& other) noexcept : block_(other.block_) { share(block_); }
    Text(Text&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Text& operator=(Text other) noexcept {
        std::swap(block_, other.block_);
        return *this;
    }
    ~Text() { release(block_); }

    [[nodiscard]] std::string_view view() const { return block_ == nullptr ? "" : view_of(block_); }
    operator std::string_view() const { return view(); }
    operator std::string() const { return str(); }
    [[nodiscard]] std::string str() const { return std::string(view()); }
    /// Ends with a NUL.
    [[nodiscard]] const char* c_str() const { return view().data(); }

    [[nodiscard]] std::size_t size() const { return view().size(); }
    [[nodiscard]] bool empty() const { return block_ == nullptr; }
    [[nodiscard]] auto begin() const { return view().begin(); }
    [[nodiscard]] auto end() const { return view().end(); }
    [[nodiscard]] bool starts_with(std::string_view start) const {
        return view().starts_with(start);
    }
    [[nodiscard]] bool starts_with(char start) const { return view().starts_with(start); }
    [[nodiscard]] bool ends_with(std::string_view end) const { return view().ends_with(end); }
    [[nodiscard]] bool ends_with(char end) const { return view().ends_with(end); }
    [[nodiscard]] std::size_t find(std::string_view part, std::size_t from = 0) const {
        return view().find(part, from);
    }
    [[nodiscard]] std::size_t find(char part, std::size_t from = 0) const {
        return view().find(part, from);
    }
    [[nodiscard]] std::size_t rfind(char part) const { return view().rfind(part); }
    /// A view, which lives as long as any copy of the text.
    [[nodiscard]] std::string_view substr(std::size_t from,
                                          std::size_t length = std::string_view::npos) const {
        return view().substr(from, length);
    }

    friend bool operator==(const Text& a, const Text& b) {
        return a.block_ == b.block_ || a.view() == b.view();
    }
    template <std::convertible_to<std::string_view> Other>
    requires(!std::same_as<Other, Text>) friend bool operator==(const Text& a, const Other& b) {
        return a.view() == std::string_view(b);
    }
    friend std::strong_ordering operator<=>(const Text& a, const Text& b) {
        return a.view() <=> b.view();
    }
    template <std::convertible_to<std::string_view> Other>
    requires(!std::same_as<Other, Text>) friend std::strong_ordering operator<=>(const Text& a,
                                                                                 const Other& b) {
        return a.view() <=> std::string_view(b);
    }

    friend std::string operator+(std::string a, const Text& b) {
        return std::move(a.append(b.view()));
    }
    template <std::convertible_to<std::string_view> Other>
    friend std::string operator+(const Text& a, const Other& b) {
        return a.str().append(std::string_view(b));
    }
    friend std::string operator+(const Text& a, char b) { return a.str() + b; }

    template <typename Char, typename Traits>
    friend std::basic_ostream<Char, Traits>& operator<<(std::basic_ostream<Char, Traits>& out,
                                                        const Text& text) {
        return out << text.view();
    }

  private:
    /// The characters and a NUL stand behind it.
    struct Block {
        std::atomic<std::uint32_t> copies;
        std::uint32_t size;

        [[nodiscard]] const char* characters() const {
            return reinterpret_cast<const char*>(this + 1);
        }
    };
    static Block* new_block(std::string_view text);
    static void drop(Block* block) noexcept;

    static std::string_view view_of(const Block* block) {
        return {block->characters(), block->size};
    }
    static void share(Block* block) noexcept {
        if (block != nullptr) {
            block->copies.fetch_add(1, std::memory_order_relaxed);
        }
    }
    static void release(Block* block) noexcept {
        if (block != nullptr && block->copies.fetch_sub(1, std::memory_order_acq_rel) == 1) {
            drop(block);
        }
    }

    Block* block_ = nullptr;
};

}  // namespace slimimg

template <>
struct std::hash<slimimg::Text> {
    std::size_t operator()(const slimimg::Text& text) const {
        return slimimg::NameHash()(text.view());
    }
};
