// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/pcapng_blocks.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>

namespace espgate::replay {
namespace {

constexpr std::uint32_t section_header_block = 0x0a0d0d0a;
constexpr std::uint32_t interface_description_block = 1;
constexpr std::uint32_t enhanced_packet_block = 6;
constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::uint16_t option_end = 0;
constexpr std::uint16_t option_comment = 1;
constexpr std::uint16_t option_user_application = 4;  // of the section header
constexpr std::uint16_t option_time_resolution = 9;   // of the interface description

// One block: | type | total length | body … | total length |, everything padded to four bytes. The length in
// front is filled in when the block ends.
class Block {
 public:
  Block(std::vector<std::byte>& out, std::uint32_t type) : out_(out), start_(out.size()) {
    number(type);
    number(std::uint32_t{0});
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block() {
    const auto length = static_cast<std::uint32_t>(out_.size() - start_ + sizeof(std::uint32_t));
    std::memcpy(out_.data() + start_ + sizeof(std::uint32_t), &length, sizeof length);
    number(length);
  }

  template <typename T>
  void number(T value) {
    static_assert(std::is_integral_v<T>);
    bytes(std::as_bytes(std::span(&value, 1)));
  }

  void bytes(std::span<const std::byte> data) {
    const std::size_t at = out_.size();
    out_.resize(at + data.size());
    std::copy(data.begin(), data.end(), out_.begin() + static_cast<std::ptrdiff_t>(at));
  }

  void padded(std::span<const std::byte> data) {
    bytes(data);
    out_.resize((out_.size() + 3) / 4 * 4);  // blocks start at multiples of four
  }

  void option(std::uint16_t code, std::span<const std::byte> value) {
    number(code);
    number(static_cast<std::uint16_t>(value.size()));
    padded(value);
  }

  void option(std::uint16_t code, std::string_view text) {
    text = text.substr(0, 0xffff);
    option(code, std::as_bytes(std::span(text)));
  }

 private:
  std::vector<std::byte>& out_;
  std::size_t start_;
};

}  // namespace

std::vector<std::byte> pcapng_file_header(OutputLink link) {
  std::vector<std::byte> out;
  {
    Block section(out, section_header_block);
    section.number(byte_order_magic);
    section.number(std::uint16_t{1});  // version 1.0
    section.number(std::uint16_t{0});
    section.number(std::int64_t{-1});  // section length: not told
    section.option(option_user_application, "espgate-replay");
    section.option(option_end, std::string_view());
  }
  {
    Block interface(out, interface_description_block);
    interface.number(static_cast<std::uint16_t>(link));
    interface.number(std::uint16_t{0});
    interface.number(max_frame_bytes);
    const std::byte nanoseconds{9};  // ten to the minus nine
    interface.option(option_time_resolution, std::span(&nanoseconds, 1));
    interface.option(option_end, std::string_view());
  }
  return out;
}

void append_pcapng_packet(std::vector<std::byte>& out, const OutputFrame& frame) {
  const auto captured = static_cast<std::uint32_t>(frame.bytes.size());
  Block packet(out, enhanced_packet_block);
  packet.number(std::uint32_t{0});  // interface
  packet.number(static_cast<std::uint32_t>(frame.nanoseconds >> 32));
  packet.number(static_cast<std::uint32_t>(frame.nanoseconds));
  packet.number(captured);
  packet.number(std::max(captured, frame.original_length));
  packet.padded(frame.bytes);
  if (frame.comment.empty()) return;
  packet.option(option_comment, frame.comment);
  packet.option(option_end, std::string_view());
}

}  // namespace espgate::replay
