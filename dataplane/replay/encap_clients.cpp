// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/encap_clients.h"

#include "wire/udp.h"

#include <string_view>
#include <utility>

namespace espgate::replay {
namespace {

constexpr std::uint16_t natt_port = wire::udp_port_natt;
constexpr std::uint16_t least_port = 1024;
constexpr std::uint16_t most_port = 65535;
constexpr std::uint32_t least_spi = 256;  // RFC 4303 §2.1: lower ones are reserved
constexpr std::uint16_t tunnel_ids = 65535;
// What the kernel and strongSwan set up unless told otherwise. ESN has to have a window.
constexpr std::uint32_t replay_window = 32;

// Locally administered; neither is anybody's.
constexpr std::array server_mac{std::byte{2}, std::byte{0}, std::byte{0},
                                std::byte{0}, std::byte{0}, std::byte{1}};
constexpr std::array router_mac{std::byte{2}, std::byte{0}, std::byte{0},
                                std::byte{0}, std::byte{0}, std::byte{2}};

}  // namespace

std::size_t EncapClients::Hash::operator()(const wire::IpAddress& address) const noexcept {
  const auto& bytes = address.bytes();
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Expected<std::unique_ptr<EncapClients>> EncapClients::create(const EncapOptions& options,
                                                             crypto::Engine& engine) {
  std::unique_ptr<EncapClients> clients(new EncapClients(options, EncapRandom(options.seed)));
  clients->tunnel_base_ = clients->random_.between(0, tunnel_ids - 1);
  for (std::uint32_t i = 0; i < options.clients; ++i)
    if (auto added = clients->add(engine); !added) return fail(added.error());
  return clients;
}

Expected<void> EncapClients::add(crypto::Engine& engine) {
  EncapClient& client = clients_.emplace_back();
  place(client);
  set_up_session(client);
  add_keys(client, EncapDirection::to_server);
  add_keys(client, EncapDirection::to_client);
  const bool to_server = options_.direction == EncapDirection::to_server;
  return set_up_sa(client, keys_[keys_.size() - (to_server ? 2 : 1)], engine);
}

void EncapClients::place(EncapClient& client) {
  const auto index = static_cast<std::uint32_t>(clients_.size() - 1);
  client.address = options_.nat_address ? *options_.nat_address : options_.network().host(index);
  if (options_.plain_esp) return;
  client.natt_port = options_.nat_address ? free_nat_port() : natt_port;
}

// A NAT lets the first client keep its port and maps the others.
std::uint16_t EncapClients::free_nat_port() {
  if (ports_.insert(natt_port).second) return natt_port;
  for (;;) {
    const auto port = static_cast<std::uint16_t>(random_.between(least_port, most_port));
    if (ports_.insert(port).second) return port;
  }
}

std::uint32_t EncapClients::free_spi() {
  for (;;) {
    const std::uint32_t spi = random_.between(least_spi, UINT32_MAX);
    if (spis_.insert(spi).second) return spi;
  }
}

// Each end numbers what is sent to it (RFC 2661 §3.1). The server numbers its tunnels one after the other, so
// that no two of up to 65535 clients share an id.
void EncapClients::set_up_session(EncapClient& client) {
  const auto id = [&] { return static_cast<std::uint16_t>(random_.between(1, UINT16_MAX)); };
  const auto server_tunnel = static_cast<std::uint16_t>(1 + (tunnel_base_ + clients_.size()) % tunnel_ids);
  const L2tpIds ids{server_tunnel, id(), id(), id()};
  const auto random_port = static_cast<std::uint16_t>(random_.between(least_port, most_port));
  const std::uint16_t port = options_.client_port.value_or(random_port);

  dataplane::SessionHeaderFields fields;
  const bool to_server = options_.direction == EncapDirection::to_server;
  fields.source_port = to_server ? port : wire::udp_port_l2tp;
  fields.destination_port = to_server ? wire::udp_port_l2tp : port;
  fields.tunnel = to_server ? ids.server_tunnel : ids.client_tunnel;
  fields.session = to_server ? ids.server_session : ids.client_session;
  fields.length_field = options_.length_field;
  fields.address_control = !options_.compress_ppp;
  fields.compress_protocol = options_.compress_ppp;
  client.session.header = dataplane::make_session_header(fields);
}

void EncapClients::add_keys(const EncapClient& client, EncapDirection direction) {
  const crypto::Suite& suite = crypto::suite(options_.suite);
  const bool to_server = direction == EncapDirection::to_server;
  SaKeys& sa = keys_.emplace_back();
  sa.source = wire::IpAddress::v4(to_server ? client.address : options_.server);
  sa.destination = wire::IpAddress::v4(to_server ? options_.server : client.address);
  sa.spi = free_spi();
  sa.suite = options_.suite;
  sa.cipher_key = crypto::SecretBytes(std::size_t{suite.cipher_key_bytes} + suite.salt_bytes);
  sa.integrity_key = crypto::SecretBytes(suite.integrity_key_bytes);
  random_.fill(sa.cipher_key.bytes());
  random_.fill(sa.integrity_key.bytes());
  sa.mode = SaKeys::Mode::transport;
  sa.esn = options_.esn;
  sa.udp_encapsulation = !options_.plain_esp;
  if (sa.udp_encapsulation) {
    sa.encapsulation_source_port = to_server ? client.natt_port : natt_port;
    sa.encapsulation_destination_port = to_server ? natt_port : client.natt_port;
  }
  sa.replay_window = replay_window;
  if (direction == options_.direction)
    sa.sequence_high = static_cast<std::uint32_t>(options_.sequence_start >> 32);
}

Expected<void> EncapClients::set_up_sa(EncapClient& client, const SaKeys& keys, crypto::Engine& engine) {
  auto key = engine.make_key(keys.suite, keys.cipher_key.bytes(), keys.integrity_key.bytes());
  if (!key) return fail({.what = key.error(), .where = "--suite", .hint = {}, .kind = ErrorKind::usage});
  client.key = std::move(*key);
  dataplane::OutboundSa& sa = client.sa;
  dataplane::set_suite(sa, keys.suite);
  sa.spi = keys.spi;
  sa.esn = keys.esn;
  sa.next_sequence = options_.sequence_start;
  sa.last_sequence = keys.esn ? UINT64_MAX : UINT32_MAX;
  sa.max_packet_bytes = options_.mtu;
  sa.key = client.key.get();
  sa.hot_key = dataplane::HotKey(*client.key, crypto::Direction::encrypt);
  const bool to_server = options_.direction == EncapDirection::to_server;
  set_outer_header(sa, {.ethernet = options_.link == OutputLink::ethernet,
                        .destination_mac = to_server ? server_mac : router_mac,
                        .source_mac = to_server ? router_mac : server_mac,
                        .source = keys.source.as_v4(),
                        .destination = keys.destination.as_v4(),
                        .udp = keys.udp_encapsulation,
                        .source_port = keys.encapsulation_source_port,
                        .destination_port = keys.encapsulation_destination_port});
  return {};
}

EncapClient& EncapClients::owner_of(const wire::IpAddress& inner) {
  const auto [at, added] = owners_.try_emplace(inner, nullptr);
  if (added) at->second = &clients_[(owners_.size() - 1) % clients_.size()];
  return *at->second;
}

}  // namespace espgate::replay
