// SPDX-License-Identifier: Apache-2.0
// Sequence numbers of static SAs: reserved ahead of use, read back from the data plane's counters.
#include "control/gateway/gateway.h"

#include <algorithm>

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

// Reserved at a time: at least this many, and as many as are used in `reserve_seconds`.
constexpr std::uint64_t least_block = 1U << 20;
constexpr std::uint64_t reserve_seconds = 8;
// What a data plane may have sent that died before it stored its counter.
constexpr std::uint64_t jump = 1U << 16;

std::uint64_t add_up_to(std::uint64_t a, std::uint64_t b, std::uint64_t most) {
  return a > most || b > most - a ? most : a + b;
}

}  // namespace

Expected<void> Gateway::prepare(WantedSa& sa) {
  if (!sa.static_key) return prepare_dialled(sa);
  if (auto usable = sequences_.usable(); !usable) return usable;
  if (sa.add.direction == channel::Direction::outbound) return prepare_outbound(sa);
  sa.add.sequence = std::max(sa.live.value_or(0), sequences_.value(sa.identity));
  sequences_.raise(sa.identity, sa.add, sa.add.sequence);
  return {};
}

Expected<void> Gateway::prepare_outbound(WantedSa& sa) {
  const std::uint64_t largest = largest_sequence(sa.add.esn);
  if (sa.last_pushed != 0 && !sa.live) return {};  // what was refused before it was used is still good
  if (!sequences_.has_file() && sa.aead) {
    return tl::unexpected(
        std::string("a suite like AES-GCM with static keys needs runtime.state_directory: without it "
                    "nonces repeat after a restart, which gives the key stream away"));
  }
  if (sa.live) {
    sa.add.sequence = add_up_to(*sa.live, jump, largest);
    if (sa.add.sequence == largest) {
      return tl::unexpected(std::string("its sequence numbers are used up; give it a new key"));
    }
  } else {
    const auto first = sequences_.first(sa.identity, sa.add.esn, options_.clock());
    if (!first) return tl::unexpected(first.error());
    sa.add.sequence = *first;
  }
  sa.add.last_sequence = largest;
  if (sequences_.has_file()) {
    sa.add.last_sequence =
        std::max(sequences_.value(sa.identity), add_up_to(sa.add.sequence, least_block - 1, largest));
  }
  sequences_.raise(sa.identity, sa.add, sequences_.has_file() ? sa.add.last_sequence : sa.add.sequence);
  return {};
}

void Gateway::learn(Progress progress) {
  for (const auto& peer : peers_) {
    for (auto& sa : peer->sas) {
      if (sa->static_key && sa->installed != Installed::no && sa->add.slot < progress.size()) {
        learn(*sa, progress[sa->add.slot]);
      }
    }
  }
}

// A command that is still pending may have been carried out. A counter beyond what the SA was allowed is none
// of its.
void Gateway::learn(WantedSa& sa, const channel::SaProgress& progress) {
  if (sa.add.direction == channel::Direction::inbound) {
    sa.live = std::max(sa.live.value_or(0), progress.inbound_highest.load(std::memory_order_acquire));
    sequences_.raise(sa.identity, sa.add, *sa.live);
    return;
  }
  std::uint64_t next = progress.outbound_next.load(std::memory_order_acquire);
  if (sa.last_pushed != 0) {
    next = std::clamp(next, sa.add.sequence,
                      std::max(sa.add.sequence, add_up_to(sa.last_pushed, 1, ~std::uint64_t{0})));
  }
  sa.live = std::max(sa.live.value_or(0), next);
  if (!sequences_.has_file()) sequences_.raise(sa.identity, sa.add, *sa.live);
}

// The numbers of an SA that IKE has made: it lives in this data plane, and in the next only ahead of itself.
Expected<void> Gateway::prepare_dialled(WantedSa& sa) {
  if (sa.add.direction == channel::Direction::inbound) {
    sa.add.sequence = sa.live.value_or(0);
    return {};
  }
  const std::uint64_t largest = largest_sequence(sa.add.esn);
  sa.add.sequence = sa.live ? add_up_to(*sa.live, jump, largest) : 1;
  sa.add.last_sequence = largest;
  if (sa.add.sequence == largest)
    return tl::unexpected(std::string("its sequence numbers are used up; the client has to dial again"));
  return {};
}

// A slot still has the numbers of the pair before while a command is on its way: too high does no harm going
// out, coming in it would.
void Gateway::learn_dialled(Progress progress) {
  for (const auto& [id, peer] : dialled_) {
    for (const auto& sa : peer->sas) {
      if (sa->installed == Installed::no || sa->add.slot >= progress.size()) continue;
      const channel::SaProgress& numbers = progress[sa->add.slot];
      const bool inbound = sa->add.direction == channel::Direction::inbound;
      if (inbound && sa->installed != Installed::yes) continue;
      const std::uint64_t number =
          (inbound ? numbers.inbound_highest : numbers.outbound_next).load(std::memory_order_acquire);
      sa->live = std::max({sa->live.value_or(0), number, inbound ? 0 : sa->add.sequence});
    }
  }
}

void Gateway::save_numbers(Progress progress) {
  learn(progress);
  learn_dialled(progress);
  state_changed_ = state_changed_ || sequences_.has_changed();
  if (const auto committed = sequences_.commit(); !committed) spdlog::error("{}", committed.error());
}

// The file is written before the data plane hears of new numbers.
void Gateway::extend() {
  std::vector<std::pair<std::shared_ptr<Peer>, WantedSa*>> behind;
  for (const auto& peer : peers_) {
    for (auto& sa : peer->sas) {
      const bool counts =
          sa->static_key && sa->add.direction == channel::Direction::outbound && sequences_.has_file();
      if (counts && sa->installed == Installed::yes && reserve_ahead(*peer, *sa))
        behind.emplace_back(peer, sa.get());
    }
  }
  state_changed_ = state_changed_ || sequences_.has_changed();
  const auto committed = sequences_.commit();
  if (!committed && !commit_failed_) spdlog::error("{}", committed.error());
  if (committed && commit_failed_) spdlog::info("sequence numbers are written again");
  commit_failed_ = !committed;
  if (!committed || behind.empty()) return;
  options_.save_state();
  for (const auto& [peer, sa] : behind) {
    sa->add.last_sequence = sa->last_pushed = sequences_.value(sa->identity);
    installer_.update_sa(peer, *sa);
  }
}

// True: the data plane may count further than it was told, or will after a commit.
bool Gateway::reserve_ahead(const Peer& peer, WantedSa& sa) {
  const std::uint64_t largest = largest_sequence(sa.add.esn);
  const std::uint64_t next = sa.live.value_or(sa.add.sequence);
  const std::uint64_t a_second = sa.last_tick == 0 ? 0 : next - std::min(next, sa.last_tick);
  sa.last_tick = next;
  const std::uint64_t block =
      std::max(least_block, a_second > largest / reserve_seconds ? largest : a_second * reserve_seconds);
  const std::uint64_t reserved = sequences_.value(sa.identity);
  if (reserved < largest && add_up_to(next, std::max(least_block / 4, block / 2), largest) > reserved) {
    sequences_.raise(sa.identity, sa.add, add_up_to(next, block, largest));
  }
  if (!sa.warned && next > largest - largest / 8) {
    sa.warned = true;
    spdlog::warn(
        "peer \"{}\": outbound SA {:#010x} has used seven eighths of its sequence numbers; it stops when "
        "they "
        "are used up: give it a new key",
        peer.name, sa.add.spi);
  }
  return sequences_.value(sa.identity) > sa.last_pushed;
}

}  // namespace espgate::control
