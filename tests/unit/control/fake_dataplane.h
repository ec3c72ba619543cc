// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/dataplane_end.h"
#include "control/gateway/dump.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace espgate::control::test {

// A data plane's real end of the channel; behind it nothing but a list of what it was told.
class FakeDataplane {
 public:
  explicit FakeDataplane(const std::string& socket, std::uint32_t slots = 64);

  [[nodiscard]] int descriptor() const { return end_->descriptor(); }
  void step();
  void send(const channel::Event& event) { end_->send(event); }
  // A packet that came from outside, to control; and those that control has sent.
  [[nodiscard]] bool deliver(const channel::PacketRecord& header, std::span<const std::byte> bytes) {
    return end_->send_packet(0, header, bytes);
  }
  std::vector<channel::PacketRecord> sent;
  [[nodiscard]] bool is_connected() const { return end_->is_connected(); }

  // Everything of one type that has come, in order.
  [[nodiscard]] std::vector<channel::Command> commands(channel::CommandType type) const;
  [[nodiscard]] std::size_t count(channel::CommandType type) const { return commands(type).size(); }
  // Commands that change what is installed.
  [[nodiscard]] std::size_t changes() const;
  void forget_commands() { commands_.clear(); }
  // The last SA of a direction in a slot that was added.
  [[nodiscard]] channel::SaAdd added(channel::Direction direction, std::uint32_t slot) const;
  [[nodiscard]] channel::SaProgress& progress(std::uint32_t slot) { return end_->progress()[slot]; }

  // What commands of this type are answered instead of being carried out.
  std::map<channel::CommandType, channel::Result> answers;

  struct Sa {
    channel::SaAdd add;
    std::uint64_t last_sequence;
  };
  std::map<std::uint32_t, channel::PeerUpdate> peers;
  std::map<SaKey, Sa> sas;
  std::map<SessionKey, channel::SessionUpdate> sessions;

 private:
  void take(const channel::Command& command);
  channel::Result carry_out(const channel::Command& command);
  channel::Result add(const channel::SaAdd& sa);
  void dump();

  std::unique_ptr<channel::DataplaneEnd> end_;
  std::vector<channel::Command> commands_;
};

}  // namespace espgate::control::test
