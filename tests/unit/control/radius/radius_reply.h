// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/aaa/radius_attributes.h"
#include "control/aaa/radius_packet.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace espgate::control::radius {

inline Octets octets_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

// A server's answer to a request, put together by other code than the one under test: by OpenSSL alone.
class ReplyBuilder {
 public:
  ReplyBuilder(Code code, Octets request) : request_(request.begin(), request.end()) {
    reply_ = {std::byte(code), request[1], {}, {}};
    reply_.insert(reply_.end(), request.begin() + 4, request.begin() + 20);
  }

  ReplyBuilder& add(std::uint8_t type, Octets value);
  ReplyBuilder& add(std::uint8_t type, std::string_view text) { return add(type, octets_of(text)); }
  ReplyBuilder& add(std::uint8_t type, std::uint32_t number);
  ReplyBuilder& add_microsoft(std::uint8_t type, Octets value);
  ReplyBuilder& add_message_authenticator(std::string_view secret);
  [[nodiscard]] std::vector<std::byte> signed_with(std::string_view secret);

 private:
  void set_length();

  std::vector<std::byte> request_;
  std::vector<std::byte> reply_;
};

}  // namespace espgate::control::radius
