// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ip_address.h"
#include "wire/isakmp_numbers.h"
#include "wire/parse.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace espgate::wire {

// Payloads of IKEv1 other than the SA payload. Each parse() takes what lies behind the generic header, and
// each Bytes is a view into that. truncated: too few bytes for the fields; bad_length: bytes that no field
// accounts for. Reserved bytes are not looked at.

//   type (8) | protocol (8) | port (16) | data …                                          RFC 2407 §4.6.2
struct IsakmpIdentification {
  std::uint8_t type;      // IsakmpIdType
  std::uint8_t protocol;  // of IP; 0: any
  std::uint16_t port;     // 0: any
  Bytes data;

  // An address, subnet or range has exactly the bytes that its type asks for; other types any number.
  [[nodiscard]] static Expected<IsakmpIdentification> parse(Bytes body);
  // Of the types ipv4_address and ipv6_address.
  [[nodiscard]] std::optional<IpAddress> address() const;
  // "10.10.1.2 udp/1701", "10.0.0.0/8", "10.0.0.1-10.0.0.9", "host.example"; bytes of a name that don't
  // print (and spaces and backslashes) as "\x0a"; "0x…" for a key id and types not known. Long data are cut
  // and end in "...".
  [[nodiscard]] std::string to_string() const;
};

//   DOI (32) | protocol (8) | SPI size (8) | type (16) | SPI | data …                      RFC 2408 §3.14
struct IsakmpNotification {
  std::uint32_t doi;
  std::uint8_t protocol;  // IsakmpProtocol, or 0
  Bytes spi;
  std::uint16_t type;  // IsakmpNotifyType
  Bytes data;

  [[nodiscard]] static Expected<IsakmpNotification> parse(Bytes body);
};

// "NO-PROPOSAL-CHOSEN" as RFC 2408 §3.14.1 writes it; "unknown" for a number without a name.
[[nodiscard]] std::string_view to_string(IsakmpNotifyType type);

//   DOI (32) | protocol (8) | SPI size (8) | number of SPIs (16) | SPIs                    RFC 2408 §3.15
struct IsakmpDelete {
  std::uint32_t doi;
  std::uint8_t protocol;   // IsakmpProtocol
  std::uint8_t spi_bytes;  // of each SPI: 4 for ESP and AH, 16 (both cookies) for an IKE SA
  std::uint16_t count;
  Bytes spis;  // spi_bytes * count

  // bad_length also: SPIs of 0 bytes.
  [[nodiscard]] static Expected<IsakmpDelete> parse(Bytes body);
  // `index` below count.
  [[nodiscard]] Bytes spi(std::size_t index) const;
};

//   id type (8) | reserved (24) | address (32 or 128)                                       RFC 3947 §5.2
struct IsakmpNatOa {
  IpAddress address;

  // unsupported: an id type other than ipv4_address and ipv6_address.
  [[nodiscard]] static Expected<IsakmpNatOa> parse(Bytes body);
};

//   id (16) | index (8) | flags (8) | data …                               Cisco's and Microsoft's; no RFC
struct IsakmpFragment {
  std::uint16_t id;    // the same in all fragments of a message
  std::uint8_t index;  // from 1
  bool last;
  Bytes data;

  // bad_length: index 0.
  [[nodiscard]] static Expected<IsakmpFragment> parse(Bytes body);
};

}  // namespace espgate::wire
