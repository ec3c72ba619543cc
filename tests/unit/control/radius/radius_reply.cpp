// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/radius/radius_reply.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace espgate::control::radius {
namespace {

unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

}  // namespace

ReplyBuilder& ReplyBuilder::add(std::uint8_t type, Octets value) {
  reply_.push_back(std::byte(type));
  reply_.push_back(std::byte(2 + value.size()));
  reply_.insert(reply_.end(), value.begin(), value.end());
  return *this;
}

ReplyBuilder& ReplyBuilder::add(std::uint8_t type, std::uint32_t number) {
  std::array<std::byte, 4> value;
  for (unsigned i = 0; i < 4; ++i) value[i] = std::byte(number >> (24 - 8 * i) & 0xff);
  return add(type, value);
}

ReplyBuilder& ReplyBuilder::add_microsoft(std::uint8_t type, Octets value) {
  std::vector<std::byte> vendor = {std::byte{0},    std::byte{0},    std::byte{1},
                                   std::byte{0x37}, std::byte(type), std::byte(2 + value.size())};
  vendor.insert(vendor.end(), value.begin(), value.end());
  return add(type::vendor_specific, vendor);
}

void ReplyBuilder::set_length() {
  reply_[2] = std::byte(reply_.size() >> 8);
  reply_[3] = std::byte(reply_.size() & 0xff);
}

// Must be the last attribute.
ReplyBuilder& ReplyBuilder::add_message_authenticator(std::string_view secret) {
  add(type::message_authenticator, std::array<std::byte, 16>{});
  set_length();
  unsigned length = 16;
  std::array<std::byte, 16> mac;
  ::HMAC(EVP_md5(), secret.data(), static_cast<int>(secret.size()), raw(reply_.data()), reply_.size(),
         raw(mac.data()), &length);
  std::ranges::copy(mac, reply_.end() - 16);
  return *this;
}

std::vector<std::byte> ReplyBuilder::signed_with(std::string_view secret) {
  set_length();
  std::vector<std::byte> hashed = reply_;
  for (const char c : secret) hashed.push_back(static_cast<std::byte>(c));
  std::array<std::byte, 16> digest;
  ::EVP_Digest(hashed.data(), hashed.size(), raw(digest.data()), nullptr, EVP_md5(), nullptr);
  std::ranges::copy(digest, reply_.begin() + 4);
  return reply_;
}

}  // namespace espgate::control::radius
