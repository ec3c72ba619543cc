// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace espgate::replay {

// Writes pcap (draft-ietf-opsawg-pcap) byte by byte, in either byte order, with whatever nonsense a test asks
// for.
class PcapText {
 public:
  enum class Order { little, big };

  PcapText(Order order, std::uint32_t magic, std::uint32_t link_type, std::uint32_t snap_length = 262144)
      : order_(order) {
    number(magic, 4)
        .number(2, 2)
        .number(4, 2)
        .number(0, 4)
        .number(0, 4)
        .number(snap_length, 4)
        .number(link_type, 4);
  }

  PcapText& packet(std::uint32_t seconds, std::uint32_t fraction, std::string_view bytes) {
    return packet(seconds, fraction, bytes, static_cast<std::uint32_t>(bytes.size()),
                  static_cast<std::uint32_t>(bytes.size()));
  }
  PcapText& packet(std::uint32_t seconds, std::uint32_t fraction, std::string_view bytes,
                   std::uint32_t captured, std::uint32_t original) {
    number(seconds, 4).number(fraction, 4).number(captured, 4).number(original, 4);
    text_ += bytes;
    return *this;
  }

  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  PcapText& number(std::uint32_t value, unsigned size) {
    for (unsigned i = 0; i < size; ++i) {
      const unsigned shift = 8 * (order_ == Order::little ? i : size - 1 - i);
      text_ += static_cast<char>(value >> shift & 0xff);
    }
    return *this;
  }

  Order order_;
  std::string text_;
};

inline constexpr std::uint32_t pcap_magic = 0xa1b2c3d4;
inline constexpr std::uint32_t pcap_nanosecond_magic = 0xa1b23c4d;

}  // namespace espgate::replay
