// SPDX-License-Identifier: Apache-2.0
#define OPENSSL_SUPPRESS_DEPRECATED  // MD4 and DES by EVP would need the legacy provider, which may be
                                     // missing
#include "crypto/mschapv2.h"

#include "crypto/ike_hash.h"

#include <algorithm>

#include <openssl/des.h>
#include <openssl/md4.h>

namespace espgate::crypto {
namespace {

constexpr std::size_t hash_bytes_nt = 16;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// One character of UTF-8 from the front of `text`; nullopt: it does not begin with one.
std::optional<char32_t> take_utf8(std::span<const std::byte>& text) {
  const auto first = std::to_integer<unsigned>(text.front());
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  if (length == 0 || text.size() < length) return std::nullopt;
  char32_t value = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = std::to_integer<unsigned>(text[i]);
    if ((next & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (next & 0x3f);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return std::nullopt;
  text = text.subspan(length);
  return value;
}

bool is_utf8(std::span<const std::byte> text) {
  while (!text.empty())
    if (!take_utf8(text)) return false;
  return true;
}

// UTF-16LE, at most twice as many bytes.
class Utf16 {
 public:
  explicit Utf16(std::size_t characters) : bytes_(2 * characters) {}
  void put(char32_t value) {
    if (value >= 0x10000) {
      value -= 0x10000;
      put_unit(0xd800 + (value >> 10));
      value = 0xdc00 + (value & 0x3ff);
    }
    put_unit(value);
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_.bytes().first(size_); }

 private:
  void put_unit(char32_t unit) {
    bytes_.data()[size_++] = std::byte(unit & 0xff);
    bytes_.data()[size_++] = std::byte(unit >> 8 & 0xff);
  }
  SecretBytes bytes_;
  std::size_t size_ = 0;
};

void md4(std::span<const std::byte> message, std::span<std::byte> digest) {
  MD4_CTX context;
  MD4_Init(&context);
  MD4_Update(&context, message.data(), message.size());
  MD4_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
  wipe(std::as_writable_bytes(std::span(&context, 1)));
}

// 56 bits of key as the eight bytes that DES wants: the lowest bit of each is parity, which nobody reads.
void expand_des_key(std::span<const std::byte> seven, DES_cblock& key) {
  std::uint64_t bits = 0;
  for (const std::byte byte : seven) bits = bits << 8 | std::to_integer<std::uint64_t>(byte);
  for (unsigned i = 0; i < 8; ++i) key[i] = static_cast<unsigned char>((bits >> (49 - 7 * i) & 0x7f) << 1);
}

void des_encrypt(std::span<const std::byte> seven, std::span<const std::byte> clear,
                 std::span<std::byte> result) {
  DES_cblock key, in, out;
  expand_des_key(seven, key);
  DES_key_schedule schedule;
  DES_set_key_unchecked(&key, &schedule);
  std::ranges::copy(clear, std::as_writable_bytes(std::span(in)).begin());
  DES_ecb_encrypt(&in, &out, &schedule, DES_ENCRYPT);
  std::ranges::copy(std::as_bytes(std::span(out)), result.begin());
  wipe(std::as_writable_bytes(std::span(&schedule, 1)));
  wipe(std::as_writable_bytes(std::span(key)));
}

std::string hexadecimal(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const std::byte byte : bytes) {
    text += digits[std::to_integer<unsigned>(byte >> 4)];
    text += digits[std::to_integer<unsigned>(byte & std::byte{15})];
  }
  return text;
}

// The two constants of §8.7.
constexpr std::string_view magic_1 = "Magic server to client signing constant";
constexpr std::string_view magic_2 = "Pad to make it do more than one iteration";

}  // namespace

std::optional<MsChapResponse> MsChapResponse::parse(std::span<const std::byte> value) {
  if (value.size() != mschapv2_response_bytes) return std::nullopt;
  MsChapResponse response;
  std::ranges::copy(value.first(16), response.peer_challenge.begin());
  std::ranges::copy(value.subspan(24, 24), response.nt_response.begin());
  return response;
}

SecretBytes nt_password_hash(std::span<const std::byte> password) {
  Utf16 utf16(password.size());
  if (is_utf8(password)) {
    while (!password.empty()) utf16.put(*take_utf8(password));
  } else {
    for (const std::byte byte : password) utf16.put(std::to_integer<char32_t>(byte));
  }
  SecretBytes hash(hash_bytes_nt);
  md4(utf16.bytes(), hash.bytes());
  return hash;
}

std::string_view without_domain(std::string_view user) {
  const auto backslash = user.rfind('\\');
  return backslash == std::string_view::npos ? user : user.substr(backslash + 1);
}

std::array<std::byte, 8> challenge_hash(const MsChapChallenge& peer, const MsChapChallenge& authenticator,
                                        std::string_view user) {
  const HashValue digest = hash(IkeHash::sha1, {peer, authenticator, bytes_of(without_domain(user))});
  std::array<std::byte, 8> result{};
  std::ranges::copy(digest.span().first(8), result.begin());
  return result;
}

NtResponse nt_response(const MsChapChallenge& authenticator, const MsChapChallenge& peer,
                       std::string_view user, std::span<const std::byte> password_hash) {
  const auto challenge = challenge_hash(peer, authenticator, user);
  std::array<std::byte, 21> key{};  // §8.5: padded with zeros
  std::ranges::copy(password_hash.first(hash_bytes_nt), key.begin());
  NtResponse response{};
  for (std::size_t i = 0; i < 3; ++i)
    des_encrypt(std::span(key).subspan(7 * i, 7), challenge, std::span(response).subspan(8 * i, 8));
  wipe(key);
  return response;
}

std::string authenticator_response(const MsChapChallenge& authenticator, const MsChapResponse& response,
                                   std::string_view user, std::span<const std::byte> password_hash) {
  std::array<std::byte, hash_bytes_nt> hash_of_hash{};
  md4(password_hash.first(hash_bytes_nt), hash_of_hash);
  const HashValue inner = hash(IkeHash::sha1, {hash_of_hash, response.nt_response, bytes_of(magic_1)});
  wipe(hash_of_hash);
  const auto challenge = challenge_hash(response.peer_challenge, authenticator, user);
  const HashValue outer = hash(IkeHash::sha1, {inner.span(), challenge, bytes_of(magic_2)});
  return "S=" + hexadecimal(outer.span());
}

bool verify_pap(std::span<const std::byte> secret, std::span<const std::byte> password) {
  // By their digests, so that not even the length shows in the time it takes.
  return equal_in_constant_time(hash(IkeHash::sha2_256, {secret}).span(),
                                hash(IkeHash::sha2_256, {password}).span());
}

bool verify_chap_md5(std::span<const std::byte> secret, std::uint8_t identifier,
                     std::span<const std::byte> challenge, std::span<const std::byte> response) {
  const std::byte id{identifier};
  const HashValue expected = hash(IkeHash::md5, {std::span(&id, 1), secret, challenge});
  return equal_in_constant_time(expected.span(), response);
}

std::optional<std::string> verify_mschapv2(std::span<const std::byte> secret,
                                           const MsChapChallenge& authenticator,
                                           std::span<const std::byte> response, std::string_view user) {
  const auto parsed = MsChapResponse::parse(response);
  if (!parsed) return std::nullopt;
  const SecretBytes password_hash = nt_password_hash(secret);
  const NtResponse expected = nt_response(authenticator, parsed->peer_challenge, user, password_hash.bytes());
  if (!equal_in_constant_time(expected, parsed->nt_response)) return std::nullopt;
  return authenticator_response(authenticator, *parsed, user, password_hash.bytes());
}

}  // namespace espgate::crypto
