// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <tl/expected.hpp>

namespace espgate::cli {

// A filter as tcpdump takes it (pcap-filter(7)), for packets that are at hand.
class BpfFilter {
 public:
  // `ethernet`: packets begin with an Ethernet header; else with an IP header. An empty expression lets all
  // through. Error: what is wrong with the expression.
  [[nodiscard]] static tl::expected<BpfFilter, std::string> compile(const std::string& expression,
                                                                    bool ethernet);

  // `length`: of the whole packet, of which `bytes` may be the beginning.
  [[nodiscard]] bool matches(std::span<const std::byte> bytes, std::uint32_t length) const;

 private:
  struct Program;  // libpcap's, freed when it goes
  explicit BpfFilter(std::shared_ptr<const Program> program) : program_(std::move(program)) {}

  std::shared_ptr<const Program> program_;
};

}  // namespace espgate::cli
