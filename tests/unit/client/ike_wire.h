// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/ike/ike_client.h"
#include "tests/unit/control/ike/ike_node.h"

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::test {

namespace client_ike = client::ike;

// Random bytes that are the same in every run.
class SameRandom {
 public:
  explicit SameRandom(std::uint64_t seed) : state_(seed) {}
  void operator()(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) {
      state_ = state_ * 6364136223846793005U + 1442695040888963407U;
      byte = static_cast<std::byte>(state_ >> 56U);
    }
  }
  std::uint64_t below(std::uint64_t limit) {
    std::array<std::byte, 8> bytes{};
    (*this)(bytes);
    return wire::load_big_endian<std::uint64_t>(bytes.data()) % limit;
  }

 private:
  std::uint64_t state_;
};

[[nodiscard]] client_ike::Settings dial_settings(std::string_view proposal = "aes256-sha256-curve25519",
                                                 std::string_view psk = group_psk);

// The client's core and the gateway's negotiator with a network between them, which may lose, repeat and
// reorder.
class IkeWire {
 public:
  explicit IkeWire(client_ike::Settings with = dial_settings(),
                   ike::Settings gateway_with = gateway_settings());

  void dial();
  // Lets time pass in steps, delivering on the way.
  void pass(std::chrono::milliseconds time);
  void settle();

  [[nodiscard]] bool is_up() const { return using_pair != 0 && failures.empty(); }
  // Both ends have the same keys for what the client sends and receives on now.
  [[nodiscard]] bool ends_agree() const;

  client_ike::Settings settings;
  IkeNode gateway;
  SameRandom random{7};
  client_ike::IkeClient client;
  std::map<std::uint32_t, client_ike::Pair> pairs;  // by the client's SPI
  std::uint32_t using_pair = 0;
  std::vector<client::Failure> failures;
  std::vector<std::string> notes;
  std::vector<client_ike::Authenticated> authenticated;

  struct Datagram {
    bool to_gateway = false;
    bool natt = false;
    std::vector<std::byte> bytes;
  };
  std::function<bool(Datagram&)> on_wire;  // false: lost
  bool reorders = false;
  std::vector<Datagram> log;

 private:
  void collect();
  void post(Datagram datagram);
  void take_from_gateway(std::vector<ike::SendDatagram> sent);

  std::deque<Datagram> queue_;
};

}  // namespace espgate::test
