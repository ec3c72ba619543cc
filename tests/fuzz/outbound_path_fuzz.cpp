// SPDX-License-Identifier: Apache-2.0
// What the private side sends through the outbound path, and back through the inbound one: whatever leaves
// must come back as it was. Input: control byte, then the inner packet.
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/ipv4.h"

#include <algorithm>
#include <cstdlib>

namespace {

using namespace espgate::dataplane;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Rig {
  Rig() : gateway(espgate::crypto::EngineChoice::openssl), sessions(0x0a280000, 16) {
    client = &gateway.add_client(
        {.suite = "null-sha1", .l2tp = {.tunnel = 1, .session = 2, .length_field = true}});
    client->gateway_sa->ignore_replay = true;
    client->client_sa.max_packet_bytes = 1500;
    sessions.set(client->inner_address, {&client->client_session, &client->client_sa});
  }

  test::TestGateway gateway;
  SessionTable sessions;
  test::Client* client;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Rig rig;
  if (size < 2) return 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  test::Datagram packet(bytes + 1, bytes + size);
  Burst burst;
  test::Buffers buffers;
  buffers.fill(burst, {packet}, (data[0] & 1) != 0 ? 0x86dd : 0x0800);
  rig.client->client_sa.next_sequence = 1 + data[0];
  WorkerStats stats;
  OutboundPath({.sessions = &rig.sessions, .engine = *rig.gateway.engine, .stats = stats}).run(burst);
  const auto sent = test::live_bytes(burst);
  if (sent.empty()) return 0;
  const auto inner = espgate::wire::Ipv4Packet::parse(packet);
  require(inner && inner->destination() == rig.client->inner_address);
  rig.client->session.inner_address = inner->source();
  const auto received = test::live_bytes(rig.gateway.receive(sent));
  require(received.size() == 1 && std::ranges::equal(received[0], inner->bytes()));
  return 0;
}
