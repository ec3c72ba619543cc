// SPDX-License-Identifier: Apache-2.0
// Worker threads that send packets while control processes come and go under them.
#include "tests/unit/channel/channel_fixture.h"

#include <atomic>
#include <thread>

namespace espgate::channel::test {
namespace {

constexpr unsigned workers = 3;

class WorkersTest : public ChannelFixture {
 protected:
  void run_worker(unsigned worker) {
    std::array<std::byte, 64> bytes;
    bytes.fill(std::byte(worker));
    for (std::uint32_t number = 0; !stop_; ++number) {
      if (!dataplane_->send_packet(worker, make_packet(number, worker), bytes)) std::this_thread::yield();
    }
  }
  std::atomic<bool> stop_ = false;
};

TEST_F(WorkersTest, send_while_control_processes_come_and_go) {
  start({.workers = workers});
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < workers; ++worker)
    threads.emplace_back([this, worker] { run_worker(worker); });
  for (unsigned generation = 1; generation <= 20; ++generation) {
    auto control = connect();
    ASSERT_TRUE(control);
    std::array<std::uint32_t, workers> last = {};
    unsigned received = 0;
    while (received < 200) {
      wait_readable({control->descriptor()});
      ASSERT_TRUE(control->step({{}, [&](unsigned worker, const PacketRecord& packet) {
                                   ++received;
                                   EXPECT_EQ(packet.slot, worker);
                                   EXPECT_EQ(packet.length, 64);
                                   EXPECT_EQ(packet.bytes[63], std::byte(worker));
                                   EXPECT_GE(packet.peer_id, last[worker]);
                                   last[worker] = packet.peer_id;
                                 }}));
    }
    control.reset();
    step_until([&] { return disconnected_.size() == generation; });
  }
  stop_ = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace espgate::channel::test
