// SPDX-License-Identifier: Apache-2.0
// [ike]: what clients would stumble over.
#include "config/checks.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::config {
namespace {

constexpr std::size_t short_key_bytes = 12;

// RFC 1918, RFC 6598.
bool is_private(std::uint32_t address) {
  constexpr wire::Ipv4Prefix networks[] = {
      {0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0x64400000, 10}};
  return std::ranges::any_of(networks,
                             [&](const wire::Ipv4Prefix& network) { return network.contains(address); });
}

// A client takes a gateway whose address is not the one that it dialled for one behind a NAT, and Windows
// then refuses unless its registry says otherwise.
void check_public_address(Checker& checker) {
  const std::uint32_t outside = checker.config.outside.address.address;
  if (checker.config.public_address || !is_private(outside)) return;
  checker.warn(
      "ike",
      fmt::format("[ike] serves clients on the private address {}, and gateway.public_address is not set",
                  address_text(outside)),
      "clients that dial another address, as an Elastic IP, need it there");
}

bool same_clients(const Psk& a, const Psk& b) {
  if (a.from.empty() || b.from.empty()) return a.from.empty() && b.from.empty();
  return std::ranges::any_of(a.from, [&](const wire::Ipv4Prefix& prefix) {
    return std::ranges::find(b.from, prefix) != b.from.end();
  });
}

void check_keys(Checker& checker) {
  const auto& psks = checker.config.ike.psks;
  for (std::size_t i = 0; i < psks.size(); ++i) {
    if (!psks[i].key.empty() && psks[i].key.size() < short_key_bytes) {
      checker.problems.warn(psks[i].where,
                            fmt::format("a pre-shared key of {} bytes can be guessed", psks[i].key.size()),
                            "openssl rand -base64 24 makes one that can't");
    }
    for (std::size_t other = 0; other < i; ++other) {
      const bool equal = !psks[i].key.empty() &&
                         crypto::equal_in_constant_time(psks[i].key.bytes(), psks[other].key.bytes());
      if (equal && same_clients(psks[i], psks[other]))
        checker.problems.warn(psks[i].where,
                              fmt::format("the same key and clients as in {}", psks[other].where.to_string()),
                              "keep one of them");
    }
  }
}

void check_numbers(Checker& checker) {
  const Ike& ike = checker.config.ike;
  if (ike.dpd_delay_seconds != 0 && ike.dpd_timeout_seconds <= ike.dpd_delay_seconds) {
    checker.error(
        "ike.dpd_timeout_seconds",
        fmt::format("dpd_timeout_seconds ({}) is not more than dpd_delay_seconds ({}), so that every "
                    "silent client would count as gone",
                    ike.dpd_timeout_seconds, ike.dpd_delay_seconds),
        "make it several times the delay");
  }
  const unsigned shortest = std::min(ike.lifetime_seconds, ike.sa_lifetime_seconds);
  if (ike.rekey && ike.rekey_margin_seconds > shortest / 2) {
    checker.error("ike.rekey_margin_seconds",
                  fmt::format("rekey_margin_seconds ({}) is more than half of the shorter lifetime ({})",
                              ike.rekey_margin_seconds, shortest));
  }
  if (ike.max_half_open_per_address > ike.max_half_open_per_network ||
      ike.max_half_open_per_network > ike.max_half_open) {
    checker.warn(
        "ike.max_half_open_per_network",
        fmt::format("of max_half_open_per_address ({}), max_half_open_per_network ({}) and max_half_open "
                    "({}), a narrower limit is above a wider one and does nothing",
                    ike.max_half_open_per_address, ike.max_half_open_per_network, ike.max_half_open));
  }
}

void check_weakness(Checker& checker) {
  const Ike& ike = checker.config.ike;
  if (ike.aggressive)
    checker.warn("ike.legacy", "aggressive mode sends a hash of the pre-shared key to whoever asks",
                 "only with a key too long to be guessed");
  for (const crypto::SuiteId id : ike.legacy_esp) {
    if (crypto::suite(id).cipher == crypto::Cipher::null)
      checker.warn("ike.legacy_esp", fmt::format("{} does not encrypt", crypto::suite(id).name));
  }
}

}  // namespace

void check_ike(Checker& checker) {
  if (!checker.config.ike.enabled) return;
  check_public_address(checker);
  check_keys(checker);
  check_numbers(checker);
  check_weakness(checker);
}

}  // namespace espgate::config
