// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/inspect_ike_names.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using wire::Bytes;
using wire::IsakmpPayloadType;
using wire::IsakmpPayloadWalk;
using wire::ParseError;

constexpr std::size_t doi_and_situation = 8;  // RFC 2407 §4.6.1, situation "identity only"
constexpr std::size_t proposal_header = 4;    // number, protocol, SPI size, number of transforms
constexpr std::size_t transform_header = 4;   // number, id, reserved

// RFC 2409 appendix A.
enum class Attribute : std::uint16_t {
  encryption = 1,
  hash = 2,
  authentication = 3,
  group = 4,
  life_type = 11,
  life_duration = 12,
  key_length = 14,
};

struct Value {
  std::uint32_t number;
  std::string_view text;
};
constexpr std::array encryptions = {Value{1, "des"}, Value{5, "3des"}, Value{7, "aes"}};
constexpr std::array hashes = {Value{1, "md5"}, Value{2, "sha1"}, Value{4, "sha256"}, Value{5, "sha384"},
                               Value{6, "sha512"}};
constexpr std::array authentications = {Value{1, "psk"},           Value{2, "dss"},
                                        Value{3, "rsa"},           Value{64221, "hybrid-rsa"},
                                        Value{65001, "xauth-psk"}, Value{65005, "xauth-rsa"}};
constexpr std::array groups = {Value{1, "modp768"},   Value{2, "modp1024"},  Value{5, "modp1536"},
                               Value{14, "modp2048"}, Value{15, "modp3072"}, Value{16, "modp4096"},
                               Value{17, "modp6144"}, Value{18, "modp8192"}, Value{19, "ecp256"},
                               Value{20, "ecp384"},   Value{21, "ecp521"},   Value{31, "curve25519"}};
constexpr std::array life_units = {Value{1, "s"}, Value{2, "KB"}};

template <std::size_t N>
std::string text_of(const std::array<Value, N>& values, std::optional<std::uint32_t> number,
                    std::string_view kind) {
  if (!number) return fmt::format("no {}", kind);
  const auto at = std::ranges::find(values, *number, &Value::number);
  return at == values.end() ? fmt::format("{} {}", kind, *number) : std::string(at->text);
}

// The attributes of one transform that this program names.
class Attributes {
 public:
  // RFC 2408 §3.3: type with the format bit, then a value of 2 bytes or a length and the value.
  static wire::Expected<Attributes> parse(Bytes bytes) {
    Attributes attributes;
    while (!bytes.empty()) {
      if (bytes.size() < 4) return wire::fail(ParseError::truncated);
      const auto type = wire::load_big_endian<std::uint16_t>(bytes.data());
      const auto value = wire::load_big_endian<std::uint16_t>(bytes.data() + 2);
      bytes = bytes.subspan(4);
      if ((type & basic_format) != 0) {
        attributes.set(type & ~basic_format, value);
        continue;
      }
      if (value > bytes.size()) return wire::fail(ParseError::truncated);
      if (value == 4) attributes.set(type, wire::load_big_endian<std::uint32_t>(bytes.data()));
      bytes = bytes.subspan(value);
    }
    return attributes;
  }

  [[nodiscard]] std::string text() const {
    const auto bits = get(Attribute::key_length);
    std::string text =
        fmt::format("{}{}-{}-{} {}", text_of(encryptions, get(Attribute::encryption), "cipher"),
                    bits ? std::to_string(*bits) : "", text_of(hashes, get(Attribute::hash), "hash"),
                    text_of(groups, get(Attribute::group), "group"),
                    text_of(authentications, get(Attribute::authentication), "authentication"));
    if (const auto duration = get(Attribute::life_duration))
      text += fmt::format(" {} {}", *duration, text_of(life_units, get(Attribute::life_type), "unit"));
    return text;
  }

 private:
  static constexpr unsigned basic_format = 0x8000;

  // A life type may be followed by another with its duration; the first counts.
  void set(unsigned type, std::uint32_t value) {
    if (type < values_.size() && !values_[type]) values_[type] = value;
  }
  [[nodiscard]] std::optional<std::uint32_t> get(Attribute attribute) const {
    return values_[static_cast<std::size_t>(attribute)];
  }

  std::array<std::optional<std::uint32_t>, 16> values_;
};

wire::Expected<void> append_transforms(std::vector<std::string>& texts, Bytes proposal) {
  if (proposal.size() < proposal_header) return wire::fail(ParseError::truncated);
  const std::size_t transforms_at = proposal_header + std::to_integer<std::size_t>(proposal[2]);
  if (proposal.size() < transforms_at) return wire::fail(ParseError::truncated);
  if (proposal[3] == std::byte{0}) return {};
  IsakmpPayloadWalk walk(IsakmpPayloadType::transform, proposal.subspan(transforms_at));
  for (;;) {
    const auto transform = walk.next();
    if (!transform) return wire::fail(transform.error());
    if (!*transform) return {};
    if ((*transform)->body.size() < transform_header) return wire::fail(ParseError::truncated);
    const auto attributes = Attributes::parse((*transform)->body.subspan(transform_header));
    if (!attributes) return wire::fail(attributes.error());
    texts.push_back(attributes->text());
  }
}

}  // namespace

wire::Expected<std::vector<std::string>> phase1_transforms(Bytes sa_body) {
  if (sa_body.size() < doi_and_situation) return wire::fail(ParseError::truncated);
  std::vector<std::string> texts;
  IsakmpPayloadWalk walk(IsakmpPayloadType::proposal, sa_body.subspan(doi_and_situation));
  for (;;) {
    const auto proposal = walk.next();
    if (!proposal) return wire::fail(proposal.error());
    if (!*proposal) return texts;
    if (auto appended = append_transforms(texts, (*proposal)->body); !appended)
      return wire::fail(appended.error());
  }
}

}  // namespace espgate::replay
