// SPDX-License-Identifier: Apache-2.0
#include "config/device.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

namespace espgate::config {
namespace {

// The driver asks the kernel to put IP fragments together (PACKET_FANOUT_FLAG_DEFRAG), and an interface may
// merge TCP segments (GRO): frames can be far larger than the MTU, and what does not fit is cut. A frame must
// lie in one block, and the driver reckons that frames follow one another without a gap: so a block is a
// multiple of a frame, of the page, and a power of two. 1024 frames are 12 ms of full packets at 1 Gbit/s and
// take 16 MiB each way.
constexpr unsigned frame_bytes = 16384;
constexpr unsigned block_bytes = 65536;
constexpr unsigned frames = 1024;
static_assert(block_bytes % frame_bytes == 0 && block_bytes % 4096 == 0 &&
              frames % (block_bytes / frame_bytes) == 0);

constexpr unsigned usual_frame_bytes = 2048;  // the driver's, when the device does not say
// What the kernel puts before a packet in a frame (TPACKET_V2's header, rounded up), Ethernet's header, a
// VLAN tag.
constexpr unsigned frame_overhead = 66 + 14 + 4;

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

// Whether `text` is made as `pattern` says: 'h' stands for a hexadecimal digit, 'o' for an octal one.
bool is_like(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern, [](char c, char p) {
    if (p == 'h') return is_hex(c);
    if (p == 'o') return c >= '0' && c <= '7';
    return c == p;
  });
}

}  // namespace

std::optional<std::string_view> Device::argument(std::string_view key) const {
  std::string_view rest = text_;
  while (true) {
    const std::size_t comma = rest.find(',');
    if (comma == std::string_view::npos) return std::nullopt;
    rest = rest.substr(comma + 1);
    const std::string_view item = rest.substr(0, rest.find(','));
    if (item.size() > key.size() && item.starts_with(key) && item[key.size()] == '=')
      return item.substr(key.size() + 1);
  }
}

std::optional<std::string> Device::pci_address() const {
  if (is_like(name(), "hhhh:hh:hh.o")) return std::string(name());
  if (is_like(name(), "hh:hh.o")) return fmt::format("0000:{}", name());
  return std::nullopt;
}

bool Device::is_af_packet() const {
  return text_.starts_with("net_af_packet") || text_.starts_with("eth_af_packet");
}

std::optional<unsigned> Device::largest_packet() const {
  if (!is_af_packet()) return std::nullopt;
  unsigned frame = usual_frame_bytes;
  if (const auto text = argument("framesz"))
    std::from_chars(text->data(), text->data() + text->size(), frame);
  return frame > frame_overhead ? frame - frame_overhead : 0;
}

std::optional<std::string_view> Device::interface() const {
  static constexpr std::array attached = {"net_af_packet", "eth_af_packet", "net_af_xdp", "net_pcap",
                                          "eth_pcap"};
  if (std::ranges::none_of(attached, [this](const char* driver) { return text_.starts_with(driver); }))
    return std::nullopt;
  return argument("iface");
}

bool is_interface_name(std::string_view name) {
  return !name.empty() && name.size() <= 15 && name != "." && name != ".." &&
         name.find_first_of("/:, \t\n\v\f\r") == std::string_view::npos;
}

std::string af_packet_device(unsigned number, std::string_view interface, unsigned queues) {
  std::string device = fmt::format("net_af_packet{},iface={},blocksz={},framesz={},framecnt={}", number,
                                   interface, block_bytes, frame_bytes, frames);
  if (queues > 1) device += fmt::format(",qpairs={}", queues);
  return device;
}

}  // namespace espgate::config
