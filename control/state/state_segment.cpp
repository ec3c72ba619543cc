// SPDX-License-Identifier: Apache-2.0
#include "control/state/state_segment.h"

#include "control/state/digest.h"

#include <cstring>
#include <optional>
#include <type_traits>

#include <fmt/format.h>

namespace espgate::control {
namespace {

constexpr std::uint64_t state_magic = 0x6574'6174'7367'7365;  // "esgstate"
constexpr std::uint32_t state_version = 1;
constexpr std::size_t most_capacity = std::size_t{256} << 20;

// The segment: a header, then two copies of a CopyHeader with `capacity` bytes behind it.
struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t capacity;
};
struct CopyHeader {
  std::uint64_t generation;  // 0: never written
  std::uint64_t length;
  Digest sum;  // of generation, length and blob
};
static_assert(std::is_trivially_copyable_v<Header> && std::is_trivially_copyable_v<CopyHeader>);

std::size_t copy_offset(std::size_t capacity, std::size_t index) {
  return sizeof(Header) + index * (sizeof(CopyHeader) + capacity);
}
std::size_t segment_bytes(std::size_t capacity) { return copy_offset(capacity, 2); }

Digest sum_of(const CopyHeader& header, std::span<const std::byte> blob) {
  return digest(
      {std::as_bytes(std::span(&header.generation, 1)), std::as_bytes(std::span(&header.length, 1)), blob});
}

struct Copy {
  std::uint64_t generation;
  std::span<const std::byte> blob;
};

std::optional<Copy> whole_copy(std::span<const std::byte> memory, std::size_t capacity, std::size_t index) {
  CopyHeader header;
  const auto bytes = memory.subspan(copy_offset(capacity, index));
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.generation == 0 || header.length > capacity) return std::nullopt;
  const auto blob = bytes.subspan(sizeof header, header.length);
  if (header.sum != sum_of(header, blob)) return std::nullopt;
  return Copy{header.generation, blob};
}

}  // namespace

Expected<StateSegment> StateSegment::create(std::size_t capacity) {
  if (capacity > most_capacity) {
    return tl::unexpected(fmt::format("{} bytes of state; at most {} are possible", capacity, most_capacity));
  }
  auto segment = channel::Segment::create("espgate-control-state", segment_bytes(capacity));
  if (!segment) return tl::unexpected(segment.error());
  const Header header = {state_magic, state_version, static_cast<std::uint32_t>(capacity)};
  std::memcpy(segment->data(), &header, sizeof header);
  return StateSegment(std::move(*segment), capacity);
}

// No order of stores matters: whatever part of the copy was written when we die, its sum does not fit.
bool StateSegment::write(std::span<const std::byte> blob) {
  if (blob.size() > capacity_) return false;
  CopyHeader header = {++generation_, blob.size(), {}};
  header.sum = sum_of(header, blob);
  std::byte* copy = segment_.data() + copy_offset(capacity_, generation_ % 2);
  if (!blob.empty()) std::memcpy(copy + sizeof header, blob.data(), blob.size());
  std::memcpy(copy, &header, sizeof header);
  return true;
}

Expected<crypto::SecretBytes> read_state(channel::Descriptor descriptor) {
  auto segment = channel::Segment::map(std::move(descriptor), segment_bytes(0), segment_bytes(most_capacity));
  if (!segment) return tl::unexpected(segment.error());
  return read_state(segment->bytes());
}

Expected<crypto::SecretBytes> read_state(std::span<const std::byte> memory) {
  Header header = {};
  if (memory.size() < segment_bytes(0)) return tl::unexpected(std::string("it is too small"));
  std::memcpy(&header, memory.data(), sizeof header);
  if (header.magic != state_magic) return tl::unexpected(std::string("it is no state of a control process"));
  if (header.version != state_version) {
    return tl::unexpected(
        fmt::format("it has version {}, and this program knows {}", header.version, state_version));
  }
  if (segment_bytes(header.capacity) != memory.size()) {
    return tl::unexpected(
        fmt::format("it is damaged: {} bytes for a capacity of {}", memory.size(), header.capacity));
  }
  const auto one = whole_copy(memory, header.capacity, 0);
  const auto other = whole_copy(memory, header.capacity, 1);
  if (!one && !other) return tl::unexpected(std::string("it is damaged: neither of its two copies is whole"));
  const Copy& newest = !other || (one && one->generation > other->generation) ? *one : *other;
  return crypto::SecretBytes(newest.blob);
}

}  // namespace espgate::control
