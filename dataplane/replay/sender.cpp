// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/sender.h"

#include "dataplane/dpdk/buffer.h"
#include "wire/arp.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

namespace espgate::replay {
namespace {

constexpr std::uint16_t headroom = 128;

std::uint64_t wall_clock_nanoseconds() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

}  // namespace

Expected<void> Sender::run() {
  const Clock::time_point start = Clock::now();
  for (std::uint64_t loop = 0; loop < options_.loops; ++loop) {
    for (std::size_t i = 0; i < load_.frames().size();) i += send_due(i);
    clock_.restart();
  }
  result_.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const auto until = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                        std::chrono::duration<double>(options_.wait_seconds));
  while (Clock::now() < until)
    if (!receive()) std::this_thread::sleep_for(std::chrono::microseconds(50));
  returned_.finish();
  if (!write_error_ && writer_)
    if (auto closed = writer_->close(); !closed) write_error_ = closed.error();
  if (write_error_) return fail(*write_error_);
  return {};
}

// Sends the frame `at` when it is due, and those that are due with it; meanwhile takes what comes. Returns
// how many.
std::size_t Sender::send_due(std::size_t at) {
  std::array<void*, dataplane::max_burst> frames;
  std::size_t count = 0;
  Clock::time_point due = next_due(at);
  while (Clock::now() < due) wait_until(due);
  while (count < frames.size() && due <= Clock::now()) {
    frames[count++] = buffer_of(load_.frames()[at]);
    if (++at == load_.frames().size()) break;
    due = next_due(at);
  }
  transmit({frames.data(), count});
  progress_.update(
      static_cast<double>(result_.sent) / static_cast<double>(load_.frames().size() * options_.loops),
      result_.sent);
  return count;
}

// Asked once for each frame, since the clock counts them.
Sender::Clock::time_point Sender::next_due(std::size_t at) {
  if (at + 1 != asked_) {
    due_ = clock_.due(load_.frames()[at].nanoseconds);
    asked_ = at + 1;
  }
  return due_;
}

void Sender::wait_until(Clock::time_point due) {
  if (!receive() && due - Clock::now() > std::chrono::microseconds(100))
    std::this_thread::sleep_for(std::chrono::microseconds(50));
}

void* Sender::buffer_of(const FrameLoad::Frame& frame) {
  dataplane::Burst burst;
  burst.reset(1);
  while (!pool_.attach(burst, 0, frame.length, headroom)) (void)receive();
  const auto bytes = load_.bytes(frame);
  std::copy(bytes.begin(), bytes.end(), burst[0].data);
  result_.sent_bytes += frame.length;
  return dataplane::dpdk::detach(burst, 0, {});
}

void Sender::transmit(std::span<void*> frames) {
  while (!frames.empty()) {
    const unsigned taken = port_.transmit(0, frames);
    result_.sent += taken;
    frames = frames.subspan(taken);
    if (taken == 0) ++result_.refusals;
    (void)receive();
  }
}

// False: nothing has come.
bool Sender::receive() {
  port_.receive(0, burst_);
  const unsigned count = burst_.count();
  for (unsigned i = 0; i < count; ++i) take(burst_[i].bytes());
  pool_.release(burst_);
  return count != 0;
}

void Sender::take(wire::Bytes frame) {
  ++result_.received;
  result_.received_bytes += frame.size();
  const auto parsed = wire::EthernetFrame::parse(frame);
  const auto length = static_cast<std::uint32_t>(frame.size());
  const std::uint64_t now = wall_clock_nanoseconds();
  if (writer_ && !write_error_)
    if (auto written = writer_->write({.nanoseconds = now, .bytes = frame, .comment = {}}); !written)
      write_error_ = written.error();
  if (!parsed) return returned_.add({now, 0, frame, length, false});
  returned_.add({now, parsed->ether_type(), parsed->payload(), length, false});
  if (parsed->ether_type() == wire::ether_type_arp) answer_arp(parsed->payload());
}

void Sender::answer_arp(wire::Bytes message) {
  const auto request = wire::ArpMessage::parse(message);
  if (!request || request->operation != wire::ArpOperation::request ||
      std::find(options_.answer_arp.begin(), options_.answer_arp.end(), request->target_ip) ==
          options_.answer_arp.end())
    return;
  dataplane::Burst burst;
  burst.reset(1);
  constexpr std::uint32_t length = 60;
  if (!pool_.attach(burst, 0, length, headroom)) return;
  const wire::MutableBytes frame = burst[0].bytes();
  std::fill(frame.begin(), frame.end(), std::byte{0});
  const std::size_t link = wire::build(
      frame, {.destination = request->sender_mac, .source = port_.mac(), .ether_type = wire::ether_type_arp});
  wire::build_arp(frame.subspan(link), wire::arp_reply_to(*request, port_.mac()));
  std::array<void*, 1> buffer = {dataplane::dpdk::detach(burst, 0, {})};
  if (port_.transmit(0, buffer) == 0) dataplane::dpdk::release(buffer);
  ++result_.arp_answers;
}

}  // namespace espgate::replay
