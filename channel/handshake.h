// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"
#include "channel/messages.h"
#include "channel/rings.h"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// What the two processes say to each other over the socket, one message each: control's Hello, answered by
// Welcome with descriptors or by Refusal; later control's StateHandover with one descriptor. Then only the
// end of the connection means something. Pure functions on bytes.
namespace espgate::channel {

enum class MessageType : std::uint32_t { hello = 1, welcome, refusal, state_handover };

// Starts every message, and is the same in all versions, so that versions can say that they differ.
struct Preamble {
  std::uint64_t magic;
  std::uint32_t version;
  MessageType type;
};
static_assert(sizeof(Preamble) == 16);

// Everything that both sides must have compiled alike.
struct LayoutEntry {
  std::string_view name;
  std::uint32_t value;
};
inline constexpr std::array layout_entries = {
    LayoutEntry{"size of a command", sizeof(Command)},
    LayoutEntry{"size of an event", sizeof(Event)},
    LayoutEntry{"size of a packet", sizeof(PacketRecord)},
    LayoutEntry{"size of an SA's counters", sizeof(SaProgress)},
    LayoutEntry{"number of commands", CommandRing::capacity},
    LayoutEntry{"number of events", EventRing::capacity},
    LayoutEntry{"number of packets", PacketRing::capacity},
    LayoutEntry{"size of the command ring", sizeof(CommandRing)},
    LayoutEntry{"size of the event ring", sizeof(EventRing)},
    LayoutEntry{"size of a packet ring", sizeof(PacketRing)},
};
using Layout = std::array<std::uint32_t, layout_entries.size()>;
[[nodiscard]] Layout our_layout();
// Version and layout in a line, "2:64,128,…": processes that have the same can be connected.
[[nodiscard]] std::string layout_text();

struct Hello {
  Preamble preamble{magic, abi_version, MessageType::hello};
  Layout layout = our_layout();
};

// Descriptors that come with it, in this order: rings, counters, the bell that wakes control, the bell that
// wakes the data plane, and if there is one, the state of the control process before.
struct Welcome {
  static constexpr std::uint32_t most_workers = 1024;
  static constexpr std::uint32_t most_slots = 1U << 18;
  static constexpr std::size_t descriptors_without_state = 4;

  Preamble preamble{magic, abi_version, MessageType::welcome};
  Layout layout = our_layout();
  std::uint32_t workers = 0;
  std::uint32_t slots = 0;
};

struct Refusal {
  Preamble preamble{magic, abi_version, MessageType::refusal};
  std::array<char, 480> why{};  // ends with a zero byte
};
[[nodiscard]] Refusal make_refusal(std::string_view why);

struct StateHandover {
  Preamble preamble{magic, abi_version, MessageType::state_handover};
};

// The data plane's look at a first message. Error: what does not fit, for both sides' logs.
[[nodiscard]] Expected<void> check_hello(std::span<const std::byte> message);
// The data plane's look at a later one.
[[nodiscard]] Expected<void> check_handover(std::span<const std::byte> message, std::size_t descriptors);
// Control's look at the answer. Error: the data plane's refusal, or what does not fit.
[[nodiscard]] Expected<Welcome> parse_welcome(std::span<const std::byte> message, std::size_t descriptors);

template <typename T>
[[nodiscard]] std::span<const std::byte> message_bytes(const T& message) {
  return std::as_bytes(std::span<const T, 1>(&message, 1));
}

}  // namespace espgate::channel
