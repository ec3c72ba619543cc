// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"
#include "channel/messages.h"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include <sys/types.h>

namespace espgate::channel {

// The data plane's end: owns the socket that control connects to and all segments. One control process at a
// time; each connection gets fresh rings, so a peer that died in the middle of a write leaves nothing behind.
// The counters segment stays the same as long as the data plane lives. All functions are the manager's (one
// thread), but for the packet functions.
class DataplaneEnd {
 public:
  struct Options {
    std::filesystem::path socket{};  // made 0600; a stale one is replaced, a live one refused
    unsigned workers = 1;            // one packet ring each towards control
    std::uint32_t slots = 1;         // of the counters segment
    std::chrono::milliseconds patience = std::chrono::seconds(1);  // with a caller that does not say hello
    std::optional<uid_t> control_uid{};  // who may connect besides root; none: our own user
  };
  [[nodiscard]] static Expected<std::unique_ptr<DataplaneEnd>> listen(const Options& options);
  ~DataplaneEnd();  // after the workers have stopped

  // An epoll descriptor, readable when step() has something to do.
  [[nodiscard]] int descriptor() const;

  struct Handler {
    std::function<void()> connected;
    std::function<void(const std::string& why)> disconnected;
    std::function<void(const Command&)> command;        // the record is wiped when this returns
    std::function<void(const std::string&)> complaint;  // a refused connection: who, and why
  };
  // Accepts, notices a control process that is gone, consumes commands (at most 256 a call, then the
  // descriptor stays readable), sends events that did not fit before. Never blocks.
  void step(const Handler& handler);

  [[nodiscard]] bool is_connected() const;
  // Queues an event; one that does not fit into the ring waits in order and is sent by a later step(). Events
  // for a control process that is not there are let go.
  void send(const Event& event);

  // Worker `worker` gives control a packet, between bursts: copies and, when the reader sleeps, wakes it.
  // False: no control process, or the ring is full. Safe while the manager connects and disconnects.
  [[nodiscard]] bool send_packet(unsigned worker, const PacketRecord& header,
                                 std::span<const std::byte> bytes) noexcept;
  // Packets from control, for the manager, after each step() (which clears the bell for both). At most
  // `most`; what is left keeps the descriptor readable. The record is only valid inside.
  void receive_packets(unsigned most, const std::function<void(const PacketRecord&)>& receive);

  // Index = slot; `slots` many.
  [[nodiscard]] std::span<SaProgress> progress() const;

 private:
  struct State;
  explicit DataplaneEnd(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace espgate::channel
