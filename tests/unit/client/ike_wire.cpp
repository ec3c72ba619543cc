// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/ike_wire.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::test {
namespace {

std::string hex(wire::Bytes bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

// One key pair for all: the tests are about messages, and every Diffie-Hellman costs.
client_ike::Environment environment(SameRandom& random) {
  return {.random = [&random](std::span<std::byte> bytes) { random(bytes); },
          .key_pair =
              [](crypto::DhGroup group) {
                return std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
              }};
}

}  // namespace

client_ike::Settings dial_settings(std::string_view proposal, std::string_view psk) {
  client_ike::Settings settings;
  settings.server = address(elastic_ip);
  settings.psk = crypto::SecretBytes(std::as_bytes(std::span(psk)));
  settings.ike_proposals = {client_ike::IkeProposal::from_string(proposal).value()};
  return settings;
}

IkeWire::IkeWire(client_ike::Settings with, ike::Settings gateway_with)
    : settings(std::move(with)),
      gateway(std::move(gateway_with)),
      client(settings, environment(random), address(client_private)) {}

void IkeWire::dial() {
  client.dial(gateway.now);
  settle();
}

void IkeWire::post(Datagram datagram) {
  log.push_back(datagram);
  if (on_wire && !on_wire(datagram)) return;
  if (reorders && !queue_.empty())
    queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(random.below(queue_.size() + 1)),
                  std::move(datagram));
  else
    queue_.push_back(std::move(datagram));
}

void IkeWire::collect() {
  for (auto& action : client.take_actions()) {
    if (auto* sent = std::get_if<client_ike::SendIke>(&action)) {
      post({true, sent->natt, std::move(sent->bytes)});
    } else if (auto* add = std::get_if<client_ike::AddPair>(&action)) {
      const std::uint32_t spi = add->pair.spi_in;
      pairs.insert_or_assign(spi, std::move(add->pair));
    } else if (const auto* use = std::get_if<client_ike::UsePair>(&action)) {
      using_pair = use->spi_in;
    } else if (const auto* remove = std::get_if<client_ike::RemovePair>(&action)) {
      pairs.erase(remove->spi_in);
    } else if (auto* failed = std::get_if<client_ike::Failed>(&action)) {
      failures.push_back(std::move(failed->failure));
    } else if (auto* note = std::get_if<client_ike::Note>(&action)) {
      notes.push_back(std::move(note->text));
    } else if (auto* done = std::get_if<client_ike::Authenticated>(&action)) {
      authenticated.push_back(std::move(*done));
    }
  }
}

void IkeWire::take_from_gateway(std::vector<ike::SendDatagram> sent) {
  for (auto& each : sent) {
    if (each.bytes.size() > 1) post({false, each.path.natt, std::move(each.bytes)});
  }
}

void IkeWire::settle() {
  for (collect(); !queue_.empty(); collect()) {
    const Datagram datagram = std::move(queue_.front());
    queue_.pop_front();
    if (!datagram.to_gateway) {
      client.on_message(datagram.bytes, gateway.now);
      continue;
    }
    const std::uint16_t port = datagram.natt ? 4500 : 500;
    const ike::Path path{endpoint(gateway_private, port), endpoint(nat_public, 40000), datagram.natt};
    take_from_gateway(gateway.give(path, datagram.bytes));
  }
}

void IkeWire::pass(std::chrono::milliseconds time) {
  for (const TimePoint until = gateway.now + time; gateway.now < until; settle()) {
    take_from_gateway(gateway.pass(std::chrono::milliseconds(250)));
    client.on_timer(gateway.now);
  }
}

bool IkeWire::ends_agree() const {
  const auto found = pairs.find(using_pair);
  if (found == pairs.end()) return false;
  const client_ike::Pair& ours = found->second;
  const InstalledPair* theirs = gateway.pair_with_spi_in(ours.spi_out);
  return theirs != nullptr && theirs->spi_out == ours.spi_in && theirs->suite == ours.suite &&
         theirs->key_in == hex(ours.key_out.bytes()) && theirs->key_out == hex(ours.key_in.bytes());
}

}  // namespace espgate::test
