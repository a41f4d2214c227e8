#include "archive/scan_record.hpp"

#include <algorithm>
#include <array>

#include "slimimg/base/path.hpp"

namespace slimimg::archive {
namespace {

/// To be raised with every change of what is written here, and of what the walk over a tar finds.
constexpr std::string_view version = "1-" SLIMIMG_VERSION;

constexpr std::string_view magic = "slimimg layer scan\n";

/// The limits that decide whether a layer is taken at all.
std::array<std::uint64_t, 5> deciding(const Limits& limits) {
    return {limits.entries, limits.path_bytes, limits.layer_bytes, limits.expansion_ratio,
            limits.expansion_floor};
}

/// Numbers as LEB128: seven bits a byte, the lowest first.
class Encoder {
  public:
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) {
            text_ += static_cast<char>(value | 0x80);
        }
        text_ += static_cast<char>(value);
    }
    /// Negative ones too: the sign is the lowest bit.
    void signed_number(std::int64_t value) {
        const auto bits = static_cast<std::uint64_t>(value);
        number(value < 0 ? (~bits << 1) | 1 : bits << 1);
    }
    void raw(const auto& bytes) {
        text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    void text(std::string_view value) {
        number(value.size());
        raw(value);
    }
    void seals(const std::vector<Seal>& seals) {
        number(seals.size());
        for (const Seal& seal : seals) {
            raw(seal);
        }
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

/// Once something can't be read, everything else is zero or empty, and good() is false.
class Decoder {
  public:
    explicit Decoder(Bytes bytes) : rest_(as_text(bytes)) {}

    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = static_cast<std::uint8_t>(take(1)[0]);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) {
                good_ = good_ && (shift < 63 || byte < 2);
                return value;
            }
        }
        good_ = false;
        return 0;
    }
    std::int64_t signed_number() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>((value & 1) != 0 ? ~(value >> 1) : value >> 1);
    }
    /// At most `limit`, which fits T.
    template <typename T>
    T number_below(std::uint64_t limit) {
        const std::uint64_t value = number();
        good_ = good_ && value <= limit;
        return static_cast<T>(good_ ? value : 0);
    }
    template <typename Array>
    Array raw() {
        Array array{};
        const std::string_view bytes = take(array.size());
        std::copy_n(bytes.begin(), array.size(), reinterpret_cast<char*>(array.data()));
        return array;
    }
    std::string text() {
        const std::uint64_t size = number();
        good_ = good_ && size <= rest_.size();
        return good_ ? std::string(take(size)) : std::string();
    }
    /// How many of something follow that takes at least so many bytes each.
    std::size_t count(std::size_t smallest) {
        return number_below<std::size_t>(rest_.size() / smallest);
    }
    std::vector<Seal> seals() {
        std::vector<Seal> seals(count(Seal{}.size()));
        for (Seal& seal : seals) {
            seal = raw<Seal>();
        }
        return seals;
    }
    void demand(bool holds) { good_ = good_ && holds; }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] bool at_end() const { return good_ && rest_.empty(); }

  private:
    std::string_view take(std::size_t size) {
        static constexpr std::array<char, 64> nothing{};
        if (!good_ || size > rest_.size()) {
            good_ = false;
            return {nothing.data(), std::min(size, nothing.size())};
        }
        const std::string_view taken = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return taken;
    }

    std::string_view rest_;
    bool good_ = true;
};

void encode_header(Encoder& to, const Header& header) {
    to.number(static_cast<std::uint64_t>(header.type));
    to.number(header.mode);
    to.number(header.uid);
    to.number(header.gid);
    to.signed_number(header.mtime.seconds);
    to.number(header.mtime.nanoseconds);
    to.number(header.size);
    to.text(header.link);
    to.number(header.device_major);
    to.number(header.device_minor);
    to.number(header.xattrs.size());
    for (const auto& [name, value] : header.xattrs) {
        to.text(name);
        to.text(value);
    }
}

Header decode_header(Decoder& from) {
    constexpr std::uint64_t most_32 = 0xFFFFFFFF;
    Header header;
    header.type = static_cast<EntryType>(from.number_below<int>(static_cast<int>(EntryType::fifo)));
    header.mode = from.number_below<std::uint16_t>(07777);
    header.uid = from.number_below<std::uint32_t>(most_32);
    header.gid = from.number_below<std::uint32_t>(most_32);
    header.mtime.seconds = from.signed_number();
    header.mtime.nanoseconds = from.number_below<std::uint32_t>(999'999'999);
    header.size = from.number();
    header.link = from.text();
    header.device_major = from.number_below<std::uint32_t>(most_32);
    header.device_minor = from.number_below<std::uint32_t>(most_32);
    std::vector<Xattrs::Attribute> xattrs(from.count(2));
    for (auto& [name, value] : xattrs) {
        name = from.text();
        value = from.text();
    }
    header.xattrs.set(std::move(xattrs));
    return header;
}

void encode_entry(Encoder& to, const LayerEntry& entry) {
    to.text(entry.path);
    encode_header(to, entry.header);
    to.number(entry.raw.offset);
    to.number(entry.raw.length);
    to.number(entry.content.offset);
    to.number(entry.content.length);
    to.number(entry.sparse ? 1 : 0);
}

bool is_inside(const Range& range, std::uint64_t size) {
    return range.offset <= size && range.length <= size - range.offset;
}

LayerEntry decode_entry(Decoder& from, std::uint64_t tar_bytes) {
    LayerEntry entry;
    entry.path = from.text();
    entry.header = decode_header(from);
    entry.raw = {from.number(), 0};
    entry.raw.length = from.number();
    entry.content = {from.number(), 0};
    entry.content.length = from.number();
    entry.sparse = from.number_below<int>(1) == 1;
    from.demand(is_inside(entry.raw, tar_bytes) && is_inside(entry.content, tar_bytes) &&
                path::normalize(entry.path) == entry.path &&
                entry.path.find('\0') == std::string::npos);
    return entry;
}

/// The layer's name, with which most messages begin, is left out.
void encode_diagnostic(Encoder& to, const Diagnostic& diagnostic, std::string_view what) {
    const bool named = diagnostic.message.starts_with(what);
    to.number(static_cast<std::uint64_t>(diagnostic.severity));
    to.text(diagnostic.code);
    to.text(diagnostic.path);
    to.number(named ? 1 : 0);
    to.text(std::string_view(diagnostic.message).substr(named ? what.size() : 0));
    to.number(diagnostic.open ? 1 : 0);
}

Diagnostic decode_diagnostic(Decoder& from, std::string_view what) {
    Diagnostic diagnostic;
    diagnostic.severity =
        static_cast<Severity>(from.number_below<int>(static_cast<int>(Severity::error)));
    diagnostic.code = from.text();
    diagnostic.path = from.text();
    diagnostic.message = from.number_below<int>(1) == 1 ? std::string(what) : std::string();
    diagnostic.message += from.text();
    diagnostic.open = from.number_below<int>(1) == 1;
    return diagnostic;
}

}  // namespace

std::string_view record_version() {
    return version;
}

std::string encode(const LayerScan& scan, const LayerSeals& seals, std::string_view what,
                   const Limits& limits) {
    Encoder to;
    to.raw(magic);
    to.text(version);
    for (const std::uint64_t limit : deciding(limits)) {
        to.number(limit);
    }
    to.number(static_cast<std::uint64_t>(scan.codec));
    to.raw(scan.blob.value);
    to.raw(scan.diff_id.value);
    to.number(seals.blob_bytes);
    to.number(seals.tar_bytes);
    to.seals(seals.blob);
    to.seals(seals.tar);
    to.number(scan.diagnostics.size());
    for (const Diagnostic& diagnostic : scan.diagnostics) {
        encode_diagnostic(to, diagnostic, what);
    }
    to.number(scan.entries.size());
    for (const LayerEntry& entry : scan.entries) {
        encode_entry(to, entry);
    }
    return to.take();
}

std::optional<ScanRecord> decode(Bytes bytes, std::string_view what, const Limits& limits) {
    if (!as_text(bytes).starts_with(magic)) {
        return std::nullopt;
    }
    Decoder from(bytes.subspan(magic.size()));
    from.demand(from.text() == version);
    for (const std::uint64_t limit : deciding(limits)) {
        from.demand(from.number() == limit);
    }
    ScanRecord record;
    LayerScan& scan = record.scan;
    LayerSeals& seals = record.seals;
    scan.codec = static_cast<Codec>(from.number_below<int>(static_cast<int>(Codec::xz)));
    scan.blob.value = from.raw<decltype(Digest::value)>();
    scan.diff_id.value = from.raw<decltype(Digest::value)>();
    seals.blob_bytes = from.number();
    seals.tar_bytes = from.number();
    seals.blob = from.seals();
    seals.tar = from.seals();
    // The least that each of them takes: see what encode_diagnostic() and encode_entry() write.
    constexpr std::size_t diagnostic_bytes = 6;
    constexpr std::size_t entry_bytes = 17;
    const std::size_t diagnostics = from.count(diagnostic_bytes);
    for (std::size_t i = 0; i < diagnostics && from.good(); ++i) {
        scan.diagnostics.push_back(decode_diagnostic(from, what));
    }
    const std::size_t entries = from.count(entry_bytes);
    // What bytes without sense claim costs no more memory than they have.
    constexpr std::size_t trusted = 1 << 16;
    scan.entries.reserve(from.good() ? std::min(entries, trusted) : 0);
    for (std::size_t i = 0; i < entries && from.good(); ++i) {
        scan.entries.push_back(decode_entry(from, seals.tar_bytes));
    }
    return from.at_end() ? std::optional(std::move(record)) : std::nullopt;
}

}  // namespace slimimg::archive
