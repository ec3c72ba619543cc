// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/channel/channel_fixture.h"

#include "channel/bell.h"

#include <cstring>
#include <thread>

#include <poll.h>

namespace espgate::channel::test {

void wait_readable(std::initializer_list<int> descriptors) {
  std::vector<pollfd> waiting;
  for (const int descriptor : descriptors) waiting.push_back({descriptor, POLLIN, 0});
  EXPECT_GT(::poll(waiting.data(), waiting.size(), 30'000), 0) << "nobody rang";
}

ChannelFixture::ChannelFixture() {
  handler_.connected = [&] { ++connected_; };
  handler_.disconnected = [&](const std::string& why) { disconnected_.push_back(why); };
  handler_.complaint = [&](const std::string& what) { complaints_.push_back(what); };
  handler_.command = [&](const Command& command) { commands_.push_back(command); };
}

void ChannelFixture::start(DataplaneEnd::Options options) {
  options.socket = socket_;
  auto made = DataplaneEnd::listen(options);
  ASSERT_TRUE(made) << made.error();
  dataplane_ = std::move(*made);
}

void ChannelFixture::step_until(const std::function<bool()>& done) {
  while (!done()) {
    wait_readable({dataplane_->descriptor()});
    step();
  }
}

Expected<std::unique_ptr<ControlEnd>> ChannelFixture::try_connect() {
  Expected<std::unique_ptr<ControlEnd>> result;
  const Bell done;
  std::thread client([&] {
    result = ControlEnd::connect(socket_);
    done.ring();
  });
  pollfd waiting[] = {{dataplane_->descriptor(), POLLIN, 0}, {done.descriptor(), POLLIN, 0}};
  while (waiting[1].revents == 0 && ::poll(waiting, 2, -1) > 0) step();
  client.join();
  return result;
}

std::unique_ptr<ControlEnd> ChannelFixture::connect() {
  auto control = try_connect();
  if (control) return std::move(*control);
  ADD_FAILURE() << control.error();
  return nullptr;
}

Command make_delete(std::uint32_t slot) {
  Command command = {};
  command.type = CommandType::sa_delete;
  command.sa_delete = {.slot = slot, .spi = slot << 10, .direction = Direction::inbound};
  return command;
}

Command make_add(std::uint32_t slot) {
  Command command = {};
  command.type = CommandType::sa_add;
  command.sa_add.slot = slot;
  command.sa_add.spi = slot << 10;
  std::memcpy(command.sa_add.suite.data(), "aes256-sha1", 12);
  command.sa_add.keys.cipher_key.fill(std::byte{0xa5});
  command.sa_add.keys.cipher_key_bytes = 32;
  return command;
}

PacketRecord make_packet(std::uint32_t peer_id, std::uint32_t slot) {
  PacketRecord packet;
  packet.peer_id = peer_id;
  packet.slot = slot;
  return packet;
}

}  // namespace espgate::channel::test
