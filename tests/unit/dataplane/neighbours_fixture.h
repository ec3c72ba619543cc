// SPDX-License-Identifier: Apache-2.0
#pragma once

//
//   host .9 ─┐
//   host .7 ─┼── 10.30.0.0/24 ── .1 [gateway] .1 ── 10.20.0.0/24 ──── router .254
//   …       ─┘       inside, port 1                     outside, port 0
//
// Time is a number; packets are pointers into an array; what comes out is written down.
#include "dataplane/neighbours.h"
#include "tests/unit/dataplane/test_routes.h"

#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {

inline constexpr std::uint64_t second = Neighbours::second;
inline constexpr std::uint8_t outside = 0, inside = 1;
inline constexpr std::uint32_t own_outside = 0x0a140001, own_inside = 0x0a1e0001;
inline constexpr std::uint32_t router = 0x0a1400fe, host = 0x0a1e0009, other_host = 0x0a1e0007;

[[nodiscard]] constexpr wire::MacAddress mac(unsigned last) {
  return {
      {std::byte{2}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte(last >> 8), std::byte(last & 0xff)}};
}
inline constexpr wire::MacAddress own_mac = mac(1), own_outside_mac = mac(2), host_mac = mac(9),
                                  router_mac = mac(254);

struct SentArp {
  std::uint8_t port;
  wire::ArpMessage message;
  wire::MacAddress destination;
};

class NeighboursTest : public testing::Test, public NeighbourActions {
 protected:
  NeighboursTest() {
    neighbours_ = std::make_unique<Neighbours>(*hops_, routes_, *this);
    outside_glean_ = neighbours_->add_port({outside, own_outside_mac, {own_outside, 24}});
    glean_ = neighbours_->add_port({inside, own_mac, {own_inside, 24}});
    EXPECT_NE(glean_, outside_glean_);
  }

  void send_arp(std::uint8_t port, const wire::ArpMessage& message,
                const wire::MacAddress& destination) override {
    sent_.push_back({port, message, destination});
  }
  void release(void* packet, NextHopId hop) override { released_.emplace_back(number_of(packet), hop); }
  void drop(void* packet, DropReason reason) override { dropped_.emplace_back(number_of(packet), reason); }
  void retire(NextHopId hop) override {
    for (const Route& route : routes_.list()) EXPECT_NE(route.next_hop, hop) << "a route still leads there";
    retired_.push_back(hop);
    hops_->release(hop);
  }

  // Packet number i.
  void* packet(std::size_t i) { return &packets_.at(i); }
  std::size_t number_of(void* at) const {
    return static_cast<std::size_t>(static_cast<char*>(at) - packets_.data());
  }

  void unresolved(std::size_t i, std::uint32_t destination = host) {
    neighbours_->on_unresolved(packet(i), glean_, destination, now_);
  }
  void answer(std::uint32_t ip = host, const wire::MacAddress& from = host_mac) {
    neighbours_->on_arp(inside, {wire::ArpOperation::reply, from, ip, own_mac, own_inside}, now_);
  }
  void ask_for(std::uint32_t target, std::uint32_t sender, const wire::MacAddress& from) {
    neighbours_->on_arp(inside, {wire::ArpOperation::request, from, sender, {}, target}, now_);
  }
  // Lets time pass in steps of a tenth of a second.
  void pass(double seconds) {
    const auto end = now_ + static_cast<std::uint64_t>(seconds * 1e9);
    while (now_ < end) {
      now_ += second / 10;
      neighbours_->tick(now_);
    }
  }
  std::optional<Neighbours::Row> row(std::uint32_t ip) {
    for (const auto& each : neighbours_->list(now_))
      if (each.address == ip) return each;
    return std::nullopt;
  }
  std::vector<SentArp> sent() { return std::exchange(sent_, {}); }
  std::vector<std::size_t> dropped_numbers() {
    std::vector<std::size_t> numbers;
    for (const auto& [number, reason] : std::exchange(dropped_, {})) {
      EXPECT_EQ(reason, DropReason::no_neighbour);
      numbers.push_back(number);
    }
    return numbers;
  }

  std::vector<char> packets_ = std::vector<char>(5000);
  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  TestRoutes routes_;
  std::vector<SentArp> sent_;
  std::vector<std::pair<std::size_t, NextHopId>> released_;
  std::vector<std::pair<std::size_t, DropReason>> dropped_;
  std::vector<NextHopId> retired_;
  std::unique_ptr<Neighbours> neighbours_;
  NextHopId glean_ = 0, outside_glean_ = 0;
  std::uint64_t now_ = 100 * second;
};

}  // namespace espgate::dataplane::test
