// SPDX-License-Identifier: Apache-2.0
#include "config/mru.h"

#include <algorithm>

namespace espgate::config {
namespace {

constexpr unsigned outer_headers = 20 + 8 + 8;  // IP, UDP, SPI and sequence number
constexpr unsigned inner_headers = 8 + 6 + 4;   // UDP, L2TP without optional fields, PPP with FF 03
constexpr unsigned trailer = 2;                 // pad length, next header

}  // namespace

unsigned largest_mru(const crypto::Suite& suite, unsigned outer_mtu) {
  const unsigned alignment = std::max<unsigned>(suite.alignment_bytes, 4);  // RFC 4303 §2.4
  const unsigned fixed = outer_headers + suite.iv_bytes + suite.icv_bytes;
  const unsigned encrypted = outer_mtu > fixed ? (outer_mtu - fixed) / alignment * alignment : 0;
  return encrypted > inner_headers + trailer ? encrypted - inner_headers - trailer : 0;
}

}  // namespace espgate::config
