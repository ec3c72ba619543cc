// SPDX-License-Identifier: Apache-2.0
#include "bench/tunnels.h"

#include "crypto/secret.h"

#include <random>
#include <span>
#include <stdexcept>

namespace espgate::bench {
namespace {

constexpr std::uint32_t window_packets = 128;
constexpr std::uint32_t gateway_address = 0xcb00'7101;  // 203.0.113.1

std::unique_ptr<crypto::Engine> engine_of(crypto::EngineChoice choice) {
  auto engine = crypto::make_engine(choice);
  if (!engine) throw std::runtime_error(engine.error());
  return std::move(*engine);
}

crypto::SecretBytes random_bytes(std::mt19937_64& random, std::size_t size) {
  crypto::SecretBytes bytes(size);
  for (std::byte& byte : bytes.bytes()) byte = static_cast<std::byte>(random());
  return bytes;
}

// What both ends of one tunnel agree on.
struct Agreement {
  Agreement(std::mt19937_64& random, const crypto::Suite& suite, std::uint32_t index)
      : cipher_key(random_bytes(random, std::size_t{suite.cipher_key_bytes} + suite.salt_bytes)),
        integrity_key(random_bytes(random, suite.integrity_key_bytes)),
        spi(dataplane::Spi::make(1, index + 1, static_cast<unsigned>(random() % 1024))),
        tunnel(static_cast<std::uint16_t>(random() % 0xffff + 1)),
        session(static_cast<std::uint16_t>(random() % 0xffff + 1)),
        address(static_cast<std::uint32_t>(random())),
        port(static_cast<std::uint16_t>(random() % 0xfc00 + 1024)) {}

  crypto::SecretBytes cipher_key, integrity_key;
  std::uint32_t spi;
  std::uint16_t tunnel, session;
  std::uint32_t address;  // of the client, or of the NAT before it
  std::uint16_t port;
};

std::unique_ptr<crypto::Key> make_key(crypto::Engine& engine, crypto::SuiteId suite,
                                      const Agreement& agreed) {
  auto key = engine.make_key(suite, agreed.cipher_key.bytes(), agreed.integrity_key.bytes());
  if (!key) throw std::runtime_error(key.error());
  return std::move(*key);
}

void add(Sender& sender, crypto::SuiteId suite, std::uint32_t index, const Agreement& agreed) {
  sender.keys.push_back(make_key(*sender.engine, suite, agreed));
  const crypto::Key& key = *sender.keys.back();
  sender.hot_keys.emplace_back(key, crypto::Direction::encrypt);

  dataplane::OutboundSa& sa = sender.sas[index];
  sa.spi = agreed.spi;
  sa.key = &key;
  sa.hot_key = sender.hot_keys.back();
  set_suite(sa, suite);
  dataplane::OuterHeaderFields outer;
  outer.source = gateway_address;
  outer.destination = agreed.address;
  outer.destination_port = 4500;
  outer.source_port = agreed.port;
  set_outer_header(sa, outer);

  dataplane::Session& session = sender.sessions[index];
  session.inner_address = first_destination + index;
  dataplane::SessionHeaderFields header;
  header.tunnel = agreed.tunnel;
  header.session = agreed.session;
  session.header = make_session_header(header);
  sender.table.set(session.inner_address, {&session, &sa});
}

void add(Receiver& receiver, crypto::SuiteId suite, std::uint32_t index, const Agreement& agreed) {
  receiver.keys.push_back(make_key(*receiver.engine, suite, agreed));
  const crypto::Key& key = *receiver.keys.back();
  receiver.hot_keys.emplace_back(key, crypto::Direction::decrypt);

  dataplane::Peer& peer = receiver.peers[index];
  dataplane::Session& session = receiver.sessions[index];
  peer.id = index;
  peer.sessions[0] = &session;
  session.peer = &peer;
  session.tunnel_and_session = dataplane::tunnel_and_session(agreed.tunnel, agreed.session);
  session.inner_address = first_source + index;
  session.open_for_ip = true;

  dataplane::InboundSa& sa = receiver.table.add(agreed.spi, window_packets);
  set_suite(sa, suite);
  sa.key = &key;
  sa.hot_key = receiver.hot_keys.back();
  sa.peer = &peer;
  // As it is from an SA's second packet on.
  sa.last_session = &session;
  sa.last_tunnel_and_session = session.tunnel_and_session;
  receiver.sas.push_back(&sa);
}

}  // namespace

Sender::Sender(std::unique_ptr<crypto::Engine> with, std::uint32_t count)
    : engine(std::move(with)), sas(count), sessions(count), table(first_destination, count) {}

Receiver::Receiver(std::unique_ptr<crypto::Engine> with, std::uint32_t count)
    : engine(std::move(with)), peers(count), sessions(count), table(count + 1) {}

Tunnels::Tunnels(crypto::EngineChoice engine, crypto::SuiteId suite, std::uint32_t count)
    : count_(count), suite_(suite), sender_(engine_of(engine), count), receiver_(engine_of(engine), count) {
  std::mt19937_64 random(count);
  for (std::uint32_t i = 0; i < count; ++i) {
    const Agreement agreed(random, crypto::suite(suite), i);
    add(sender_, suite, i, agreed);
    add(receiver_, suite, i, agreed);
  }
}

std::size_t Tunnels::inner_offset() const {
  constexpr std::size_t link_ip_udp_esp = 14 + 20 + 8 + 8;
  constexpr std::size_t udp_l2tp_ppp = 8 + 6 + 4;
  return link_ip_udp_esp + crypto::suite(suite_).iv_bytes + udp_l2tp_ppp;
}

}  // namespace espgate::bench
