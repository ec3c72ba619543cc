// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/refusal.h"
#include "wire/isakmp.h"

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <vector>

namespace espgate::control::ike {

// IKE messages that came in pieces (FRAGMENT payloads, Cisco's and Microsoft's). Nothing about a piece is
// authenticated, so all is capped: one message at a time for an IKE SA, few at once, old ones go first.
class Fragments {
 public:
  static constexpr std::size_t most_messages = 256;
  static constexpr std::size_t most_pieces = 32;
  static constexpr std::size_t most_bytes = 16384;
  static constexpr std::chrono::seconds most_age{15};

  // Takes a message whose first payload is a FRAGMENT. The whole message when this was the last piece that
  // was missing. Refusal: bad_fragment.
  [[nodiscard]] Expected<std::optional<std::vector<std::byte>>> add(const wire::IsakmpMessage& message,
                                                                    TimePoint now);
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }

 private:
  struct Waiting {
    Cookies cookies;
    std::uint16_t id = 0;
    TimePoint since{};
    std::map<std::uint8_t, std::vector<std::byte>> pieces;
    std::uint8_t last = 0;  // index of the last piece; 0: not heard yet
    std::size_t bytes = 0;
  };
  Waiting& find(const Cookies& cookies, std::uint16_t id, TimePoint now);

  std::list<Waiting> waiting_;  // the oldest first
};

// Cuts a message into datagrams of at most `most_bytes`, for peers that take it.
[[nodiscard]] std::vector<std::vector<std::byte>> cut_into_fragments(wire::Bytes message,
                                                                     std::size_t most_bytes,
                                                                     std::uint16_t id);

}  // namespace espgate::control::ike
