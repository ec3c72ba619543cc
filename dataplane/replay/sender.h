// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "dataplane/dpdk/buffer_pool.h"
#include "dataplane/dpdk/port.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/frame_load.h"
#include "dataplane/replay/inspection.h"
#include "dataplane/replay/progress.h"
#include "dataplane/replay/send.h"

#include <optional>
#include <span>

namespace espgate::replay {

// What `send` did and what it got.
struct SendResult {
  double seconds = 0;
  std::uint64_t sent = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t refusals = 0;  // times that the port took nothing
  std::uint64_t received = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t arp_answers = 0;
};

// One run of `send` on an open port.
class Sender {
 public:
  // All must outlive this. `writer` takes what comes back.
  Sender(const SendOptions& options, const FrameLoad& load, dataplane::dpdk::Port& port,
         dataplane::dpdk::BufferPool& pool, std::optional<CaptureWriter> writer)
      : options_(options),
        load_(load),
        port_(port),
        pool_(pool),
        writer_(std::move(writer)),
        clock_(options.pace) {}

  // Error: what came back could not be written; it was counted all the same.
  [[nodiscard]] Expected<void> run();

  [[nodiscard]] const SendResult& result() const { return result_; }
  [[nodiscard]] const Inspection& returned() const { return returned_; }

 private:
  using Clock = PaceClock::Clock;

  std::size_t send_due(std::size_t at);
  Clock::time_point next_due(std::size_t at);
  void wait_until(Clock::time_point due);
  void* buffer_of(const FrameLoad::Frame& frame);
  void transmit(std::span<void*> frames);
  bool receive();
  void take(wire::Bytes frame);
  void answer_arp(wire::Bytes message);

  const SendOptions& options_;
  const FrameLoad& load_;
  dataplane::dpdk::Port& port_;
  dataplane::dpdk::BufferPool& pool_;
  std::optional<CaptureWriter> writer_;
  std::optional<Error> write_error_;
  PaceClock clock_;
  Progress progress_;
  dataplane::Burst burst_;
  Inspection returned_;
  SendResult result_;
  std::size_t asked_ = 0;  // the frame whose due time is in due_, plus one
  Clock::time_point due_;
};

}  // namespace espgate::replay
