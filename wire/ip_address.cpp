// SPDX-License-Identifier: Apache-2.0
#include "wire/ip_address.h"

#include <cstring>

#include <arpa/inet.h>

namespace espgate::wire {

std::optional<IpAddress> IpAddress::from_string(std::string_view text) {
  const std::string terminated(text);
  std::array<std::byte, 16> bytes{};
  if (in_addr v4{}; inet_pton(AF_INET, terminated.c_str(), &v4) == 1) return IpAddress::v4(ntohl(v4.s_addr));
  if (inet_pton(AF_INET6, terminated.c_str(), bytes.data()) == 1) return IpAddress(bytes);
  return std::nullopt;
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN] = {};
  if (is_v4()) {
    inet_ntop(AF_INET, bytes_.data() + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text, sizeof text);
  }
  return text;
}

}  // namespace espgate::wire
