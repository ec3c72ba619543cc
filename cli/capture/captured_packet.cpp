// SPDX-License-Identifier: Apache-2.0
#include "cli/capture/captured_packet.h"

#include <fmt/format.h>
#include <openssl/evp.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

tl::expected<std::vector<std::byte>, std::string> from_base64(const std::string& text) {
  std::vector<std::byte> bytes(text.size() / 4 * 3);
  const int length =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (length < 0)
    return tl::unexpected(std::string("a packet's bytes are no base64; is this espgate's socket?"));
  // OpenSSL counts what the padding stands for.
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

std::string comment_of(const json& packet) {
  std::string comment;
  if (packet.contains("spi")) comment += "SPI " + packet.at("spi").get<std::string>() + ", ";
  if (packet.contains("sequence"))
    comment += fmt::format("sequence {}, ", packet.at("sequence").get<std::uint64_t>());
  if (packet.contains("dropped")) comment += "dropped: " + packet.at("dropped").get<std::string>() + ", ";
  return comment + fmt::format("worker {}", packet.at("worker").get<unsigned>());
}

}  // namespace

tl::expected<CapturedPacket, std::string> read_captured_packet(const json& packet) {
  auto bytes = from_base64(packet.at("data"));
  if (!bytes) return tl::unexpected(bytes.error());
  return CapturedPacket{.nanoseconds = packet.at("time"),
                        .length = packet.at("length"),
                        .bytes = std::move(*bytes),
                        .comment = comment_of(packet)};
}

}  // namespace espgate::cli
