// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/fake_dataplane.h"

#include <algorithm>
#include <stdexcept>

namespace espgate::control::test {
namespace {

using channel::Command;
using channel::CommandType;
using channel::Direction;
using channel::Event;
using channel::EventType;
using channel::Result;

}  // namespace

FakeDataplane::FakeDataplane(const std::string& socket, std::uint32_t slots) {
  channel::DataplaneEnd::Options options;
  options.socket = socket;
  options.slots = slots;
  auto made = channel::DataplaneEnd::listen(options);
  if (!made) throw std::runtime_error(made.error());
  end_ = std::move(*made);
}

void FakeDataplane::step() {
  channel::DataplaneEnd::Handler handler;
  handler.command = [this](const Command& command) { take(command); };
  end_->step(handler);
  constexpr unsigned most = 64;
  end_->receive_packets(most, [this](const channel::PacketRecord& packet) { sent.push_back(packet); });
}

std::vector<Command> FakeDataplane::commands(CommandType type) const {
  std::vector<Command> found;
  std::ranges::copy_if(commands_, std::back_inserter(found),
                       [&](const Command& command) { return command.type == type; });
  return found;
}

std::size_t FakeDataplane::changes() const {
  return static_cast<std::size_t>(std::ranges::count_if(commands_, [](const Command& command) {
    return command.type != CommandType::dump && command.type != CommandType::sa_update;
  }));
}

channel::SaAdd FakeDataplane::added(Direction direction, std::uint32_t slot) const {
  channel::SaAdd last = {};
  for (const Command& command : commands(CommandType::sa_add)) {
    if (command.sa_add.direction == direction && command.sa_add.slot == slot) last = command.sa_add;
  }
  return last;
}

void FakeDataplane::take(const Command& command) {
  commands_.push_back(command);
  if (command.type == CommandType::dump) return dump();
  Event completion;
  completion.command = command.sequence;
  const auto answer = answers.find(command.type);
  completion.result = answer != answers.end() ? answer->second : carry_out(command);
  send(completion);
}

Result FakeDataplane::carry_out(const Command& command) {
  switch (command.type) {
    case CommandType::peer_update:
      peers[command.peer_update.peer_id] = command.peer_update;
      return Result::ok;
    case CommandType::peer_delete:
      return peers.erase(command.peer_delete.peer_id) == 1 ? Result::ok : Result::no_such_peer;
    case CommandType::sa_add:
      return add(command.sa_add);
    case CommandType::sa_delete:
      return sas.erase({command.sa_delete.direction, command.sa_delete.slot, command.sa_delete.spi}) == 1
                 ? Result::ok
                 : Result::no_such_sa;
    case CommandType::sa_update: {
      const auto found = sas.find({Direction::outbound, command.sa_update.slot, command.sa_update.spi});
      if (found == sas.end()) return Result::no_such_sa;
      found->second.last_sequence = command.sa_update.last_sequence;
      return Result::ok;
    }
    case CommandType::session_update: {
      const channel::SessionUpdate& session = command.session_update;
      if (!peers.contains(session.peer_id)) return Result::no_such_peer;
      sessions[{session.peer_id, session.tunnel, session.session}] = session;
      return Result::ok;
    }
    case CommandType::session_delete: {
      const channel::SessionDelete& session = command.session_delete;
      return sessions.erase({session.peer_id, session.tunnel, session.session}) == 1
                 ? Result::ok
                 : Result::no_such_session;
    }
    default:
      return Result::unknown_command;
  }
}

Result FakeDataplane::add(const channel::SaAdd& sa) {
  if (!peers.contains(sa.peer_id)) return Result::no_such_peer;
  for (const auto& [key, other] : sas) {
    if (key.slot == sa.slot && key.direction == sa.direction && key.spi != sa.spi) return Result::slot_taken;
  }
  sas[{sa.direction, sa.slot, sa.spi}] = {sa, sa.last_sequence};
  return Result::ok;
}

void FakeDataplane::dump() {
  Event event;
  for (const auto& [id, peer] : peers) {
    event = {};
    event.type = EventType::dump_peer;
    event.peer_id = id;
    event.remote = peer.remote;
    event.remote_port = peer.remote_port;
    send(event);
  }
  for (const auto& [key, sa] : sas) {
    event = {};
    event.type = EventType::dump_sa;
    event.peer_id = sa.add.peer_id;
    event.direction = key.direction;
    event.slot = key.slot;
    event.spi = key.spi;
    const channel::SaProgress& counted = progress(key.slot);
    const std::uint64_t value =
        key.direction == Direction::outbound ? counted.outbound_next : counted.inbound_highest;
    event.value = std::max(value, sa.add.sequence);
    send(event);
  }
  for (const auto& [key, session] : sessions) {
    event = {};
    event.type = EventType::dump_session;
    event.peer_id = key.peer_id;
    event.tunnel = key.tunnel;
    event.session = key.session;
    event.remote = session.inner;
    event.sequencing = session.sequencing;
    event.value = channel::rates_value(session);
    send(event);
  }
  event = {};
  event.type = EventType::dump_end;
  send(event);
}

}  // namespace espgate::control::test
