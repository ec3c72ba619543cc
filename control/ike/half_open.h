// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/ike_sa.h"
#include "control/ike/path.h"

#include <cstdint>
#include <vector>

#include <boost/multi_index/composite_key.hpp>
#include <boost/multi_index/hashed_index.hpp>
#include <boost/multi_index/member.hpp>
#include <boost/multi_index/ordered_index.hpp>
#include <boost/multi_index_container.hpp>

namespace espgate::control::ike {

// All that is kept of a client whose first message was answered: no key was computed yet, and anybody may
// have sent it under any address.
struct HalfOpen {
  static constexpr std::size_t most_sa_bytes = 768;  // so that a record stays below 1 KiB

  Cookies cookies;
  Path path;
  PeerKind kind;
  TimePoint since{};
  std::vector<std::byte> sa_body;  // as it was offered: HASH_I covers it
  std::uint64_t serial = 0;        // the older, the lower
  std::uint32_t address = 0;       // of path.remote
  std::uint32_t network = 0;       // its /24
};

// Half-open records within caps. When one is reached, the oldest record under it goes, not the newest: under
// a flood, a real client's next message comes within a round trip.
class HalfOpenTable {
 public:
  struct Limits {
    std::size_t total, per_address, per_network;
    std::chrono::seconds age;
  };
  explicit HalfOpenTable(const Limits& limits) : limits_(limits) {}

  [[nodiscard]] const HalfOpen* find(const Cookies& cookies) const;
  // How many others had to go.
  std::size_t insert(HalfOpen record);
  void erase(const Cookies& cookies);
  // Takes out those whose time is over.
  [[nodiscard]] std::vector<HalfOpen> expire(TimePoint now);
  [[nodiscard]] std::size_t size() const { return records_.size(); }

 private:
  struct ByCookies {};
  struct BySerial {};
  struct ByAddress {};
  struct ByNetwork {};
  template <typename Tag, auto Member>
  using OldestOf = boost::multi_index::ordered_unique<
      boost::multi_index::tag<Tag>,
      boost::multi_index::composite_key<
          HalfOpen, boost::multi_index::member<HalfOpen, std::uint32_t, Member>,
          boost::multi_index::member<HalfOpen, std::uint64_t, &HalfOpen::serial>>>;
  using Records = boost::multi_index_container<
      HalfOpen, boost::multi_index::indexed_by<
                    boost::multi_index::hashed_unique<
                        boost::multi_index::tag<ByCookies>,
                        boost::multi_index::member<HalfOpen, Cookies, &HalfOpen::cookies>, CookiesHash>,
                    boost::multi_index::ordered_unique<
                        boost::multi_index::tag<BySerial>,
                        boost::multi_index::member<HalfOpen, std::uint64_t, &HalfOpen::serial>>,
                    OldestOf<ByAddress, &HalfOpen::address>, OldestOf<ByNetwork, &HalfOpen::network>>>;

  template <typename Tag>
  std::size_t make_room(std::uint32_t key, std::size_t most);

  Limits limits_;
  Records records_;
  std::uint64_t next_serial_ = 0;
};

}  // namespace espgate::control::ike
