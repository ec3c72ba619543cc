// SPDX-License-Identifier: Apache-2.0
#include "control/gateway/contents.h"

#include "control/state/encoding.h"

namespace espgate::control {
namespace {

enum class Kind : std::uint8_t { peer, sa, session };

Encoder begin(Kind kind, const Peer& peer) {
  Encoder encoder;
  encoder.number(static_cast<std::uint8_t>(kind));
  encoder.number(peer.id());
  return encoder;
}

Encoder describe(const Peer& peer) {
  Encoder encoder = begin(Kind::peer, peer);
  encoder.bytes(peer.update.remote);
  encoder.number(peer.update.remote_port);
  encoder.bytes(peer.update.local);
  encoder.number(peer.update.local_port);
  return encoder;
}

// `sa.identity` stands for its keys.
Encoder describe(const Peer& peer, const WantedSa& sa) {
  Encoder encoder = begin(Kind::sa, peer);
  const channel::SaAdd& add = sa.add;
  encoder.bytes(sa.identity);
  encoder.number(static_cast<std::uint8_t>(add.direction));
  encoder.number(static_cast<std::uint8_t>(add.esn));
  encoder.number(add.slot);
  encoder.number(add.spi);
  encoder.number(add.window_packets);
  encoder.bytes(std::as_bytes(std::span(add.suite)));
  for (const std::uint64_t limit : {add.soft_bytes, add.soft_packets, add.hard_bytes, add.hard_packets}) {
    encoder.number(limit);
  }
  return encoder;
}

Encoder describe(const Peer& peer, const WantedSession& session) {
  Encoder encoder = begin(Kind::session, peer);
  const channel::SessionUpdate& update = session.update;
  for (const std::uint16_t number : {update.tunnel, update.session, update.peer_tunnel, update.peer_session,
                                     update.source_port, update.destination_port, update.mru}) {
    encoder.number(number);
  }
  encoder.bytes(update.inner);
  encoder.number(update.outbound_slot);
  for (const bool flag : {update.open, update.address_control, update.compress_protocol, update.length_field,
                          update.sequencing}) {
    encoder.number(static_cast<std::uint8_t>(flag));
  }
  encoder.number(update.rate_from_client_kbit);
  encoder.number(update.rate_to_client_kbit);
  return encoder;
}

}  // namespace

void set_contents(Peer& peer, const Sequences& sequences) {
  peer.contents = fingerprint(sequences.salt(), describe(peer).result());
  for (auto& sa : peer.sas) {
    sa->identity = sequences.identify(sa->add, sa->aead);
    sa->contents = fingerprint(sequences.salt(), describe(peer, *sa).result());
  }
  for (WantedSession& session : peer.sessions) {
    session.contents = fingerprint(sequences.salt(), describe(peer, session).result());
  }
}

}  // namespace espgate::control
