// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/live/installed.h"

#include "crypto/suite.h"
#include "dataplane/sa_table.h"
#include "wire/ip_address.h"

#include <algorithm>

namespace espgate::dataplane::live::test {

using channel::Command;
using channel::CommandType;

Command peer_command(std::uint32_t id, std::uint16_t port) {
  Command command{};
  command.type = CommandType::peer_update;
  command.peer_update = {.peer_id = id,
                         .remote_port = port,
                         .local_port = 4500,
                         .remote = wire::IpAddress::v4(client_address).bytes(),
                         .local = wire::IpAddress::v4(gateway_address).bytes()};
  return command;
}

std::uint32_t spi_of(std::uint32_t slot, channel::Direction direction) {
  return direction == channel::Direction::inbound ? Spi::make(1, slot, 0) : 0xabcd'0000 + slot;
}

Command sa_command(std::uint32_t peer_id, std::uint32_t slot, channel::Direction direction,
                   std::string_view suite) {
  Command command{};
  command.type = CommandType::sa_add;
  channel::SaAdd& add = command.sa_add;
  add = {};
  add.peer_id = peer_id;
  add.slot = slot;
  add.spi = spi_of(slot, direction);
  add.direction = direction;
  add.window_packets = 128;
  std::copy(suite.begin(), suite.end(), add.suite.begin());
  add.sequence = direction == channel::Direction::inbound ? 0 : 1;
  add.last_sequence = 1000;
  const crypto::Suite& found = crypto::suite(*crypto::find_suite(suite));
  add.keys.cipher_key_bytes = static_cast<std::uint8_t>(found.cipher_key_bytes + found.salt_bytes);
  add.keys.integrity_key_bytes = found.integrity_key_bytes;
  const bool inbound = direction == channel::Direction::inbound;
  add.keys.cipher_key.fill(inbound ? std::byte{0x5a} : std::byte{0x5b});
  add.keys.integrity_key.fill(inbound ? std::byte{0xa5} : std::byte{0xa6});
  return command;
}

Command sa_delete_command(std::uint32_t slot, channel::Direction direction) {
  Command command{};
  command.type = CommandType::sa_delete;
  command.sa_delete = {slot, spi_of(slot, direction), direction};
  return command;
}

Command session_command(std::uint32_t peer_id, std::uint16_t tunnel, std::uint32_t address,
                        std::uint32_t slot) {
  Command command{};
  command.type = CommandType::session_update;
  command.session_update = {};
  command.session_update.peer_id = peer_id;
  command.session_update.tunnel = tunnel;
  command.session_update.session = 1;
  command.session_update.peer_tunnel = 77;
  command.session_update.peer_session = 88;
  command.session_update.source_port = command.session_update.destination_port = 1701;
  command.session_update.inner = wire::IpAddress::v4(address).bytes();
  command.session_update.outbound_slot = slot;
  command.session_update.mru = 1400;
  command.session_update.open = true;
  command.session_update.address_control = true;
  return command;
}

}  // namespace espgate::dataplane::live::test
