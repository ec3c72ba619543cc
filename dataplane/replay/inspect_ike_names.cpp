// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using wire::IsakmpExchange;

struct Name {
  std::uint32_t number;
  std::string_view text;
};

template <std::size_t N>
std::string name_of(const std::array<Name, N>& names, std::uint32_t number, std::string_view kind) {
  const auto at = std::ranges::find(names, number, &Name::number);
  return at == names.end() ? fmt::format("{} {}", kind, number) : std::string(at->text);
}

constexpr auto number(IsakmpExchange exchange) { return static_cast<std::uint32_t>(exchange); }

constexpr std::array exchanges = {
    Name{number(IsakmpExchange::base), "base"},
    Name{number(IsakmpExchange::identity_protection), "main mode"},
    Name{number(IsakmpExchange::authentication_only), "authentication only"},
    Name{number(IsakmpExchange::aggressive), "aggressive mode"},
    Name{number(IsakmpExchange::informational), "informational"},
    Name{number(IsakmpExchange::transaction), "transaction (XAUTH, mode config)"},
    Name{number(IsakmpExchange::quick_mode), "quick mode"},
    Name{number(IsakmpExchange::new_group_mode), "new group mode"},
    Name{number(IsakmpExchange::ike_sa_init), "IKE_SA_INIT"},
    Name{number(IsakmpExchange::ike_auth), "IKE_AUTH"},
    Name{number(IsakmpExchange::create_child_sa), "CREATE_CHILD_SA"},
    Name{number(IsakmpExchange::ikev2_informational), "INFORMATIONAL"},
};

constexpr std::array notifies = {
    Name{1, "INVALID-PAYLOAD-TYPE"},    Name{4, "INVALID-COOKIE"},
    Name{5, "INVALID-MAJOR-VERSION"},   Name{7, "INVALID-EXCHANGE-TYPE"},
    Name{9, "INVALID-MESSAGE-ID"},      Name{11, "INVALID-SPI"},
    Name{14, "NO-PROPOSAL-CHOSEN"},     Name{15, "BAD-PROPOSAL-SYNTAX"},
    Name{16, "PAYLOAD-MALFORMED"},      Name{17, "INVALID-KEY-INFORMATION"},
    Name{18, "INVALID-ID-INFORMATION"}, Name{23, "INVALID-HASH-INFORMATION"},
    Name{24, "AUTHENTICATION-FAILED"},  Name{30, "UNEQUAL-PAYLOAD-LENGTHS"},
    Name{24576, "RESPONDER-LIFETIME"},  Name{24577, "REPLAY-STATUS"},
    Name{24578, "INITIAL-CONTACT"},     Name{36136, "R-U-THERE"},
    Name{36137, "R-U-THERE-ACK"},
};

struct Vendor {
  std::string_view hex;
  std::string_view text;
};

// Vendor ids are hashes of some text; a few have a version or flags behind the hash.
constexpr std::array vendors = {
    Vendor{"4a131c81070358455c5728f20e95452f", "RFC 3947"},
    Vendor{"7d9419a65310ca6f2c179d9215529d56", "NAT-T draft 03"},
    Vendor{"cd60464335df21f87cfdb2fc68b6a448", "NAT-T draft 02"},
    Vendor{"90cb80913ebb696e086381b5ec427b1f", "NAT-T draft 02\\n"},
    Vendor{"16f6ca16e4a4066d83821a0f0aeaa862", "NAT-T draft 01"},
    Vendor{"4485152d18b6bbcd0be8a8469579ddcc", "NAT-T draft 00"},
    Vendor{"9909b64eed937c6573de52ace952fa6b", "NAT-T draft 04"},
    Vendor{"80d0bb3def54565ee84645d4c85ce3ee", "NAT-T draft 05"},
    Vendor{"4d1e0e136deafa34c4f3ea9f02ec7285", "NAT-T draft 06"},
    Vendor{"439b59f8ba676c4c7737ae22eab8f582", "NAT-T draft 07"},
    Vendor{"8f8d83826d246b6fc7a8a6a428c11de8", "NAT-T draft 08"},
    Vendor{"4df37928e9fc4fd1b3262170d515c662", "NAT-T draft (Apple)"},
    Vendor{"afcad71368a1f1c96b8696fc77570100", "DPD (RFC 3706)"},
    Vendor{"4048b7d56ebce88525e7de7f00d6c2d3", "IKE fragmentation"},
    Vendor{"09002689dfd6b712", "XAUTH"},
    Vendor{"12f5f28c457168a9702d9fe274cc0100", "Cisco Unity"},
    Vendor{"26244d38eddb61b3172a36e3d0cfb819", "Windows initial contact"},
    Vendor{"fb1de3cdf341b7ea16b7e5be0855f120", "Windows negotiation discovery"},
    Vendor{"e3a5966a76379fe707228231e5ce8652", "Windows CGA 1"},
    Vendor{"214ca4faffa7f32d6748e5303395ae83", "Windows AuthIP"},
    Vendor{"72872b95fcda2eb708efe322119b4971", "Windows NLB"},
    Vendor{"7003cbc1097dbe9c2600ba6983bc8b35", "racoon"},
};
constexpr std::string_view windows_hex = "1e2b516905991c7d7c96fcbfb587e461";
constexpr std::size_t unknown_vendor_bytes = 16;

std::string to_hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

}  // namespace

std::string exchange_name(IsakmpExchange exchange) {
  return name_of(exchanges, number(exchange), "exchange");
}

std::string notify_name(std::uint16_t type) { return name_of(notifies, type, "notification"); }

std::string vendor_name(wire::Bytes body) {
  const std::string hex = to_hex(body.first(std::min(body.size(), unknown_vendor_bytes)));
  if (hex == windows_hex && body.size() == unknown_vendor_bytes + 4)  // 9 is Windows 8 and all after it
    return fmt::format("Windows (ISAKMPOAKLEY {})",
                       wire::load_big_endian<std::uint32_t>(body.data() + unknown_vendor_bytes));
  const auto at = std::ranges::find(vendors, hex, &Vendor::hex);
  if (at != vendors.end()) return std::string(at->text);
  return hex.empty() ? "empty" : hex;
}

}  // namespace espgate::replay
