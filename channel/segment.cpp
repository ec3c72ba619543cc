// SPDX-License-Identifier: Apache-2.0
#include "channel/segment.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace espgate::channel {
namespace {

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

}  // namespace

Expected<Segment> Segment::create(const char* name, std::size_t bytes) {
  Descriptor descriptor(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!descriptor || ::ftruncate(descriptor.get(), static_cast<off_t>(bytes)) != 0 ||
      ::fcntl(descriptor.get(), F_ADD_SEALS, seals) != 0) {
    return tl::unexpected(
        fmt::format("can't make shared memory of {} bytes for {}: {}", bytes, name, std::strerror(errno)));
  }
  return map_whole(std::move(descriptor), bytes);
}

Expected<Segment> Segment::map(Descriptor descriptor, std::size_t bytes) {
  return map(std::move(descriptor), bytes, bytes);
}

// Without its seals the other side could shrink the segment later, and the next access would kill us with
// SIGBUS.
Expected<Segment> Segment::map(Descriptor descriptor, std::size_t least, std::size_t most) {
  const int has = ::fcntl(descriptor.get(), F_GET_SEALS);
  if (has < 0)
    return tl::unexpected(std::string("a descriptor that came is no shared memory that can be sealed"));
  if ((has & seals) != seals) {
    return tl::unexpected(std::string("shared memory that came is not sealed against a change of size"));
  }
  struct stat status = {};
  if (::fstat(descriptor.get(), &status) != 0) return tl::unexpected(std::string(std::strerror(errno)));
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size < least || size > most) {
    return tl::unexpected(fmt::format("shared memory that came has {} bytes; {} were expected", size, least));
  }
  return map_whole(std::move(descriptor), size);
}

Expected<Segment> Segment::map_whole(Descriptor descriptor, std::size_t bytes) {
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor.get(), 0);
  if (memory == MAP_FAILED) {
    return tl::unexpected(
        fmt::format("can't map shared memory of {} bytes: {}", bytes, std::strerror(errno)));
  }
  (void)::madvise(memory, bytes, MADV_DONTDUMP);
  (void)::mlock(memory, bytes);  // as far as the limit allows
  return Segment(std::move(descriptor), static_cast<std::byte*>(memory), bytes);
}

Segment::Segment(Segment&& other) noexcept
    : descriptor_(std::move(other.descriptor_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Segment& Segment::operator=(Segment&& other) noexcept {
  if (this != &other) {
    if (data_ != nullptr) ::munmap(data_, size_);
    descriptor_ = std::move(other.descriptor_);
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
  }
  return *this;
}

Segment::~Segment() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace espgate::channel
