// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/error.h"
#include "client/sequence_file.h"
#include "crypto/suite.h"
#include "dataplane/sa.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace espgate::client {

// Without a file, numbers begin where the clock says, 16 a second since 2025-01-01 (UTC): 32 bits last until
// 2033, and a run begins behind the one before it as long as that one has sent no more than 16 packets a
// second on average.
struct SequenceClock {
  using Time = std::chrono::sys_seconds;

  static constexpr std::uint64_t per_second = 16;
  static constexpr Time epoch = std::chrono::sys_days{std::chrono::year{2025} / 1 / 1};

  // Error: the clock stands before 2025, or so late that a run would have too few numbers.
  [[nodiscard]] static Expected<std::uint64_t> start(Time now);
  // From when on a run starts behind `next`, the first number that is not used.
  [[nodiscard]] static Time reaches(std::uint64_t next);
};

// Where the operator wants numbers to come from; neither: from the clock.
struct SequenceChoice {
  std::string file;
  std::optional<std::uint64_t> start;
};

// The numbers that an outbound SA with static keys may use. Its keys outlive the process, so its numbers must
// not begin anew: the gateway would take them for replays, and an AEAD's nonces would repeat, which gives its
// keys away. AEADs therefore take numbers from a file only. One thread.
class SequenceNumbers {
 public:
  // Error: an AEAD without a file, numbers used up, a file that can't be used.
  static Expected<SequenceNumbers> make(const SequenceChoice& choice, crypto::SuiteId suite, bool esn,
                                        SequenceClock::Time now);

  [[nodiscard]] std::uint64_t first() const { return first_; }
  // Lets `sa` use the numbers that are its own, and reserves more ahead of need. Between bursts; may wait for
  // the disk. Error: no more could be reserved. What is left may still be used; the stages send nothing
  // beyond it.
  [[nodiscard]] Expected<void> provide(dataplane::OutboundSa& sa);
  // Gives back what `sa`, which sends nothing more, has not used. A sentence if the next run may begin with
  // numbers that this one has used.
  [[nodiscard]] Expected<std::optional<std::string>> finish(const dataplane::OutboundSa& sa,
                                                            SequenceClock::Time now);

 private:
  std::uint64_t first_ = 1;
  std::uint64_t last_possible_ = 0;
  bool from_clock_ = false;
  std::optional<SequenceFile> file_;
};

}  // namespace espgate::client
