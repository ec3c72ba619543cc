// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/frame_load.h"

#include "dataplane/replay/capture_reader.h"

#include <array>

#include <pcap/dlt.h>

namespace espgate::replay {
namespace {

using EthernetHead = std::array<std::byte, sizeof(wire::EthernetHeader)>;

EthernetHead ethernet_head(const wire::MacAddress& to, const wire::MacAddress& from,
                           std::uint16_t ether_type) {
  EthernetHead head{};
  wire::build(head, {.destination = to, .source = from, .ether_type = ether_type});
  return head;
}

Error input_error(const std::string& path, std::string what, std::string hint = {}) {
  return {.what = std::move(what), .where = path, .hint = std::move(hint), .kind = ErrorKind::input};
}

}  // namespace

Expected<FrameLoad> FrameLoad::read(const std::string& path, const std::optional<wire::MacAddress>& to,
                                    const wire::MacAddress& from, std::uint32_t largest_frame) {
  auto reader = CaptureReader::open(path);
  if (!reader) return fail(reader.error());
  const bool ethernet = reader->link_type() == DLT_EN10MB;
  if (!ethernet && !to)
    return fail(input_error(path,
                            "has frames of " + reader->link_type_name() + ", which have no MAC addresses",
                            "name the gateway's with --to"));
  FrameLoad load;
  for (;;) {
    const auto next = reader->next();
    if (!next) return fail(next.error());
    if (!*next) break;
    const replay::Frame& frame = **next;
    const std::string number = "frame " + std::to_string(reader->frames_read());
    if (frame.cut())
      return fail(input_error(path, number + " was cut when it was captured", "capture whole frames"));
    const std::size_t begin = load.bytes_.size();
    const auto place = reader->link_layer().locate(frame.bytes);
    if (to && place) {
      const EthernetHead head = ethernet_head(*to, from, place->ether_type);
      load.bytes_.insert(load.bytes_.end(), head.begin(), head.end());
      load.bytes_.insert(load.bytes_.end(), frame.bytes.begin() + static_cast<std::ptrdiff_t>(place->offset),
                         frame.bytes.end());
    } else if (ethernet) {
      load.bytes_.insert(load.bytes_.end(), frame.bytes.begin(), frame.bytes.end());
    } else {
      return fail(
          input_error(path, number + " says nothing of its network layer, so it can't be put on Ethernet"));
    }
    const auto length = static_cast<std::uint32_t>(load.bytes_.size() - begin);
    if (length > largest_frame)
      return fail(input_error(path,
                              number + " has " + std::to_string(length) + " bytes, the port sends at most " +
                                  std::to_string(largest_frame),
                              "raise --mtu"));
    load.frames_.push_back({frame.nanoseconds, begin, length});
  }
  if (load.frames_.empty()) return fail(input_error(path, "has no frames"));
  return load;
}

}  // namespace espgate::replay
