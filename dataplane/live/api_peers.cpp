// SPDX-License-Identifier: Apache-2.0
// peer, sa, policy, session: what control has installed, and what has passed by it.
#include "dataplane/live/api_answers.h"
#include "dataplane/live/api_text.h"
#include "dataplane/live/manager.h"

#include <algorithm>
#include <atomic>

#include <nlohmann/json.hpp>

namespace espgate::dataplane::live {
namespace {

using nlohmann::json;

constexpr std::uint64_t second = 1'000'000'000;
// Of 4 MB, which a client may leave unread, such a page takes less than half.
constexpr std::size_t most_rows = 2000;

// What part of a list a request asks for.
struct Page {
  explicit Page(const json& request)
      : after(request.value("after", std::uint32_t{0})),
        limit(std::clamp<std::size_t>(request.value("limit", most_rows), 1, most_rows)),
        peer(request.value("peer", std::uint32_t{0})) {}

  [[nodiscard]] bool wants(std::uint32_t peer_id) const { return peer == 0 || peer == peer_id; }

  std::uint32_t after;
  std::size_t limit;
  std::uint32_t peer;  // 0: all
};

// The rows of `entries`, a map by number, from the page's start on; `add` adds an entry's rows, if any.
template <typename Map, typename Add>
json list(const Map& entries, const Page& page, const char* name, Add&& add) {
  json rows = json::array();
  json answer = json::object();
  std::uint32_t last = page.after;
  for (auto at = entries.upper_bound(page.after); at != entries.end(); ++at) {
    if (rows.size() >= page.limit) {
      answer["next"] = last;
      break;
    }
    last = at->first;
    add(rows, at->first, at->second);
  }
  answer[name] = std::move(rows);
  return answer;
}

json traffic_json(const Installation::Traffic& traffic) {
  return {{"packets_in", traffic.packets_in},
          {"bytes_in", traffic.bytes_in},
          {"packets_out", traffic.packets_out},
          {"bytes_out", traffic.bytes_out}};
}

json peer_json(const Installation& installation, const Installation::PeerEntry& entry) {
  json spis_in = json::array();
  json spis_out = json::array();
  for (const std::uint32_t slot : entry.slots) {
    const Installation::Pair& pair = installation.pairs().at(slot);
    if (pair.inbound) spis_in.push_back(spi_text(pair.inbound->wanted.spi));
    if (pair.outbound) spis_out.push_back(spi_text(pair.outbound->wanted.spi));
  }
  json inner = json::array();
  for (const Installation::SessionEntry& session : entry.sessions)
    inner.push_back(address_text(session.session->inner_address));
  return {{"peer", entry.peer.id},
          {"remote", endpoint_text(entry.peer.remote.load())},
          {"local", endpoint_text(entry.peer.local.load())},
          {"owner", entry.owner},
          {"spis_in", spis_in},
          {"spis_out", spis_out},
          {"sessions", inner},
          {"traffic", traffic_json(installation.traffic_of(entry))}};
}

std::string encapsulation_text(const Peer& peer) {
  return peer.local.load().port != 0 ? "l2tp, udp-encap" : "l2tp";
}

// What both directions of an SA pair have.
template <typename Side>
json sa_json(const Side& side, const Peer& peer, std::uint8_t owner, std::uint64_t now) {
  const channel::SaAdd& wanted = side.wanted;
  const SaCounters& counters = side.sa->counters;
  return {{"slot", wanted.slot},
          {"spi", spi_text(wanted.spi)},
          {"peer", wanted.peer_id},
          {"suite", crypto::suite(side.sa->suite).name},
          {"mode", "transport"},
          {"encapsulation", encapsulation_text(peer)},
          {"local", endpoint_text(peer.local.load())},
          {"remote", endpoint_text(peer.remote.load())},
          {"owner", owner},
          {"esn", side.sa->esn},
          {"packets", counters.packets.value()},
          {"bytes", counters.bytes.value()},
          {"soft_packets", wanted.soft_packets},
          {"soft_bytes", wanted.soft_bytes},
          {"hard_packets", wanted.hard_packets},
          {"hard_bytes", wanted.hard_bytes},
          {"soft_reached", side.soft},
          {"expired", side.expired},
          {"age_seconds", (now - std::min(now, side.added_nanoseconds)) / second}};
}

json inbound_json(const Installation& installation, const Installation::Inbound& side,
                  const Installation::PeerEntry& peer, std::uint64_t now) {
  json sa = sa_json(side, peer.peer, peer.owner, now);
  sa["direction"] = "in";
  sa["replay_window"] = side.sa->window.packets();
  sa["highest"] = installation.progress()[side.wanted.slot].inbound_highest.load();
  return sa;
}

json outbound_json(const Installation& installation, const Installation::Outbound& side,
                   const Installation::PeerEntry& peer, std::uint64_t now) {
  json sa = sa_json(side, peer.peer, peer.owner, now);
  sa["direction"] = "out";
  sa["next_sequence"] = installation.progress()[side.wanted.slot].outbound_next.load();
  sa["last_sequence"] = side.wanted.last_sequence;
  sa["max_packet_bytes"] = side.sa->max_packet_bytes;
  sa["path_mtu_lowered"] = side.path_mtu_until != 0;
  return sa;
}

// A pair's two policies, as `ip xfrm policy` would have them: addresses are what NAT makes of them, so what
// is compared is that our side is udp/1701.
json policy_json(const channel::SaAdd& wanted, const Peer& peer, bool inbound) {
  const json ours = {
      {"address", address_text(peer.local.load().address)}, {"protocol", "udp"}, {"port", 1701}};
  const json theirs = {
      {"address", address_text(peer.remote.load().address)}, {"protocol", "udp"}, {"port", "any"}};
  return {{"peer", wanted.peer_id},
          {"slot", wanted.slot},
          {"direction", inbound ? "in" : "out"},
          {"source", inbound ? theirs : ours},
          {"destination", inbound ? ours : theirs},
          {"action", "protect"},
          {"mode", "transport"},
          {"protocol", peer.local.load().port != 0 ? "esp in udp" : "esp"},
          {"spi", spi_text(wanted.spi)}};
}

json default_policies(const config::Config& config) {
  json all =
      json::array({{{"from", "outside"},
                    {"what", "udp/500 and udp/4500 to our own address"},
                    {"action", "IKE, to control"}},
                   {{"from", "outside"}, {"what", "ICMP to our own address"}, {"action", "answered"}},
                   {{"from", "outside"},
                    {"what", "udp/1701 without IPsec"},
                    {"action", "refuse"},
                    {"reason", "clear_l2tp"}},
                   {{"from", "outside"},
                    {"what", "everything else in clear"},
                    {"action", "refuse"},
                    {"reason", "clear_from_outside"}},
                   {{"from", "inside"},
                    {"what", "to addresses of " + config.client_pool.network().to_string()},
                    {"action", "protect, by the session's SA"},
                    {"reason", "no_session"}},
                   {{"from", "clients"},
                    {"what", "to one another"},
                    {"action", config.client_to_client ? "protect, by the other session's SA" : "refuse"},
                    {"reason", "client_to_client"}}});
  if (!config.inside)
    for (const wire::Ipv4Prefix& prefix : config.inside_prefixes)
      all.push_back(
          {{"from", prefix.network().to_string()}, {"what", "to clients"}, {"action", "counts as inside"}});
  return all;
}

json session_json(const Gateway& gateway, const Installation::PeerEntry& peer,
                  const Installation::SessionEntry& entry) {
  Session& session = *entry.session;
  const SessionTable::Entry found = gateway.clients->find(session.inner_address);
  return {{"peer", peer.peer.id},
          {"inner", address_text(session.inner_address)},
          {"remote", endpoint_text(peer.peer.remote.load())},
          {"tunnel", entry.wanted.tunnel},
          {"session", entry.wanted.session},
          {"peer_tunnel", entry.wanted.peer_tunnel},
          {"peer_session", entry.wanted.peer_session},
          {"open", session.open_for_ip},
          {"inner_limit", session.limit()},
          {"mru", entry.wanted.mru},
          {"spi_out", found.sa != nullptr ? json(spi_text(found.sa->spi)) : json()},
          {"slot", entry.wanted.outbound_slot},
          {"owner", peer.owner},
          {"sequencing", entry.wanted.sequencing},
          {"rate_from_client_kbit", entry.wanted.rate_from_client_kbit},
          {"rate_to_client_kbit", entry.wanted.rate_to_client_kbit},
          {"rate_limited_from_client", entry.state ? entry.state->from_client.dropped_packets() : 0},
          {"rate_limited_to_client", entry.state ? entry.state->to_client.dropped_packets() : 0},
          {"traffic", traffic_json(gateway.installation->traffic_of(peer))}};
}

}  // namespace

json peer_answer(Manager& manager, const json& request) {
  const Installation& installation = *manager.gateway().installation;
  const Page page(request);
  return list(installation.peers(), page, "peers", [&](json& rows, std::uint32_t id, const auto& peer) {
    if (page.wants(id)) rows.push_back(peer_json(installation, *peer));
  });
}

json sa_answer(Manager& manager, const json& request) {
  const Installation& installation = *manager.gateway().installation;
  const Page page(request);
  const std::uint64_t now = Manager::now_nanoseconds();
  return list(installation.pairs(), page, "sas",
              [&](json& rows, std::uint32_t, const Installation::Pair& pair) {
                if (!page.wants(pair.peer_id)) return;
                const Installation::PeerEntry& peer = *installation.peers().at(pair.peer_id);
                if (pair.inbound) rows.push_back(inbound_json(installation, *pair.inbound, peer, now));
                if (pair.outbound) rows.push_back(outbound_json(installation, *pair.outbound, peer, now));
              });
}

json policy_answer(Manager& manager, const json& request) {
  const Installation& installation = *manager.gateway().installation;
  const Page page(request);
  json answer =
      list(installation.pairs(), page, "policies", [&](json& rows, std::uint32_t, const auto& pair) {
        if (!page.wants(pair.peer_id)) return;
        const Peer& peer = installation.peers().at(pair.peer_id)->peer;
        if (pair.inbound) rows.push_back(policy_json(pair.inbound->wanted, peer, true));
        if (pair.outbound) rows.push_back(policy_json(pair.outbound->wanted, peer, false));
      });
  answer["defaults"] = default_policies(manager.gateway().config);
  return answer;
}

json session_answer(Manager& manager, const json& request) {
  const Gateway& gateway = manager.gateway();
  const Page page(request);
  return list(gateway.installation->peers(), page, "sessions",
              [&](json& rows, std::uint32_t id, const auto& peer) {
                if (!page.wants(id)) return;
                for (const Installation::SessionEntry& entry : peer->sessions)
                  rows.push_back(session_json(gateway, *peer, entry));
              });
}

}  // namespace espgate::dataplane::live
