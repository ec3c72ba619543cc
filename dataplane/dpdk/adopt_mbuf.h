// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/packet.h"

#include <rte_mbuf.h>

namespace espgate::dataplane::dpdk {

// Makes a contiguous mbuf the burst's packet `index`. Only for files of this folder.
inline void adopt_mbuf(Burst& burst, unsigned index, rte_mbuf* mbuf) noexcept {
  Packet& packet = burst[index];
  packet.data = rte_pktmbuf_mtod(mbuf, std::byte*);
  packet.outer = nullptr;
  packet.inbound_sa = nullptr;
  packet.session = nullptr;
  packet.outbound_sa = nullptr;
  packet.length = mbuf->data_len;
  packet.ether_type = 0;
  packet.headroom = mbuf->data_off;
  packet.tailroom = rte_pktmbuf_tailroom(mbuf);
  packet.next_hop = 0;
  burst.buffer(index) = mbuf;
}

}  // namespace espgate::dataplane::dpdk
