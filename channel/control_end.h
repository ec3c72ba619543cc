// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/error.h"
#include "channel/messages.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <span>

namespace espgate::channel {

// Control's end of one connection to a data plane. When the data plane dies, its counters segment stays
// mapped until this goes. One thread.
class ControlEnd {
 public:
  // Connects and shakes hands. Blocks for at most a second. Error: who refused what ("the data plane speaks
  // version 2 of the channel, this is 1; restart both from one package").
  [[nodiscard]] static Expected<std::unique_ptr<ControlEnd>> connect(const std::filesystem::path& socket);
  ~ControlEnd();

  // The state segment of the control process before us, or -1; the caller owns it. Once.
  [[nodiscard]] int take_predecessor_state();
  // Gives the data plane our own state segment to hold.
  [[nodiscard]] Expected<void> hand_over_state(int descriptor);

  // An epoll descriptor, readable when step() has something to do.
  [[nodiscard]] int descriptor() const;

  struct Handler {
    std::function<void(const Event&)> event;
    std::function<void(unsigned worker, const PacketRecord&)> packet;
  };
  // Takes events and packets, sends commands that did not fit before. False: the data plane is gone. Never
  // blocks.
  [[nodiscard]] bool step(const Handler& handler);

  // Queues a command and returns its sequence number. What does not fit into the ring waits in order, in
  // secret memory, and is sent by a later step(): nothing is lost. `command` is wiped.
  std::uint64_t send(Command& command);
  // False: the ring is full, or the packet is larger than PacketRecord::capacity.
  [[nodiscard]] bool send_packet(const PacketRecord& header, std::span<const std::byte> bytes);

  [[nodiscard]] unsigned workers() const;
  [[nodiscard]] std::span<const SaProgress> progress() const;

 private:
  struct State;
  explicit ControlEnd(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace espgate::channel
