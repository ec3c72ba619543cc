// SPDX-License-Identifier: Apache-2.0
// espgate-ike-bench: what clients cost the control process. No network: two negotiators hand their messages
// to each other, and only the responder's calls are timed, its Diffie-Hellman included. docs/benchmarking.md.
#include "control/dh_pool.h"
#include "control/ike/negotiator.h"
#include "control/ike/peer_record.h"
#include "wire/big_endian.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

#include <benchmark/benchmark.h>
#include <malloc.h>
#include <unistd.h>

namespace {

using namespace espgate;
using namespace espgate::control;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_bytes_a_peer = 8192;  // the goal, pages of secrets and all else included
constexpr std::string_view psk = "a pre-shared key for benchmarks";

ike::Settings settings_of(crypto::DhGroup group) {
  ike::Settings settings;
  settings.local = wire::IpAddress::v4(0x0a14000a);
  settings.public_address = wire::IpAddress::v4(0xcb00710a);
  settings.psks.push_back({crypto::SecretBytes(std::as_bytes(std::span(psk))), {}, "bench"});
  settings.own_offer = {{crypto::IkeCipher::aes_cbc, 256, crypto::IkeHash::sha2_256, group}};
  return settings;
}

// One side: its negotiator, and the time spent in it.
class Side {
 public:
  Side(crypto::DhGroup group, std::uint64_t seed)
      : random_(seed),
        negotiator_(settings_of(group),
                    {.random = [this](std::span<std::byte> bytes) { fill(bytes); },
                     .inbound_highest = [](std::uint32_t) { return std::uint64_t{0}; }},
                    Clock::now()) {
    negotiator_.set_slots(1U << 18U, {});
  }

  template <typename Call>
  void timed(Call&& call) {
    const auto begin = Clock::now();
    call(negotiator_);
    spent_ += Clock::now() - begin;
  }
  // Does what is to be done but sending; what is to be sent comes back.
  std::vector<ike::SendDatagram> run() {
    std::vector<ike::SendDatagram> datagrams;
    for (;;) {
      std::vector<ike::Action> actions = negotiator_.take_actions();
      (void)negotiator_.take_changed_peers();
      if (actions.empty()) return datagrams;
      for (ike::Action& action : actions) perform(action, datagrams);
    }
  }
  [[nodiscard]] ike::Negotiator& negotiator() { return negotiator_; }
  [[nodiscard]] double spent_seconds() {
    return std::chrono::duration<double>(std::exchange(spent_, {})).count();
  }

 private:
  void perform(ike::Action& action, std::vector<ike::SendDatagram>& datagrams) {
    if (auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
      datagrams.push_back(std::move(*datagram));
    } else if (const auto* job = std::get_if<ike::ComputeDiffieHellman>(&action)) {
      timed([&](auto& core) { core.on_diffie_hellman(compute(*job), Clock::now()); });
    } else if (const auto* pair = std::get_if<ike::InstallPair>(&action)) {
      timed([&](auto& core) { core.on_installed(pair->slot, true, "", Clock::now()); });
    }
  }
  void fill(std::span<std::byte> bytes) {
    for (std::byte& byte : bytes) byte = std::byte(random_() & 0xffU);
  }

  std::mt19937_64 random_;
  ike::Negotiator negotiator_;
  Clock::duration spent_{};
};

ike::Path reversed(const ike::Path& path) {
  return {.local = path.remote, .remote = path.local, .natt = path.natt};
}

// Hands messages from one side to the other until both are silent.
void exchange(Side& client, Side& gateway) {
  for (bool more = true; more;) {
    more = false;
    for (auto [from, to] : {std::pair{&client, &gateway}, std::pair{&gateway, &client}}) {
      for (const ike::SendDatagram& datagram : from->run()) {
        more = true;
        to->timed(
            [&](auto& core) { core.on_datagram(reversed(datagram.path), datagram.bytes, Clock::now()); });
      }
    }
  }
}

ike::Path path_of(std::uint32_t number) {
  return {.local = {wire::IpAddress::v4(0x0a0a0000 + number), 500},
          .remote = {wire::IpAddress::v4(0xcb00710a), 500},
          .natt = false};
}

// A client's main mode and quick mode.
void dial(Side& client, Side& gateway, std::uint32_t number) {
  client.negotiator().connect(path_of(number), Clock::now());
  exchange(client, gateway);
}

// And its quick mode; then the client's side forgets everything, without a word to the gateway. False: it did
// not get through.
bool call(Side& client, Side& gateway, std::uint32_t number) {
  dial(client, gateway, number);
  if (client.negotiator().peers().empty()) return false;
  const std::uint32_t id = client.negotiator().peers().begin()->first;
  client.negotiator().begin_quick_mode(id, Clock::now());
  exchange(client, gateway);
  const bool through = !client.negotiator().find_peer(id)->pairs.empty();
  client.negotiator().disconnect(id, "", Clock::now());
  (void)client.run();
  return through;
}

void handshake(benchmark::State& state, crypto::DhGroup group) {
  Side client(group, 1), gateway(group, 2);
  std::uint32_t number = 0;
  for ([[maybe_unused]] auto _ : state) {
    const bool through = call(client, gateway, ++number);
    (void)client.spent_seconds();
    state.SetIterationTime(gateway.spent_seconds());
    if (!through || gateway.negotiator().peers().size() != number)
      return state.SkipWithError("a client did not get through");
  }
  state.SetItemsProcessed(state.iterations());
}

std::size_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// The first message of clients that do not exist, from anywhere, and one that does.
void flood(benchmark::State& state) {
  Side client(crypto::DhGroup::curve25519, 1), gateway(crypto::DhGroup::curve25519, 2);
  client.negotiator().connect(path_of(1), Clock::now());
  std::vector<ike::SendDatagram> first = client.run();
  std::vector<std::byte> message = first.front().bytes;
  std::mt19937_64 random(3);
  for ([[maybe_unused]] auto _ : state) {
    wire::store_big_endian(message.data(), random() | 1U);
    const ike::Path path = {.local = {wire::IpAddress::v4(0x0a14000a), 500},
                            .remote = {wire::IpAddress::v4(static_cast<std::uint32_t>(random())), 500}};
    gateway.timed([&](auto& core) { core.on_datagram(path, message, Clock::now()); });
    (void)gateway.negotiator().take_actions();
    state.SetIterationTime(gateway.spent_seconds());
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["half_open"] = static_cast<double>(gateway.negotiator().half_open());
  // A real client gets through all the same, with a thousand of these between each two of its messages.
  dial(client, gateway, 2);
  if (gateway.negotiator().peers().empty()) state.SkipWithError("a real client did not get through");
}

// What lies in memory for secrets is on pages of its own, which the heap does not count.
std::size_t resident_bytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// So many clients, one after the other: the time of all, and what the gateway's side keeps of each: on the
// heap, in pages of this process altogether, and as a record for the next process.
void come_up(benchmark::State& state) {
  const auto count = static_cast<std::uint32_t>(state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    auto gateway = std::make_unique<Side>(crypto::DhGroup::curve25519, 2);
    const std::size_t before = allocated_bytes(), resident_before = resident_bytes();
    std::size_t record_bytes = 0;
    {
      Side client(crypto::DhGroup::curve25519, 1);
      for (std::uint32_t i = 1; i <= count; ++i) call(client, *gateway, i);
    }
    state.SetIterationTime(gateway->spent_seconds());
    const std::size_t resident = resident_bytes();
    if (resident - resident_before > most_bytes_a_peer * count)
      return state.SkipWithError("a client takes more memory than it may");
    const auto& peers = gateway->negotiator().peers();
    if (peers.size() != count) return state.SkipWithError("not every client got through");
    for (const auto& [id, peer] : peers) {
      if (peer->pairs.size() != 1) return state.SkipWithError("a client has no SAs");
      record_bytes += ike::encode_peer(*peer).result().size();
    }
    state.counters["heap_bytes_a_peer"] = static_cast<double>(allocated_bytes() - before) / count;
    state.counters["resident_bytes_a_peer"] = static_cast<double>(resident - resident_before) / count;
    state.counters["record_bytes_a_peer"] = static_cast<double>(record_bytes) / count;
  }
  state.SetItemsProcessed(state.iterations() * count);
}

}  // namespace

BENCHMARK_CAPTURE(handshake, modp2048, crypto::DhGroup::modp2048)->UseManualTime();
BENCHMARK_CAPTURE(handshake, ecp256, crypto::DhGroup::ecp256)->UseManualTime();
BENCHMARK_CAPTURE(handshake, ecp384, crypto::DhGroup::ecp384)->UseManualTime();
BENCHMARK_CAPTURE(handshake, curve25519, crypto::DhGroup::curve25519)->UseManualTime();
BENCHMARK(flood)->UseManualTime();
BENCHMARK(come_up)->UseManualTime()->Arg(10000)->Arg(100000)->Iterations(1)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
