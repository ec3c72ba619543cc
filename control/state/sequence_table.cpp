// SPDX-License-Identifier: Apache-2.0
#include "control/state/sequence_table.h"

#include <fmt/format.h>

namespace espgate::control {
namespace {

constexpr std::uint64_t file_magic = 0x0a71'6573'6770'7365;  // "espgseq\n"
constexpr std::uint32_t file_version = 1;
constexpr std::size_t preamble_bytes = sizeof file_magic + sizeof file_version;
constexpr std::size_t digest_bytes = std::tuple_size_v<Digest>;

tl::unexpected<std::string> fail(std::string_view what) { return tl::unexpected(std::string(what)); }

}  // namespace

void encode(Encoder& encoder, const SequenceTable& table) {
  encoder.bytes(table.salt);
  encoder.number(static_cast<std::uint32_t>(table.entries.size()));
  for (const auto& [sa, entry] : table.entries) {
    encoder.bytes(sa);
    encoder.number(static_cast<std::uint8_t>(entry.direction));
    encoder.number(entry.spi);
    encoder.number(entry.value);
  }
}

SequenceTable decode_sequence_table(Decoder& decoder) {
  SequenceTable table;
  table.salt = decoder.array<std::tuple_size_v<Salt>>();
  const auto count = decoder.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && decoder.ok(); ++i) {
    const auto sa = decoder.array<std::tuple_size_v<Fingerprint>>();
    const bool outbound = decoder.number<std::uint8_t>() != 0;
    const auto spi = decoder.number<std::uint32_t>();
    const auto value = decoder.number<std::uint64_t>();
    table.entries[sa] = {outbound ? channel::Direction::outbound : channel::Direction::inbound, spi, value};
  }
  return table;
}

std::vector<std::byte> format_sequence_file(const SequenceTable& table) {
  Encoder encoder;
  encoder.number(file_magic);
  encoder.number(file_version);
  encode(encoder, table);
  const Digest sum = digest({encoder.result()});
  encoder.bytes(sum);
  return encoder.result();
}

Expected<SequenceTable> parse_sequence_file(std::span<const std::byte> content) {
  if (content.size() < preamble_bytes + digest_bytes) {
    return fail(fmt::format("is cut off after {} bytes", content.size()));
  }
  Decoder whole(content);
  if (whole.number<std::uint64_t>() != file_magic) return fail("is no file of sequence numbers");
  if (const auto version = whole.number<std::uint32_t>(); version != file_version) {
    return fail(fmt::format("has version {}, and this program knows {}", version, file_version));
  }
  const auto body = content.first(content.size() - digest_bytes);
  Decoder trailer(content.last(digest_bytes));
  if (digest({body}) != trailer.array<digest_bytes>())
    return fail("is cut off or damaged: its checksum is wrong");
  Decoder decoder(body.subspan(preamble_bytes));
  SequenceTable table = decode_sequence_table(decoder);
  if (!decoder.complete()) return fail("is damaged: its length is wrong");
  return table;
}

}  // namespace espgate::control
