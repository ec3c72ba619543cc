// SPDX-License-Identifier: Apache-2.0
#include "wire/isakmp_vendor_id.h"

#include "wire/big_endian.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace espgate::wire {
namespace {

using enum IsakmpVendor;

// What may follow the bytes of an id.
enum class Tail : std::uint8_t {
  none,
  anything,  // a version or flags
};

struct VendorId {
  IsakmpVendor vendor;
  Tail tail;
  std::uint8_t length;
  std::array<std::byte, 16> bytes;

  [[nodiscard]] constexpr Bytes value() const { return Bytes(bytes).first(length); }
};

consteval unsigned digit(char character) {
  return static_cast<unsigned>(character <= '9' ? character - '0' : character - 'a' + 10);
}

consteval VendorId id(IsakmpVendor vendor, std::string_view hex, Tail tail = Tail::none) {
  VendorId made{vendor, tail, static_cast<std::uint8_t>(hex.size() / 2), {}};
  for (std::size_t i = 0; i < hex.size() / 2; ++i) {
    made.bytes[i] = static_cast<std::byte>(digit(hex[2 * i]) << 4u | digit(hex[2 * i + 1]));
  }
  return made;
}

constexpr VendorId vendor_ids[] = {
    id(rfc3947, "4a131c81070358455c5728f20e95452f"),
    id(nat_t_draft_00, "4485152d18b6bbcd0be8a8469579ddcc"),
    id(nat_t_draft_01, "16f6ca16e4a4066d83821a0f0aeaa862"),
    id(nat_t_draft_02, "cd60464335df21f87cfdb2fc68b6a448"),
    id(nat_t_draft_02_newline, "90cb80913ebb696e086381b5ec427b1f"),
    id(nat_t_draft_03, "7d9419a65310ca6f2c179d9215529d56"),
    id(nat_t_draft_later, "9909b64eed937c6573de52ace952fa6b"),
    id(nat_t_draft_later, "80d0bb3def54565ee84645d4c85ce3ee"),
    id(nat_t_draft_later, "4d1e0e136deafa34c4f3ea9f02ec7285"),
    id(nat_t_draft_later, "439b59f8ba676c4c7737ae22eab8f582"),
    id(nat_t_draft_later, "8f8d83826d246b6fc7a8a6a428c11de8"),
    id(apple_nat_t, "4df37928e9fc4fd1b3262170d515c662"),
    id(dpd, "afcad71368a1f1c96b8696fc77570100"),
    id(fragmentation, "4048b7d56ebce88525e7de7f00d6c2d3", Tail::anything),
    id(xauth, "09002689dfd6b712"),
    id(cisco_unity, "12f5f28c457168a9702d9fe274cc0100"),
    id(microsoft, "1e2b516905991c7d7c96fcbfb587e461", Tail::anything),
    id(ms_initial_contact, "26244d38eddb61b3172a36e3d0cfb819"),
    id(ms_negotiation_discovery, "fb1de3cdf341b7ea16b7e5be0855f120"),
    id(ike_cga, "e3a5966a76379fe707228231e5ce8652"),
    id(ms_authip, "214ca4faffa7f32d6748e5303395ae83"),
    id(ms_nlbs, "72872b95fcda2eb708efe322119b4971"),
    id(racoon, "7003cbc1097dbe9c2600ba6983bc8b35"),
    id(strongswan, "882fe56d6fd20dbc2251613b2ebe5beb"),
};

bool matches(const VendorId& known, Bytes body) {
  if (body.size() < known.length || (known.tail == Tail::none && body.size() > known.length)) return false;
  return std::ranges::equal(body.first(known.length), known.value());
}

}  // namespace

IsakmpVendor recognise(Bytes body) {
  const auto* found =
      std::ranges::find_if(vendor_ids, [body](const VendorId& known) { return matches(known, body); });
  return found == std::end(vendor_ids) ? unknown : found->vendor;
}

std::optional<std::uint32_t> microsoft_version(Bytes body) {
  constexpr std::size_t id_bytes = 16;
  if (recognise(body) != microsoft || body.size() < id_bytes + sizeof(std::uint32_t)) return std::nullopt;
  return load_big_endian<std::uint32_t>(body.data() + id_bytes);
}

std::string_view to_string(IsakmpVendor vendor) {
  switch (vendor) {
    case unknown:
      return "unknown";
    case rfc3947:
      return "RFC 3947";
    case nat_t_draft_00:
      return "draft-ietf-ipsec-nat-t-ike-00";
    case nat_t_draft_01:
      return "draft-ietf-ipsec-nat-t-ike-01";
    case nat_t_draft_02:
      return "draft-ietf-ipsec-nat-t-ike-02";
    case nat_t_draft_02_newline:
      return "draft-ietf-ipsec-nat-t-ike-02\\n";
    case nat_t_draft_03:
      return "draft-ietf-ipsec-nat-t-ike-03";
    case nat_t_draft_later:
      return "draft-ietf-ipsec-nat-t-ike-04 or later";
    case apple_nat_t:
      return "Apple draft-ietf-ipsec-nat-t-ike";
    case dpd:
      return "dead peer detection";
    case fragmentation:
      return "fragmentation";
    case xauth:
      return "XAUTH";
    case cisco_unity:
      return "Cisco Unity";
    case microsoft:
      return "Microsoft";
    case ms_initial_contact:
      return "Microsoft initial contact";
    case ms_negotiation_discovery:
      return "Microsoft negotiation discovery";
    case ike_cga:
      return "Microsoft IKE CGA";
    case ms_authip:
      return "Microsoft AuthIP";
    case ms_nlbs:
      return "Microsoft NLB";
    case racoon:
      return "racoon";
    case strongswan:
      return "strongSwan";
  }
  return "unknown";
}

Bytes bytes_of(IsakmpVendor vendor) {
  if (vendor == nat_t_draft_later) return {};
  const auto* found = std::ranges::find(vendor_ids, vendor, &VendorId::vendor);
  return found == std::end(vendor_ids) ? Bytes{} : found->value();
}

}  // namespace espgate::wire
