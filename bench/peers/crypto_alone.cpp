// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/crypto_alone.h"

#include "bench/packet_set.h"
#include "bench/round.h"
#include "dataplane/sa.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <stdexcept>

namespace espgate::bench {
namespace {

constexpr std::size_t burst = crypto::max_batch;

std::unique_ptr<crypto::Engine> make_engine() {
  auto engine = crypto::make_engine(crypto::EngineChoice::automatic);
  if (!engine) throw std::runtime_error(engine.error());
  return std::move(*engine);
}

}  // namespace

CryptoAlone::CryptoAlone(const Traffic& traffic)
    : traffic_(traffic),
      engine_(make_engine()),
      frames_(make_frames(traffic, *engine_)),
      buffers_(burst * PacketSet::stride + 64) {
  for (std::uint32_t i = 0; i < traffic.sas; ++i)
    keys_.push_back(Agreement(crypto::suite(traffic.suite), i).make_key(*engine_, traffic.suite));
}

double CryptoAlone::cycles_per_packet(unsigned milliseconds) {
  std::vector<std::uint64_t> calls;
  const auto span = static_cast<std::uint64_t>(dataplane::cycles_per_second() / 1000 * milliseconds);
  const std::uint64_t start = dataplane::read_cycles();
  // Whole rounds: as many calls of each packet.
  while (dataplane::read_cycles() - start < span)
    for (std::size_t first = 0; first + burst <= frames_.size(); first += burst)
      calls.push_back(decrypt(first));
  const auto middle = calls.begin() + static_cast<std::ptrdiff_t>(calls.size() / 2);
  std::nth_element(calls.begin(), middle, calls.end());
  return static_cast<double>(*middle) / static_cast<double>(burst);
}

std::uint64_t CryptoAlone::decrypt(std::size_t first) {
  std::array<crypto::Job, burst> jobs;
  const std::size_t offset = esp_offset(traffic_.shape);
  for (std::size_t i = 0; i < burst; ++i) {
    const Frame& frame = frames_[first + i];
    std::byte* at = buffers_.data() + i * PacketSet::stride + PacketSet::buffer_begin + PacketSet::headroom;
    std::copy(frame.bytes.begin(), frame.bytes.end(), at);
    jobs[i] = {.key = keys_[frame.tunnel].get(),
               .esp = at + offset,
               .length = static_cast<std::uint32_t>(frame.bytes.size() - offset),
               .sequence_high = 0,
               .suite = traffic_.suite,
               .esn = false,
               .ok = false};
  }
  const std::uint64_t start = fenced_cycles();
  engine_->decrypt(jobs);
  const std::uint64_t cycles = fenced_cycles() - start;
  if (!std::all_of(jobs.begin(), jobs.end(), [](const crypto::Job& job) { return job.ok; }))
    throw std::runtime_error("a packet could not be decrypted");
  return cycles;
}

}  // namespace espgate::bench
