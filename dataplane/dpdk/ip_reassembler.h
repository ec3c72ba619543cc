// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/reassembler.h"

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

namespace espgate::dataplane::dpdk {

// Outer IPv4 reassembly on rte_ip_frag: at most `max_datagrams` incomplete ones, 8 fragments each, 30 s of
// patience (RFC 1122 §3.3.2 asks for 60 to 120 s; an ESP datagram that late lies before any replay window). A
// completed datagram is copied into one large buffer, since the cryptography wants it contiguous.
class IpReassembler final : public Reassembler {
 public:
  static constexpr std::uint64_t patience_nanoseconds = 30'000'000'000;

  // `pool` gives the large buffers and must outlive this. Error: what DPDK said.
  [[nodiscard]] static tl::expected<std::unique_ptr<IpReassembler>, std::string> create(
      BufferPool& pool, unsigned max_datagrams);
  ~IpReassembler() override;

  Outcome add(Burst& burst, Packet& packet) noexcept override;

  // The time of the packets that follow, in nanoseconds of any clock; lets go what has waited too long.
  void set_time(std::uint64_t nanoseconds) noexcept;
  // Lets go whatever still waits.
  void flush() noexcept;
  // Fragments that waited in vain so far.
  [[nodiscard]] std::uint64_t timed_out() const { return timed_out_; }

 private:
  struct State;
  IpReassembler(BufferPool& pool, std::unique_ptr<State> state);

  BufferPool& pool_;
  std::unique_ptr<State> state_;
  std::uint64_t now_ = 0;
  std::uint64_t timed_out_ = 0;
};

}  // namespace espgate::dataplane::dpdk
