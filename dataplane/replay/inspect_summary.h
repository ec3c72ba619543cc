// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/replay/inspect_keys.h"
#include "dataplane/replay/inspection.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::replay {

struct SaSummary {
  const EspSa* sa;
  SequenceFindings sequence;
  std::string_view suite;  // empty: its key isn't known
  bool from_left;
};

struct IkeSummary {
  const IkeSa* sa;
  bool from_left;  // its initiator is on the left
};

// A peer with all that belongs to it. Left is who began: the client, if the capture has the beginning.
struct PeerSummary {
  unsigned number;                             // from 1, in the order of the first frames
  std::vector<std::array<Endpoint, 2>> paths;  // left, right; in the order of the first frames
  std::array<std::uint64_t, 2> keepalives{};   // from the left, from the right
  std::vector<IkeSummary> ike;
  std::vector<SaSummary> sas;
};

// An inspection put in order for its readers; refers to it.
struct InspectionSummary {
  // `keys` is null when no key file was given.
  InspectionSummary(const Inspection& inspection, const KnownKeys* keys);

  const Inspection& inspection;
  bool keys_given;
  std::vector<PeerSummary> peers;
  std::vector<std::uint32_t> unused_keys;  // SPIs of the key file that no packet has

  // One sentence for each thing that a person should look at.
  [[nodiscard]] std::vector<std::string> findings() const;
  // For people: tables of peers, IKE SAs and exchanges, SAs, unprotected and other traffic, findings.
  [[nodiscard]] std::string text() const;
  // One JSON object; docs/inspect.md describes it.
  [[nodiscard]] std::string json() const;

  // Packets that are neither ESP, IKE, keepalives nor clear L2TP.
  [[nodiscard]] std::uint64_t other_packets() const;
  [[nodiscard]] std::uint64_t clear_l2tp_packets() const;
  // Since the capture's first frame.
  [[nodiscard]] double seconds(std::uint64_t nanoseconds) const;
};

[[nodiscard]] std::string spi_text(std::uint32_t spi);                 // "0x0000beef"
[[nodiscard]] std::string cookie_text(std::uint64_t cookie);           // 16 digits
[[nodiscard]] std::string range_text(const NumberRange& range);        // "41" or "41-50"
[[nodiscard]] std::string exchange_text(const IkeExchange& exchange);  // "quick mode fec7eb9e"

}  // namespace espgate::replay
