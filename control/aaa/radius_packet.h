// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace espgate::control::radius {

// RFC 2865 §3:
//
//   | code 1 | identifier 1 | length 2 | authenticator 16 | attributes: type 1, length 1, value … |
enum class Code : std::uint8_t {
  access_request = 1,
  access_accept = 2,
  access_reject = 3,
  accounting_request = 4,
  accounting_response = 5,
  access_challenge = 11,
};

using Octets = std::span<const std::byte>;
using Authenticator = std::array<std::byte, 16>;

inline constexpr std::size_t largest_packet = 4096;
inline constexpr std::size_t longest_value = 253;         // of an attribute
inline constexpr std::size_t longest_password = 128;      // RFC 2865 §5.2
inline constexpr std::size_t longest_vendor_value = 247;  // behind Vendor-Id, type and length

// A request under construction. What does not fit, or has no value, is left out and makes finish() fail.
class RequestBuilder {
 public:
  // An Access-Request begins with its Message-Authenticator, where an attacker has the least to choose
  // (CVE-2024-3596). `random`: the Request Authenticator of an Access-Request; an Accounting-Request's is
  // computed.
  RequestBuilder(Code code, std::uint8_t identifier, const Authenticator& random);

  void add(std::uint8_t type, Octets value);
  void add(std::uint8_t type, std::string_view text);
  void add_number(std::uint8_t type, std::uint32_t number);
  void add_vendor(std::uint32_t vendor, std::uint8_t type, Octets value);
  // User-Password, hidden as in §5.2.
  void add_password(Octets password, Octets secret);

  // Signed: with the Message-Authenticator (RFC 3579 §3.2), or an Accounting-Request's authenticator
  // (RFC 2866 §3). nullopt: something was left out. Nothing can be added any more.
  [[nodiscard]] std::optional<std::vector<std::byte>> finish(Octets secret);

 private:
  [[nodiscard]] bool fits(std::size_t value_bytes, std::size_t most);

  std::vector<std::byte> packet_;
  bool complete_ = true;
};

// The authenticator of a finished request, which its reply is signed with.
[[nodiscard]] Authenticator authenticator_of(Octets request);

struct Attribute {
  std::uint8_t type = 0;
  std::uint32_t vendor = 0;  // 0: a standard one; else the type is the vendor's (RFC 2865 §5.26)
  Octets value;
};

// A server's answer. A view: the datagram must outlive it.
class Reply {
 public:
  // nullopt: no packet, or one whose lengths contradict each other. What lies behind the packet's own length
  // is padding.
  [[nodiscard]] static std::optional<Reply> parse(Octets datagram);

  [[nodiscard]] Code code() const { return Code{std::to_integer<std::uint8_t>(packet_[0])}; }
  [[nodiscard]] std::uint8_t identifier() const { return std::to_integer<std::uint8_t>(packet_[1]); }
  [[nodiscard]] bool has_message_authenticator() const;
  // Whether who wrote it knows the secret and answers the request with that authenticator: by the Response
  // Authenticator, and by each Message-Authenticator that is there.
  [[nodiscard]] bool is_authentic(const Authenticator& request, Octets secret) const;
  // In their order; vendors' attributes one by one. Those of vendors with another format are left out.
  [[nodiscard]] std::vector<Attribute> attributes() const;

 private:
  explicit Reply(Octets packet) : packet_(packet) {}

  Octets packet_;
};

}  // namespace espgate::control::radius
