// SPDX-License-Identifier: Apache-2.0
#include "config/dial_in.h"

#include "wire/ip_address.h"

namespace espgate::config {

std::string AddressRange::to_string() const {
  return wire::IpAddress::v4(first).to_string() + "-" + wire::IpAddress::v4(last).to_string();
}

}  // namespace espgate::config
