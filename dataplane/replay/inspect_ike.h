// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/flow.h"
#include "wire/isakmp.h"

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace espgate::replay {

// One exchange of an IKE SA. Index 0 of a pair is the IKE SA's initiator, 1 its responder.
struct IkeExchange {
  wire::IsakmpExchange type{};
  std::uint32_t message_id = 0;
  std::array<std::uint64_t, 2> messages{};         // with retransmissions
  std::array<std::uint64_t, 2> retransmissions{};  // the same datagram again
  std::uint64_t encrypted = 0;
  std::uint32_t first_frame = 0;
  std::uint32_t last_frame = 0;
  std::vector<std::string> notifies;  // of messages in the clear

  [[nodiscard]] std::uint64_t distinct(std::size_t side) const {
    return messages[side] - retransmissions[side];
  }
  [[nodiscard]] bool answered() const { return messages[0] != 0 && messages[1] != 0; }
};

struct IkeSa {
  std::uint64_t initiator_cookie = 0;
  std::uint64_t responder_cookie = 0;  // 0 until one is seen
  unsigned version = 1;
  // The sender of the first message and who it was for; who began is only known with the SA's first message.
  Endpoint initiator;
  Endpoint responder;
  bool from_its_first_message = false;
  std::uint32_t path = 0;
  std::vector<IkeExchange> exchanges;
  std::uint64_t uncounted_messages = 0;  // of exchanges beyond the first `max_exchanges`
  std::array<std::vector<std::string>, 2> vendors;
  std::vector<std::string> offered;  // phase-1 transforms
  std::vector<std::string> chosen;
  std::map<std::pair<wire::IsakmpExchange, std::uint32_t>, std::size_t> exchange_index;
  std::set<std::uint64_t> datagrams;  // fingerprints of the newest ones

  [[nodiscard]] std::size_t side_of(const Endpoint& source) const {
    return source.address == initiator.address ? 0 : 1;
  }
};

struct DamagedMessage {
  std::uint32_t frame;
  wire::ParseError error;
};

// Collects IKE messages into SAs and exchanges. What is encrypted stays so.
class IkeLog {
 public:
  static constexpr std::size_t max_sas = 65536;
  static constexpr std::size_t max_exchanges = 4096;
  static constexpr std::size_t max_datagrams = 4096;
  static constexpr std::size_t examples_kept = 8;

  struct Message {
    const Flow& flow;
    wire::Bytes bytes;
    bool complete;  // if not, it is judged by its header only
    std::uint32_t frame;
    std::uint32_t path;  // of the peer table
  };
  // The path that this message's IKE SA was first seen on.
  std::uint32_t add(const Message& message);

  [[nodiscard]] const std::vector<IkeSa>& sas() const { return sas_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  [[nodiscard]] const std::vector<DamagedMessage>& first_damaged() const { return first_damaged_; }
  [[nodiscard]] std::uint64_t not_followed() const { return not_followed_; }

 private:
  // Both addresses, the smaller first: a cookie is its initiator's choice, not unique in the world.
  using SaKey = std::pair<std::pair<wire::IpAddress, wire::IpAddress>, std::uint64_t>;

  IkeSa* sa_of(const Message& message, const wire::IsakmpHeader& header);
  IkeSa* find_sa(const SaKey& key, std::uint64_t responder_cookie);
  static IkeExchange* exchange_of(IkeSa& sa, const wire::IsakmpHeader& header, std::uint32_t frame);
  static bool seen_before(IkeSa& sa, wire::Bytes datagram);
  static wire::Expected<void> read_payloads(IkeSa& sa, IkeExchange& exchange, std::size_t side,
                                            const wire::IsakmpMessage& message);
  void note_damage(std::uint32_t frame, wire::ParseError error);

  std::vector<IkeSa> sas_;
  std::map<SaKey, std::vector<std::size_t>> index_;
  std::uint64_t messages_ = 0;
  std::uint64_t damaged_ = 0;
  std::vector<DamagedMessage> first_damaged_;
  std::uint64_t not_followed_ = 0;
};

}  // namespace espgate::replay
