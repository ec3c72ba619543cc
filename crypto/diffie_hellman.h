// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace espgate::crypto {

// Groups by the number that IKE gives them (IANA "Group Description"): RFC 2409 §6, RFC 3526, RFC 5903,
// RFC 8031.
enum class DhGroup : std::uint16_t {
  modp768 = 1,  // known by name only: nobody may use it
  modp1024 = 2,
  modp1536 = 5,
  modp2048 = 14,
  modp3072 = 15,
  modp4096 = 16,
  ecp256 = 19,
  ecp384 = 20,
  ecp521 = 21,
  curve25519 = 31,
};

// Whether a group's number is one of the above and usable.
[[nodiscard]] bool is_supported(std::uint16_t number);
// All that is_supported(), weakest first within MODP, then ECP, then Curve25519.
[[nodiscard]] std::span<const DhGroup> supported_groups();
// Bytes of a KE payload's body, and of g^xy. 0 for a group that is not supported.
[[nodiscard]] std::size_t public_bytes(DhGroup group);
[[nodiscard]] std::size_t shared_bytes(DhGroup group);
// "modp2048", "ecp256", "curve25519"; "unknown" for any other number.
[[nodiscard]] std::string_view to_string(DhGroup group);
// nullopt: no supported group is called so.
[[nodiscard]] std::optional<DhGroup> find_dh_group(std::string_view name);

// One side's key of a Diffie-Hellman exchange, good for one exchange (private values are not reused).
//
// Values are as IKE sends them: MODP left-padded with zeros to the group's size (RFC 2409 §5, RFC 2631
// §2.1.2); ECP as x|y, of which the shared secret is x alone (RFC 5903 §7, §9); Curve25519 as its 32 bytes
// (RFC 8031). Making one and shared() cost 50 µs to some ms and allocate: for a worker of IKE's, any thread;
// one object is for one thread at a time.
class DhKeyPair {
 public:
  // The group must be supported. Throws std::runtime_error when OpenSSL refuses (no randomness, no memory).
  [[nodiscard]] static DhKeyPair generate(DhGroup group);
  // With a given private value, big endian (little endian for Curve25519, as RFC 7748 has it): for vectors.
  // Error: not a private value of this group.
  [[nodiscard]] static tl::expected<DhKeyPair, std::string> from_private(
      DhGroup group, std::span<const std::byte> private_value);

  [[nodiscard]] DhGroup group() const { return group_; }
  // public_bytes() of it.
  [[nodiscard]] std::span<const std::byte> public_value() const { return public_value_; }

  // g^xy, shared_bytes() of it. Error: a sentence on what is wrong with the peer's value; of the wrong
  // length, outside of 2 … p-2 (all groups have safe primes, so nothing else is in a small subgroup), not on
  // the curve, or one that leads to the all-zero secret of Curve25519 (RFC 8031 §3, RFC 7748 §6.1).
  [[nodiscard]] tl::expected<SecretBytes, std::string> shared(std::span<const std::byte> peer_public) const;

 private:
  struct FreeKey {
    void operator()(evp_pkey_st* key) const noexcept;
  };
  using Key = std::unique_ptr<evp_pkey_st, FreeKey>;

  DhKeyPair(DhGroup group, Key key);

  DhGroup group_;
  Key key_;
  std::vector<std::byte> public_value_;
};

}  // namespace espgate::crypto
