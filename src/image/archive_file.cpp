#include "image/archive_file.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "slimimg/base/error.hpp"
#include "slimimg/base/file.hpp"

namespace slimimg::image {
namespace {

constexpr std::size_t block_bytes = 512;
constexpr std::array<std::byte, block_bytes> zeros{};

archive::Header header(archive::EntryType type, std::uint16_t mode) {
    archive::Header header;
    header.type = type;
    header.mode = mode;
    return header;
}

archive::Header file_header() {
    return header(archive::EntryType::file, 0644);
}

/// What stands before a file's content.
std::string rendered_header(std::string_view path, std::uint64_t size) {
    std::string text;
    archive::TarWriter([&](Bytes bytes) {
        text += as_text(bytes);
    }).file_header(path, file_header(), size);
    return text;
}

}  // namespace

class ArchiveFile::Place : public archive::BlobPlace {
  public:
    Place(ArchiveFile& file, std::uint64_t header_at) : file_(file), header_at_(header_at) {}

    void write(Bytes stored) override { file_.append(stored); }

    Slice finish() override {
        const std::uint64_t start = header_at_ + block_bytes;
        const std::uint64_t size = file_.bytes_ - start;
        if (const std::uint64_t rest = size % block_bytes; rest != 0) {
            file_.append(Bytes(zeros).first(static_cast<std::size_t>(block_bytes - rest)));
        }
        Slice content = map_descriptor(file_.fd_, file_.bytes_).sub(start, size).value_or(Slice{});
        file_.blobs_.push_back({header_at_, content});
        return content;
    }

  private:
    ArchiveFile& file_;
    std::uint64_t header_at_;
};

ArchiveFile::ArchiveFile(int fd, std::string name)
    : fd_(fd), name_(std::move(name)), tar_([this](Bytes bytes) { append(bytes); }) {
    const archive::Header folder = header(archive::EntryType::directory, 0755);
    tar_.entry("/blobs", folder, {});
    tar_.entry("/blobs/sha256", folder, {});
}

void ArchiveFile::append(Bytes bytes) {
    write_all(fd_, bytes, name_);
    bytes_ += bytes.size();
}

std::unique_ptr<archive::BlobPlace> ArchiveFile::next_blob() {
    auto place = std::make_unique<Place>(*this, bytes_);
    append(zeros);
    return place;
}

bool ArchiveFile::holds(const Slice& blob) const {
    return std::any_of(blobs_.begin(), blobs_.end(), [&](const Blob& own) {
        return own.content.bytes.data() == blob.bytes.data();
    });
}

void ArchiveFile::add(std::string_view path, const Slice& content) {
    const auto blob = std::find_if(blobs_.begin(), blobs_.end(), [&](const Blob& own) {
        return own.content.bytes.data() == content.bytes.data();
    });
    if (blob == blobs_.end()) {
        tar_.entry(path, file_header(), content.bytes);
        return;
    }
    const std::string text = rendered_header(path, content.size());
    if (text.size() != block_bytes) {
        throw Error(Exit::internal, "blob-header",
                    name_ + " has no room for the header of a layer of " +
                        std::to_string(content.size()) + " bytes");
    }
    write_at(fd_, blob->header_at, as_bytes(text), name_);
    blob->named = true;
}

void ArchiveFile::finish() {
    if (!std::all_of(blobs_.begin(), blobs_.end(), [](const Blob& blob) { return blob.named; })) {
        throw Error(Exit::internal, "blob-name", name_ + " has a layer that is not of the image");
    }
    tar_.finish();
}

}  // namespace slimimg::image
