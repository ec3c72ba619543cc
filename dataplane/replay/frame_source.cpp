// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/frame_source.h"

#include <algorithm>
#include <utility>

#include <sys/stat.h>

namespace espgate::replay {
namespace {

constexpr std::uint64_t record_header_bytes =
    16;  // of classic pcap; pcapng's are larger, the estimate is then low

std::uint64_t size_of_file(const std::string& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return 0;
  return static_cast<std::uint64_t>(status.st_size);
}

}  // namespace

Expected<FrameSource> FrameSource::open(const std::string& path, bool repeatable) {
  auto reader = CaptureReader::open(path);
  if (!reader) return fail(reader.error());
  FrameSource source(std::move(*reader));
  source.file_bytes_ = size_of_file(path);
  source.repeatable_ = repeatable;
  if (repeatable) source.load();
  return source;
}

void FrameSource::load() {
  for (;;) {
    auto frame = reader_.next();
    if (!frame) error_ = std::move(frame.error());
    if (!frame || !*frame) return;
    stored_.push_back({(*frame)->nanoseconds, bytes_.size(),
                       static_cast<std::uint32_t>((*frame)->bytes.size()), (*frame)->original_length});
    bytes_.insert(bytes_.end(), (*frame)->bytes.begin(), (*frame)->bytes.end());
  }
}

SourceFrame FrameSource::locate(const Frame& frame) const {
  const auto network = reader_.link_layer().locate(frame.bytes);
  return {.nanoseconds = frame.nanoseconds,
          .ether_type = network ? network->ether_type : std::uint16_t{0},
          .packet = frame.bytes.subspan(network ? network->offset : 0),
          .frame_bytes = static_cast<std::uint32_t>(frame.bytes.size()),
          .cut = frame.cut()};
}

Expected<std::optional<SourceFrame>> FrameSource::next() {
  if (!repeatable_) {
    auto frame = reader_.next();
    if (!frame) return fail(std::move(frame.error()));
    if (!*frame) return std::nullopt;
    bytes_read_ += (*frame)->bytes.size() + record_header_bytes;
    return locate(**frame);
  }
  if (position_ == stored_.size()) {
    if (error_) return fail(*std::exchange(error_, std::nullopt));
    return std::nullopt;
  }
  const Stored& stored = stored_[position_++];
  return locate(
      {stored.nanoseconds, wire::Bytes(bytes_).subspan(stored.begin, stored.length), stored.original_length});
}

double FrameSource::progress() const {
  if (repeatable_)
    return stored_.empty() ? 1.0 : static_cast<double>(position_) / static_cast<double>(stored_.size());
  if (file_bytes_ == 0) return 0;
  return std::min(1.0, static_cast<double>(bytes_read_) / static_cast<double>(file_bytes_));
}

}  // namespace espgate::replay
