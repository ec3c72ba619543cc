// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "wire/parse.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace espgate::wire {

// Whose or what a vendor id payload (RFC 2408 §3.16) says. Most are the MD5 of a text, which is given here.
enum class IsakmpVendor : std::uint8_t {
  unknown,
  rfc3947,         // "RFC 3947": NAT traversal with the numbers of that RFC
  nat_t_draft_00,  // "draft-ietf-ipsec-nat-t-ike-00", and so on
  nat_t_draft_01,
  nat_t_draft_02,
  nat_t_draft_02_newline,  // the text of -02 with a line feed behind it; what most send
  nat_t_draft_03,
  nat_t_draft_later,  // -04 to -08
  apple_nat_t,        // "draft-ietf-ipsec-nat-t-ike", without a number
  dpd,                // RFC 3706 §5.1
  fragmentation,      // "FRAGMENTATION", with or without 4 bytes of flags behind it
  xauth,              // draft-beaulieu-ike-xauth-02 §2: the first 8 bytes of the MD5 of its name
  cisco_unity,
  microsoft,                 // "MS NT5 ISAKMPOAKLEY", then a version: see microsoft_version()
  ms_initial_contact,        // "Vid-Initial-Contact"
  ms_negotiation_discovery,  // "MS-Negotiation Discovery Capable"
  ike_cga,                   // "IKE CGA version 1"
  ms_authip,                 // "MS-MamieExists"
  ms_nlbs,                   // "NLBS_PRESENT"
  racoon,                    // "KAME/racoon"
  strongswan,                // "strongSwan"
};

// `body`: the payload behind its generic header.
[[nodiscard]] IsakmpVendor recognise(Bytes body);

// 2 is Windows 2000, 3 XP, 4 2003 and XP SP2, 5 Vista, 6 2008, 7 Windows 7, 8 2008 R2, 9 everything since
// Windows 8. nullopt: not Microsoft's id, or one without a version.
[[nodiscard]] std::optional<std::uint32_t> microsoft_version(Bytes body);

// What an operator reads: "RFC 3947", "Microsoft". Never empty.
[[nodiscard]] std::string_view to_string(IsakmpVendor vendor);

// The body of a payload that says so; static storage. Empty for unknown and for nat_t_draft_later, which is
// five of them. Without a version or flags where these may follow.
[[nodiscard]] Bytes bytes_of(IsakmpVendor vendor);

}  // namespace espgate::wire
