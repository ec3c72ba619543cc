// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace espgate::crypto {

// MS-CHAPv2 (RFC 2759 §8). MD4 and DES are what it is made of; they protect nothing here that IPsec does not.
// None of these allocates in OpenSSL, which needs no legacy provider for them; all are for any thread.
using MsChapChallenge = std::array<std::byte, 16>;
using NtResponse = std::array<std::byte, 24>;

inline constexpr std::size_t mschapv2_response_bytes = 49;

// The value of a Response packet: peer challenge (16) | zeros (8) | NT-Response (24) | flags (1).
struct MsChapResponse {
  MsChapChallenge peer_challenge{};
  NtResponse nt_response{};

  // Nullopt: not 49 bytes. Zeros and flags are not looked at (§4).
  [[nodiscard]] static std::optional<MsChapResponse> parse(std::span<const std::byte> value);
};

// MD4 over the password in UTF-16LE, 16 bytes. `password` is UTF-8; what is not is taken as ISO 8859-1.
[[nodiscard]] SecretBytes nt_password_hash(std::span<const std::byte> password);

// What is hashed of a user name: without the domain before its last backslash (§4, §8.2).
[[nodiscard]] std::string_view without_domain(std::string_view user);

// ChallengeHash(); `user` as it came, with or without domain.
[[nodiscard]] std::array<std::byte, 8> challenge_hash(const MsChapChallenge& peer,
                                                      const MsChapChallenge& authenticator,
                                                      std::string_view user);

// GenerateNTResponse() with the password's hash.
[[nodiscard]] NtResponse nt_response(const MsChapChallenge& authenticator, const MsChapChallenge& peer,
                                     std::string_view user, std::span<const std::byte> password_hash);

// GenerateAuthenticatorResponse(): "S=" and 40 hexadecimal digits in capitals.
[[nodiscard]] std::string authenticator_response(const MsChapChallenge& authenticator,
                                                 const MsChapResponse& response, std::string_view user,
                                                 std::span<const std::byte> password_hash);

// Checks against a password that is known here. The comparisons take constant time.
[[nodiscard]] bool verify_pap(std::span<const std::byte> secret, std::span<const std::byte> password);
// RFC 1994 §4.1: MD5(identifier | secret | challenge).
[[nodiscard]] bool verify_chap_md5(std::span<const std::byte> secret, std::uint8_t identifier,
                                   std::span<const std::byte> challenge, std::span<const std::byte> response);
// The authenticator response for the Success packet, or nullopt if the response is not that of the password.
[[nodiscard]] std::optional<std::string> verify_mschapv2(std::span<const std::byte> secret,
                                                         const MsChapChallenge& authenticator,
                                                         std::span<const std::byte> response,
                                                         std::string_view user);

}  // namespace espgate::crypto
