#include "support/loadable.hpp"

#include <utility>

namespace test {
namespace {

class Writer {
  public:
    explicit Writer(const Loadable& elf) : elf_(elf) {}

    std::string write() {
        const std::size_t segments = elf_.interpreter.empty() ? 3 : 4;
        const std::size_t headers = wide() ? 64 + 56 * segments : 52 + 32 * segments;

        std::string body;
        const std::uint64_t interpreter_at = headers;
        if (!elf_.interpreter.empty()) {
            body += elf_.interpreter + '\0';
        }
        body += elf_.data;
        const std::uint64_t strings_at = headers + body.size();
        std::vector<std::pair<std::uint64_t, std::uint64_t>> dynamic = named_entries();
        body += strings_;
        body.resize((headers + body.size() + 15) / 16 * 16 - headers);
        const std::uint64_t symbols_at = headers + body.size();
        body.append(wide() ? 24 : 16, '\0');
        const std::uint64_t hash_at = headers + body.size();
        put(body, 1, 4);  // one bucket, one symbol: the null symbol
        put(body, 1, 4);
        put(body, 0, 8);
        body.resize((headers + body.size() + 15) / 16 * 16 - headers);
        const std::uint64_t dynamic_at = headers + body.size();

        dynamic.insert(dynamic.end(), {{4, hash_at},
                                       {5, strings_at},
                                       {6, symbols_at},
                                       {10, strings_.size()},
                                       {11, wide() ? 24 : 16}});
        if (elf_.flags_1 != 0) {
            dynamic.emplace_back(0x6ffffffb, elf_.flags_1);
        }
        dynamic.emplace_back(0, 0);
        for (const auto& [tag, value] : dynamic) {
            put(body, tag, word());
            put(body, value, word());
        }

        std::string file = header(segments);
        const std::uint64_t size = headers + body.size();
        if (!elf_.interpreter.empty()) {
            segment(file, 3, 4, interpreter_at, elf_.interpreter.size() + 1, 1);
        }
        segment(file, 1, 6, 0, size, 0x10000);
        segment(file, 2, 6, dynamic_at, size - dynamic_at, 8);
        segment(file, 0x6474e551, 6, 0, 0, 16);
        return file + body;
    }

  private:
    [[nodiscard]] bool wide() const { return elf_.bits == 64; }
    [[nodiscard]] std::size_t word() const { return wide() ? 8 : 4; }

    void put(std::string& out, std::uint64_t value, std::size_t size) const {
        for (std::size_t i = 0; i < size; ++i) {
            const std::size_t shift = 8 * (elf_.order == std::endian::big ? size - 1 - i : i);
            out += static_cast<char>(value >> shift & 0xff);
        }
    }

    std::uint64_t name(const std::string& text) {
        const std::uint64_t at = strings_.size();
        strings_ += text + '\0';
        return at;
    }

    std::vector<std::pair<std::uint64_t, std::uint64_t>> named_entries() {
        strings_.assign(1, '\0');
        std::vector<std::pair<std::uint64_t, std::uint64_t>> entries;
        const auto add = [&](std::uint64_t tag, const std::string& text) {
            entries.emplace_back(tag, name(text));
        };
        for (const std::string& needed : elf_.needed) {
            add(1, needed);
        }
        for (const std::string& filter : elf_.filters) {
            add(0x7fffffff, filter);
        }
        for (const std::string& auxiliary : elf_.auxiliaries) {
            add(0x7ffffffd, auxiliary);
        }
        if (!elf_.soname.empty()) {
            add(14, elf_.soname);
        }
        if (!elf_.rpath.empty()) {
            add(15, elf_.rpath);
        }
        if (!elf_.runpath.empty()) {
            add(29, elf_.runpath);
        }
        return entries;
    }

    [[nodiscard]] std::string header(std::size_t segments) const {
        std::string out = "\177ELF";
        out += static_cast<char>(wide() ? 2 : 1);
        out += static_cast<char>(elf_.order == std::endian::big ? 2 : 1);
        out += static_cast<char>(1);
        out += static_cast<char>(elf_.os_abi);
        out.resize(16);
        put(out, elf_.type, 2);
        put(out, elf_.machine, 2);
        put(out, 1, 4);
        put(out, 0, word());
        put(out, wide() ? 64 : 52, word());
        put(out, 0, word());
        put(out, elf_.flags, 4);
        put(out, wide() ? 64 : 52, 2);
        put(out, wide() ? 56 : 32, 2);
        put(out, segments, 2);
        put(out, wide() ? 64 : 40, 2);
        put(out, 0, 4);
        return out;
    }

    void segment(std::string& out, std::uint32_t type, std::uint32_t flags, std::uint64_t at,
                 std::uint64_t size, std::uint64_t alignment) const {
        put(out, type, 4);
        if (wide()) {
            put(out, flags, 4);
        }
        for (const std::uint64_t value : {at, at, at, size, size}) {
            put(out, value, word());
        }
        if (!wide()) {
            put(out, flags, 4);
        }
        put(out, alignment, word());
    }

    const Loadable& elf_;
    std::string strings_;
};

}  // namespace

std::string loadable(const Loadable& what) {
    return Writer(what).write();
}

std::string loadable_program(Loadable what) {
    what.interpreter = glibc_x86_64;
    what.flags_1 |= flag_pie;
    return loadable(what);
}

}  // namespace test
