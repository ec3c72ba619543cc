// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

namespace espgate::wire {

// Lowers the maximum segment size that a SYN or SYN-ACK offers (RFC 9293 §3.7.1) to `max` and updates the TCP
// checksum (RFC 1624). `tcp_segment` begins with the TCP header; of a fragmented packet, the first fragment.
// True if bytes changed. A segment without SYN, without the option, with one that is low enough, or whose
// header or options don't hold together stays as it is: it is the receiver's to judge.
bool clamp_tcp_mss(MutableBytes tcp_segment, std::uint16_t max);

}  // namespace espgate::wire
