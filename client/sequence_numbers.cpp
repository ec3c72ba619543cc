// SPDX-License-Identifier: Apache-2.0
#include "client/sequence_numbers.h"

#include <algorithm>
#include <limits>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace espgate::client {
namespace {

constexpr std::uint64_t last_of_32_bits = std::numeric_limits<std::uint32_t>::max();
// One less than there is, so that the number behind the last one is a number too.
constexpr std::uint64_t last_of_64_bits = std::numeric_limits<std::uint64_t>::max() - 1;
// A run should not have to stop for want of numbers: a minute of 64-byte packets at 1 Gbit/s.
constexpr std::uint64_t least_for_a_run = 100'000'000;

tl::unexpected<Error> usage(std::string where, std::string what, std::string hint) {
  return fail({.what = std::move(what),
               .where = std::move(where),
               .hint = std::move(hint),
               .kind = ErrorKind::usage});
}

std::string to_text(SequenceClock::Time time) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(time));
}

}  // namespace

Expected<std::uint64_t> SequenceClock::start(Time now) {
  const char* hint = "set the clock, or use --sequence-file";
  if (now < epoch)
    return fail({fmt::format("the clock says {}, which lies behind us", to_text(now)), "", hint});
  const std::uint64_t first = 1 + per_second * static_cast<std::uint64_t>((now - epoch).count());
  if (first + least_for_a_run > last_of_32_bits)
    return fail({fmt::format("at {} the clock leaves too few of 32 bits for sequence numbers", to_text(now)),
                 "", hint});
  return first;
}

SequenceClock::Time SequenceClock::reaches(std::uint64_t next) {
  return epoch + std::chrono::seconds((next - 1 + per_second - 1) / per_second);
}

Expected<SequenceNumbers> SequenceNumbers::make(const SequenceChoice& choice, crypto::SuiteId id, bool esn,
                                                SequenceClock::Time now) {
  SequenceNumbers numbers;
  numbers.last_possible_ = esn ? last_of_64_bits : last_of_32_bits;
  const crypto::Suite& suite = crypto::suite(id);
  if (choice.file.empty() && suite.is_aead())
    return usage("--sequence-file",
                 fmt::format("{} needs it: under one key no sequence number may occur twice, "
                             "restarts included",
                             suite.name),
                 "name a file that stays, such as /var/lib/espgate/client.sequence");
  if (!choice.file.empty()) {
    auto file = SequenceFile::open(choice.file);
    if (!file) return fail(std::move(file.error()));
    numbers.first_ = file->next();
    numbers.file_ = std::move(*file);
  } else if (choice.start) {
    numbers.first_ = *choice.start;
  } else {
    const auto start = SequenceClock::start(now);
    if (!start) return fail(start.error());
    numbers.first_ = *start;
    numbers.from_clock_ = true;
  }
  if (numbers.first_ == 0 || numbers.first_ > numbers.last_possible_)
    return usage(choice.file.empty() ? "--sequence" : choice.file,
                 fmt::format("sequence number {} is not one of {} bits", numbers.first_, esn ? 64 : 32),
                 "its SA is used up or the number is wrong; new keys start anew with 1");
  return numbers;
}

Expected<void> SequenceNumbers::provide(dataplane::OutboundSa& sa) {
  if (!file_) {
    sa.last_sequence = last_possible_;
    return {};
  }
  // Our numbers end before `end`; the first that the SA has not used lies before or at it.
  const std::uint64_t end = file_->next();
  Expected<void> reserved;
  if (end - sa.next_sequence < SequenceFile::block / 2 && end <= last_possible_)
    reserved = file_->write(end + std::min(SequenceFile::block, last_possible_ - end + 1));
  sa.last_sequence = file_->next() - 1;
  return reserved;
}

Expected<std::optional<std::string>> SequenceNumbers::finish(const dataplane::OutboundSa& sa,
                                                             SequenceClock::Time now) {
  if (file_) {
    if (auto written = file_->write(sa.next_sequence); !written) return fail(written.error());
    return std::nullopt;
  }
  if (!from_clock_ || SequenceClock::reaches(sa.next_sequence) <= now) return std::nullopt;
  return fmt::format(
      "sequence numbers are ahead of the clock: the gateway will take packets of a new run for replays "
      "before {}; --sequence-file knows no such limit",
      to_text(SequenceClock::reaches(sa.next_sequence)));
}

}  // namespace espgate::client
