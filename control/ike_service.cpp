// SPDX-License-Identifier: Apache-2.0
#include "control/ike_service.h"

#include "control/ike/peer_record.h"
#include "control/ike_settings.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <openssl/rand.h>
#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint16_t natt_port = 4500;

void fill_random(std::span<std::byte> bytes) {
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("the system gives no random numbers");
}

void copy_suite(std::array<char, 32>& to, std::string_view name) {
  std::ranges::copy(name.substr(0, 31), to.begin());
}

// Cipher key and salt first, the integrity key behind.
void copy_keys(channel::SaKeys& keys, const crypto::Suite& suite, std::span<const std::byte> key) {
  const std::size_t cipher = std::size_t{suite.cipher_key_bytes} + suite.salt_bytes;
  std::ranges::copy(key.first(cipher), keys.cipher_key.begin());
  std::ranges::copy(key.subspan(cipher), keys.integrity_key.begin());
  keys.cipher_key_bytes = static_cast<std::uint8_t>(cipher);
  keys.integrity_key_bytes = static_cast<std::uint8_t>(key.size() - cipher);
}

std::unique_ptr<WantedSa> make_sa(const ike::SaPair& pair, channel::Direction direction,
                                  std::uint32_t window) {
  const bool inbound = direction == channel::Direction::inbound;
  const crypto::Suite& suite = crypto::suite(pair.offer.suite);
  auto sa = std::make_unique<WantedSa>();
  sa->aead = suite.is_aead();
  channel::SaAdd& add = sa->add;
  add.slot = pair.slot;
  add.spi = inbound ? pair.spi_in : pair.spi_out;
  add.direction = direction;
  add.esn = pair.offer.esn;
  add.window_packets = static_cast<std::uint16_t>(window);
  copy_suite(add.suite, suite.name);
  copy_keys(add.keys, suite, inbound ? pair.key_in.bytes() : pair.key_out.bytes());
  const std::uint64_t kilobyte = 1024;
  add.hard_bytes =
      pair.lifetime.kilobytes > ~std::uint64_t{0} / kilobyte ? 0 : pair.lifetime.kilobytes * kilobyte;
  add.soft_bytes = add.hard_bytes - add.hard_bytes / 8;
  return sa;
}

channel::PeerUpdate where_is(const ike::Peer& peer, const ike::SaPair& pair) {
  channel::PeerUpdate update = {};
  update.peer_id = peer.id;
  update.remote = peer.path.remote.address.bytes();
  update.local = peer.path.local.address.bytes();
  update.local_port = pair.udp_encapsulation() ? natt_port : 0;
  // While IKE itself still uses UDP 500, where ESP will come from is not known.
  update.remote_port = pair.udp_encapsulation() && peer.path.natt ? peer.path.remote.port : 0;
  return update;
}

}  // namespace

IkeService::IkeService(const config::Config& config, Environment environment)
    : environment_(std::move(environment)),
      pool_(config.ike.dh_threads),
      key_log_(environment_.save_keys),
      negotiator_(make_ike_settings(config),
                  {.random = fill_random,
                   .inbound_highest = [this](std::uint32_t slot) -> std::uint64_t {
                     const channel::ControlEnd* dataplane = environment_.dataplane();
                     if (dataplane == nullptr || slot >= dataplane->progress().size()) return 0;
                     return dataplane->progress()[slot].inbound_highest.load(std::memory_order_relaxed);
                   },
                   .save_keys = key_log_.is_on()},
                  Clock::now()) {}

void IkeService::step() {
  for (ike::DiffieHellmanResult& result : pool_.take())
    negotiator_.on_diffie_hellman(std::move(result), Clock::now());
  run();
}

void IkeService::tick() {
  negotiator_.set_debug(environment_.log.wants_debug());
  negotiator_.advance(Clock::now());
  run();
}

void IkeService::restore(const StateRecords& records) {
  std::size_t restored = 0;
  for (const auto& [id, record] : records) {
    if (id < first_record || id > last_record) continue;
    auto peer = ike::decode_peer(record.bytes());
    if (!peer || peer->id != id) {
      spdlog::warn("the state of peer {} can't be used; the client has to dial again", id);
      continue;
    }
    for (const auto& pair : peer->pairs) install(*peer, *pair);
    negotiator_.restore(std::move(peer), Clock::now());
    const std::span<const std::byte> bytes = record.bytes();
    environment_.save(id, &bytes);
    ++restored;
  }
  if (restored != 0)
    spdlog::info("{} clients go on where the control process before this one stopped", restored);
}

void IkeService::connected(std::uint32_t slots) {
  std::set<std::uint32_t> taken;
  for (const auto& peer : environment_.gateway.peers())
    for (const auto& sa : peer->sas) taken.insert(sa->add.slot);
  negotiator_.set_slots(slots, taken);
}

void IkeService::on_packet(const channel::PacketRecord& packet) {
  if (packet.kind != channel::PacketKind::ike) return;
  const ike::Path path = {.local = {wire::IpAddress(packet.local), packet.local_port},
                          .remote = {wire::IpAddress(packet.remote), packet.remote_port},
                          .natt = packet.natt};
  negotiator_.on_datagram(path, std::span(packet.bytes).first(packet.length), Clock::now());
}

void IkeService::on_event(const channel::Event& event) { negotiator_.on_event(event, Clock::now()); }

void IkeService::on_installed(std::uint32_t slot, bool installed, const std::string& problem) {
  installations_.push_back({slot, installed, problem});
}

bool IkeService::disconnect(std::uint32_t peer_id) {
  const bool found = negotiator_.disconnect(peer_id, "taken down by the operator", Clock::now());
  run();
  return found;
}

// What changes comes first, then the state is saved, and only then a promise leaves the house.
void IkeService::run() {
  std::vector<ike::SendDatagram> datagrams;
  for (;;) {
    for (const Installation& each : std::exchange(installations_, {}))
      negotiator_.on_installed(each.slot, each.installed, each.problem, Clock::now());
    std::vector<ike::Action> actions = negotiator_.take_actions();
    if (actions.empty() && installations_.empty()) break;
    for (ike::Action& action : actions) {
      if (auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
        datagrams.push_back(std::move(*datagram));
      } else {
        perform(action);
      }
    }
  }
  save_changes();
  for (const ike::SendDatagram& datagram : datagrams) transmit(datagram);
}

void IkeService::perform(const ike::Action& action) {
  Gateway& gateway = environment_.gateway;
  if (const auto* job = std::get_if<ike::ComputeDiffieHellman>(&action)) {
    pool_.start(*job);
  } else if (const auto* put = std::get_if<ike::InstallPair>(&action)) {
    const ike::Peer* peer = negotiator_.find_peer(put->peer_id);
    const ike::SaPair* pair = peer == nullptr ? nullptr : peer->find_pair(put->slot);
    if (pair != nullptr) install(*peer, *pair);
  } else if (const auto* remove = std::get_if<ike::RemovePair>(&action)) {
    if (remove->outbound_only) {
      gateway.remove_outbound(remove->peer_id, remove->slot);
    } else {
      gateway.remove_pair(remove->peer_id, remove->slot);
    }
  } else if (const auto* gone = std::get_if<ike::RemovePeer>(&action)) {
    environment_.peer_gone(gone->peer_id);
    gateway.remove_peer(gone->peer_id);
  } else if (const auto* use = std::get_if<ike::UseOutbound>(&action)) {
    gateway.use_outbound(use->peer_id, use->slot);
  } else if (const auto* report = std::get_if<ike::Report>(&action)) {
    log(*report);
  } else if (const auto* key = std::get_if<ike::SaveKey>(&action)) {
    key_log_.write(*key);
  }
}

void IkeService::install(const ike::Peer& peer, const ike::SaPair& pair) {
  const std::uint32_t window = negotiator_.settings().replay_window;
  std::unique_ptr<WantedSa> outbound;
  if (pair.state != ike::SaPair::State::leaving)
    outbound = make_sa(pair, channel::Direction::outbound, window);
  environment_.gateway.put_pair(where_is(peer, pair), fmt::format("{} #{}", peer.identity, peer.id),
                                make_sa(pair, channel::Direction::inbound, window), std::move(outbound));
}

void IkeService::log(const ike::Report& report) {
  const auto level = report.level == ike::Level::debug  ? spdlog::level::debug
                     : report.level == ike::Level::info ? spdlog::level::info
                                                        : spdlog::level::warn;
  environment_.log.write({Area::ike, level, report.remote, report.peer_id, report.text}, Clock::now());
}

void IkeService::transmit(const ike::SendDatagram& datagram) {
  channel::ControlEnd* dataplane = environment_.dataplane();
  if (dataplane == nullptr) return;
  channel::PacketRecord header;
  header.kind = channel::PacketKind::ike;
  header.natt = datagram.path.natt && datagram.bytes.size() != 1;  // a keepalive goes without marker
  header.remote = datagram.path.remote.address.bytes();
  header.local = datagram.path.local.address.bytes();
  header.remote_port = datagram.path.remote.port;
  header.local_port = datagram.path.local.port;
  // Lost like a packet on the wire: the client says its message again.
  if (!dataplane->send_packet(header, datagram.bytes)) ++unsent_;
}

void IkeService::save_changes() {
  for (const std::uint32_t id : negotiator_.take_changed_peers()) {
    const ike::Peer* peer = negotiator_.find_peer(id);
    if (peer == nullptr) {
      environment_.save(id, nullptr);
      continue;
    }
    const SecretEncoder record = ike::encode_peer(*peer);
    const std::span<const std::byte> bytes = record.result();
    environment_.save(id, &bytes);
  }
}

}  // namespace espgate::control
