// SPDX-License-Identifier: Apache-2.0
#include "control/state/state_segment.h"

#include "control/state/digest.h"

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include <fmt/format.h>

namespace espgate::control {
namespace {

constexpr std::uint64_t state_magic = 0x6574'6174'7367'7365;  // "esgstate"
constexpr std::uint32_t state_version = 2;
constexpr std::size_t most_blocks = std::size_t{1} << 20;

// The segment: a header that fills one block, then the blocks.
struct Header {
  std::uint64_t magic;
  std::uint32_t version;
  std::uint32_t blocks;
};
struct BlockHeader {
  Digest sum;                // of the rest of this header and the content
  std::uint64_t generation;  // 0: free
  std::uint64_t id;
  std::uint32_t index, count;  // of the record's blocks
  std::uint32_t length;        // of the content
  std::uint32_t unused;
};
static_assert(std::is_trivially_copyable_v<Header> && std::is_trivially_copyable_v<BlockHeader>);

constexpr std::size_t content_bytes = StateSegment::block_bytes - sizeof(BlockHeader);

std::size_t segment_bytes(std::size_t blocks) { return (blocks + 1) * StateSegment::block_bytes; }
std::size_t offset_of(std::size_t block) { return (block + 1) * StateSegment::block_bytes; }

Digest sum_of(const BlockHeader& header, std::span<const std::byte> content) {
  return digest({std::as_bytes(std::span(&header, 1)).subspan(sizeof(Digest)), content});
}

// One whole version of a record, as far as its blocks were found.
struct Version {
  std::uint32_t count = 0;
  std::map<std::uint32_t, std::span<const std::byte>> parts;
};

Expected<Header> read_header(std::span<const std::byte> memory) {
  Header header = {};
  if (memory.size() < segment_bytes(0)) return tl::unexpected(std::string("it is too small"));
  std::memcpy(&header, memory.data(), sizeof header);
  if (header.magic != state_magic) return tl::unexpected(std::string("it is no state of a control process"));
  if (header.version != state_version) {
    return tl::unexpected(
        fmt::format("it has version {}, and this program knows {}", header.version, state_version));
  }
  if (segment_bytes(header.blocks) != memory.size()) {
    return tl::unexpected(fmt::format("it is damaged: {} bytes for {} blocks", memory.size(), header.blocks));
  }
  return header;
}

}  // namespace

StateSegment::StateSegment(channel::Segment segment, std::size_t blocks)
    : segment_(std::move(segment)), blocks_(blocks) {
  free_.reserve(blocks);
  for (std::size_t i = blocks; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

std::size_t StateSegment::blocks_for(std::size_t record_bytes) {
  return std::max<std::size_t>(1, (record_bytes + content_bytes - 1) / content_bytes);
}

Expected<StateSegment> StateSegment::create(std::size_t blocks) {
  if (blocks > most_blocks)
    return tl::unexpected(fmt::format("{} blocks of state; at most {} are possible", blocks, most_blocks));
  auto segment = channel::Segment::create("espgate-control-state", segment_bytes(blocks));
  if (!segment) return tl::unexpected(segment.error());
  const Header header = {state_magic, state_version, static_cast<std::uint32_t>(blocks)};
  std::memcpy(segment->data(), &header, sizeof header);
  return StateSegment(std::move(*segment), blocks);
}

// No order of stores matters: whatever part of a block was written when we die, its sum does not fit, and a
// version counts only with all its blocks.
bool StateSegment::write(std::uint64_t id, std::span<const std::byte> record) {
  const std::size_t count = blocks_for(record.size());
  if (count > free_.size()) return false;
  const std::uint64_t generation = ++generation_;
  std::vector<std::uint32_t> places(free_.end() - static_cast<std::ptrdiff_t>(count), free_.end());
  free_.resize(free_.size() - count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto content =
        record.subspan(i * content_bytes, std::min(content_bytes, record.size() - i * content_bytes));
    BlockHeader header = {{},
                          generation,
                          id,
                          static_cast<std::uint32_t>(i),
                          static_cast<std::uint32_t>(count),
                          static_cast<std::uint32_t>(content.size()),
                          0};
    header.sum = sum_of(header, content);
    std::byte* block = segment_.data() + offset_of(places[i]);
    if (!content.empty()) std::memcpy(block + sizeof header, content.data(), content.size());
    std::memcpy(block, &header, sizeof header);
  }
  std::swap(places_[id], places);
  release(places);
  return true;
}

void StateSegment::erase(std::uint64_t id) {
  const auto found = places_.find(id);
  if (found == places_.end()) return;
  release(found->second);
  places_.erase(found);
}

void StateSegment::release(const std::vector<std::uint32_t>& places) {
  for (const std::uint32_t place : places) {
    crypto::wipe({segment_.data() + offset_of(place), block_bytes});
    free_.push_back(place);
  }
}

Expected<StateSegment> StateSegment::copy(std::size_t blocks) const {
  auto larger = create(blocks);
  if (!larger) return larger;
  for (const auto& [id, places] : places_) {
    crypto::SecretBytes record(places.size() * content_bytes);
    std::size_t size = 0;
    for (const std::uint32_t place : places) {
      const std::byte* block = segment_.data() + offset_of(place);
      BlockHeader header = {};
      std::memcpy(&header, block, sizeof header);
      std::memcpy(record.data() + size, block + sizeof header, header.length);
      size += header.length;
    }
    if (!larger->write(id, record.bytes().first(size))) return tl::unexpected(std::string("too few blocks"));
  }
  return larger;
}

Expected<StateRecords> read_state(channel::Descriptor descriptor) {
  auto segment = channel::Segment::map(std::move(descriptor), segment_bytes(0), segment_bytes(most_blocks));
  if (!segment) return tl::unexpected(segment.error());
  return read_state(segment->bytes());
}

Expected<StateRecords> read_state(std::span<const std::byte> memory) {
  const auto header = read_header(memory);
  if (!header) return tl::unexpected(header.error());
  std::map<std::pair<std::uint64_t, std::uint64_t>, Version> versions;  // by id and generation
  for (std::size_t i = 0; i < header->blocks; ++i) {
    const auto block = memory.subspan(offset_of(i), StateSegment::block_bytes);
    BlockHeader at = {};
    std::memcpy(&at, block.data(), sizeof at);
    if (at.generation == 0 || at.length > content_bytes || at.index >= at.count) continue;
    const auto content = block.subspan(sizeof at, at.length);
    if (at.sum != sum_of(at, content)) continue;
    Version& version = versions[{at.id, at.generation}];
    version.count = at.count;
    version.parts[at.index] = content;
  }
  StateRecords records;
  for (const auto& [key, version] : versions) {
    if (version.parts.size() != version.count) continue;
    std::size_t size = 0;
    for (const auto& [index, part] : version.parts) size += part.size();
    crypto::SecretBytes record(size);
    std::byte* at = record.data();
    for (const auto& [index, part] : version.parts) at = std::ranges::copy(part, at).out;
    records.insert_or_assign(key.first, std::move(record));  // generations rise, the newest wins
  }
  return records;
}

}  // namespace espgate::control
