// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/ipv4_prefix.h"
#include "wire/parse.h"

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

namespace espgate::wire {

inline constexpr std::uint16_t udp_port_dhcp_server = 67;
inline constexpr std::uint16_t udp_port_dhcp_client = 68;

enum class DhcpOption : std::uint8_t {  // RFC 2132
  pad = 0,
  subnet_mask = 1,
  dns_servers = 6,
  domain_name = 15,
  message_type = 53,
  server_identifier = 54,
  parameter_list = 55,
  largest_message = 57,
  client_identifier = 61,
  classless_routes = 121,            // RFC 3442
  microsoft_classless_routes = 249,  // the same, by the number it had in Windows before
  end = 255,
};
enum class DhcpMessageType : std::uint8_t { ack = 5, inform = 8 };  // RFC 2132 §9.6; those that matter here

inline constexpr std::size_t dhcp_header_length = 240;  // with the magic cookie

// A BOOTREQUEST of DHCP (RFC 2131 §2): a fixed header of 236 bytes, the cookie, options.
class DhcpRequest {
 public:
  // Checks the header and that every option lies inside. truncated; bad_version: not a BOOTREQUEST for
  // Ethernet-like addresses of at most 16 bytes, or no magic cookie; bad_length: an option without its bytes.
  // Options in `sname` and `file` (RFC 2131 §4.1, overload) are not read: no INFORM needs them.
  [[nodiscard]] static Expected<DhcpRequest> parse(Bytes payload);

  [[nodiscard]] std::uint32_t transaction() const { return transaction_; }
  [[nodiscard]] std::uint16_t flags() const { return flags_; }
  [[nodiscard]] std::uint32_t client_address() const { return client_address_; }  // ciaddr, host order
  [[nodiscard]] std::uint8_t hardware_type() const { return std::to_integer<std::uint8_t>(header_[1]); }
  [[nodiscard]] std::uint8_t hardware_length() const { return std::to_integer<std::uint8_t>(header_[2]); }
  [[nodiscard]] Bytes hardware_address() const { return header_.subspan(28, 16); }  // chaddr, all 16 bytes
  // The first of its kind.
  [[nodiscard]] std::optional<Bytes> option(DhcpOption type) const;
  [[nodiscard]] std::optional<std::uint8_t> message_type() const;
  // Whether the client asked for an option; true where it gave no list.
  [[nodiscard]] bool wants(DhcpOption type) const;

 private:
  explicit DhcpRequest(Bytes payload);

  Bytes header_;
  Bytes options_;
  std::uint32_t transaction_;
  std::uint32_t client_address_;
  std::uint16_t flags_;
};

struct DhcpRoute {
  Ipv4Prefix destination;
  std::uint32_t router = 0;  // host order

  friend bool operator==(const DhcpRoute&, const DhcpRoute&) = default;
};
// RFC 3442: the prefix length, as many bytes of the destination as it needs, the router.
[[nodiscard]] std::size_t encoded_bytes(const DhcpRoute& route);
[[nodiscard]] std::vector<std::byte> encode_dhcp_routes(std::span<const DhcpRoute> routes);
// For tests and clients. bad_length: a prefix above 32, or bytes that are missing.
[[nodiscard]] Expected<std::vector<DhcpRoute>> decode_dhcp_routes(Bytes value);

// Builds a BOOTREPLY.
class DhcpReplyBuilder {
 public:
  // Copies xid, flags, ciaddr and chaddr of the request (RFC 2131 table 3).
  DhcpReplyBuilder(const DhcpRequest& request, DhcpMessageType type, std::uint32_t server_host_order);

  // More than 255 bytes take several options of the kind, to be joined again (RFC 3396).
  DhcpReplyBuilder& option(DhcpOption type, Bytes value);
  DhcpReplyBuilder& addresses(DhcpOption type, std::span<const std::uint32_t> host_order);
  [[nodiscard]] std::size_t size() const { return message_.size() + 1; }  // finished

  // With the end mark, and zeros up to BOOTP's 300 bytes, which old relays and clients expect.
  [[nodiscard]] std::vector<std::byte> finish();

 private:
  std::vector<std::byte> message_;
};
// What option() adds for a value of so many bytes.
[[nodiscard]] constexpr std::size_t dhcp_option_bytes(std::size_t value_bytes) {
  return value_bytes + 2 * ((value_bytes + 254) / 255);
}

}  // namespace espgate::wire
