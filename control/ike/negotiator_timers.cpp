// SPDX-License-Identifier: Apache-2.0
// What happens when nothing comes: expiry, rekeys, dead peers, retransmissions; and what the data plane
// tells.
#include "control/ike/negotiator.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ike {
namespace {

constexpr std::chrono::seconds probe_interval{5};    // between unanswered probes
constexpr std::chrono::seconds confirm_timeout{60};  // for the third message, or traffic
constexpr std::chrono::seconds exchange_timeout{60};
constexpr std::chrono::seconds install_timeout{30};
constexpr std::chrono::seconds expired_grace{10};  // what is on its way when an SA ends
constexpr std::chrono::seconds secret_lifetime{120};
constexpr std::chrono::seconds rekey_retry{30};
constexpr unsigned most_tries = 5;
constexpr unsigned least_probes = 3;

std::chrono::milliseconds backoff(unsigned tries) { return std::chrono::seconds(1U << std::min(tries, 4U)); }

}  // namespace

void Negotiator::advance(TimePoint now) {
  rotate_secret(now);
  if (now - last_second_ >= std::chrono::seconds(1)) {
    last_second_ = now;
    notifies_left_ = notifies_a_second;
  }
  for (const HalfOpen& record : half_open_.expire(now)) {
    fail(record.path.remote, "main mode",
         {Reason::timeout,
          "the third message never came: our answer did not arrive, or the client has given up; let UDP 500 "
          "pass both "
          "ways"},
         now);
  }
  service_negotiating(now);
  for (const TimerWheel::Due& due : wheel_.advance(now)) {
    const auto found = peers_.find(static_cast<std::uint32_t>(due.owner));
    if (found == peers_.end() || found->second->armed != due.when) continue;
    found->second->armed = TimePoint::max();
    service(*found->second, now);
  }
}

void Negotiator::rotate_secret(TimePoint now) {
  if (now - secret_since_ < secret_lifetime) return;
  secret_since_ = now;
  old_secret_ = std::exchange(secret_, random_bytes(secret_.size()));
}

void Negotiator::service_negotiating(TimePoint now) {
  std::vector<IkeSa*> late;
  for (const auto& [cookies, sa] : negotiating_) {
    if (!sa->phase1) continue;
    if (sa->phase1->started + settings_.half_open <= now)
      late.push_back(sa.get());
    else if (sa->we_initiated)
      send_again(*sa, now);
  }
  for (IkeSa* sa : late) {
    const bool waits_for_fifth = sa->phase1->state == Phase1::State::sent_fourth;
    const bool aggressive = sa->phase1->aggressive;
    fail(sa->path.remote, aggressive ? "aggressive mode" : "main mode",
         {Reason::timeout,
          waits_for_fifth && aggressive
              ? "no good third message came: the client has another pre-shared key, or has given up"
          : waits_for_fifth
              ? "no good fifth message came: UDP 4500 does not pass, or the client has another pre-shared key"
              : "the peer does not answer"},
         now);
    abandon(*sa);
  }
}

void Negotiator::service(Peer& peer, TimePoint now) {
  for (const auto& pair : peer.pairs) {
    const std::uint64_t highest = environment_.inbound_highest(pair->slot);
    if (highest == pair->highest_seen) continue;
    pair->highest_seen = highest;
    peer.heard = now;
    peer.probes = 0;
    peer.probe_again = now + settings_.dpd_delay;
  }
  const std::uint32_t id = peer.id;
  service_pairs(peer, now);
  service_ike_sas(peer, now);
  renew_later(peer, now);
  if (settings_.keepalive.count() != 0 && peer.path.natt && peer.keepalive_at <= now) {
    peer.keepalive_at = now + settings_.keepalive;
    send(peer.path, {std::byte{0xff}});
  }
  if (!probe(peer, now)) return;
  remove_if_empty(peer, now);
  if (const auto still = peers_.find(id); still != peers_.end())
    arm(peer, std::max(now + TimerWheel::tick, next_due(peer)));
}

// False: the peer is dead and gone.
bool Negotiator::probe(Peer& peer, TimePoint now) {
  IkeSa* sa = peer.ike_sa();
  if (sa == nullptr || !sa->kind.dpd || settings_.dpd_delay.count() == 0) return true;
  // Time alone kills nobody: over a restart of ours nobody was asked.
  if (now - peer.heard >= settings_.dpd_timeout && peer.probes >= least_probes) {
    remove_peer(peer,
                fmt::format("the client has not answered for {} s",
                            std::chrono::duration_cast<std::chrono::seconds>(now - peer.heard).count()),
                true, now);
    return false;
  }
  if (peer.probe_again > now) return true;
  send_dpd(*sa, wire::IsakmpNotifyType::r_u_there, ++sa->dpd_sequence);
  changed_.insert(peer.id);
  ++peer.probes;
  peer.probe_again = now + probe_interval;
  return true;
}

void Negotiator::service_pairs(Peer& peer, TimePoint now) {
  std::vector<std::uint32_t> slots;
  slots.reserve(peer.pairs.size());
  for (const auto& pair : peer.pairs) slots.push_back(pair->slot);
  for (const std::uint32_t slot : slots) {
    SaPair& pair = *peer.find_pair(slot);
    IkeSa* sa = peer.ike_sa();
    if (pair.state == SaPair::State::leaving) {
      if (pair.remove_at <= now) remove_pair(peer, slot);
    } else if (pair.state == SaPair::State::installing && pair.created + install_timeout <= now) {
      remove_pair(peer, slot);
    } else if (pair.state == SaPair::State::unconfirmed && pair.created + confirm_timeout <= now) {
      fail(peer.path.remote, "quick mode",
           {Reason::timeout, "the third message never came, and no packet on the new SAs"}, now);
      remove_pair(peer, slot);
    } else if (pair.expires <= now) {
      if (sa != nullptr) send_delete(*sa, pair);
      leave(peer, pair, now);
      pair.remove_at = now + expired_grace;
    } else if (settings_.rekey && pair.state == SaPair::State::live && !pair.renewing && pair.renew <= now &&
               peer.live_pair() == &pair && sa != nullptr) {
      pair.renewing = begin_quick_mode(peer, *sa, &pair, now);
      if (!pair.renewing) pair.renew = now + rekey_retry;
    }
  }
}

void Negotiator::service_ike_sas(Peer& peer, TimePoint now) {
  std::vector<Cookies> all;
  all.reserve(peer.ike_sas.size());
  for (const auto& sa : peer.ike_sas) all.push_back(sa->cookies);
  for (const Cookies& cookies : all) {
    IkeSa* sa = find(cookies);
    if (sa == nullptr || !sa->is_established()) continue;
    service_exchanges(peer, *sa, now);
    if (sa->expires <= now) {
      send_delete(*sa);
      remove_ike_sa(peer, *sa);
    } else if (settings_.rekey && sa->renew <= now && peer.ike_sa() == sa) {
      sa->renew = now + rekey_retry;
      begin_main_mode(sa->path, peer.id, now);
    }
  }
}

void Negotiator::service_exchanges(Peer& peer, IkeSa& sa, TimePoint now) {
  std::vector<std::uint32_t> over;
  for (const auto& exchange : sa.exchanges) {
    QuickMode* quick = exchange->quick.get();
    if (quick != nullptr && quick->state == QuickMode::State::sent_first && quick->again <= now) {
      if (++quick->tries < most_tries) {
        quick->again = now + backoff(quick->tries);
        send(sa, quick->sent);
        continue;
      }
      fail(peer.path.remote, "quick mode", {Reason::timeout, "the client does not answer our quick mode"},
           now);
      over.push_back(exchange->message_id);
    } else if (exchange->started + exchange_timeout <= now) {
      over.push_back(exchange->message_id);
    }
  }
  for (const std::uint32_t id : over) {
    const Exchange* exchange = sa.find_exchange(id);
    const std::uint32_t slot = exchange->quick ? exchange->quick->slot : 0;
    const bool pairless = slot != 0 && peer.find_pair(slot) == nullptr;
    sa.erase_exchange(id);
    if (pairless) spis_.release(slot);
  }
}

// A quick mode of ours has come to nothing: if it was to replace the pair, it will be tried again.
void Negotiator::renew_later(Peer& peer, TimePoint now) {
  SaPair* pair = peer.live_pair();
  const auto goes_on = [](const auto& sa) {
    return std::ranges::any_of(sa->exchanges, [](const auto& exchange) {
      return exchange->quick != nullptr && exchange->quick->we_initiated;
    });
  };
  if (pair == nullptr || !pair->renewing || std::ranges::any_of(peer.ike_sas, goes_on)) return;
  pair->renewing = false;
  pair->renew = now + rekey_retry;
  arm(peer, pair->renew);
}

TimePoint Negotiator::next_due(const Peer& peer) const {
  TimePoint due = TimePoint::max();
  const IkeSa* sa_in_use = peer.ike_sa();
  const SaPair* pair_in_use = peer.live_pair();
  const auto at = [&](TimePoint when) { due = std::min(due, when); };
  for (const auto& pair : peer.pairs) {
    switch (pair->state) {
      case SaPair::State::leaving:
        at(pair->remove_at);
        break;
      case SaPair::State::installing:
        at(pair->created + install_timeout);
        break;
      case SaPair::State::unconfirmed:
        at(pair->created + confirm_timeout);
        break;
      case SaPair::State::live:
        at(pair->expires);
        if (settings_.rekey && !pair->renewing && pair.get() == pair_in_use && sa_in_use != nullptr)
          at(pair->renew);
        break;
    }
  }
  for (const auto& sa : peer.ike_sas) {
    at(sa->expires);
    if (settings_.rekey && sa.get() == sa_in_use) at(sa->renew);
    for (const auto& exchange : sa->exchanges) {
      const bool resends = exchange->quick && exchange->quick->state == QuickMode::State::sent_first;
      at(resends ? exchange->quick->again : exchange->started + exchange_timeout);
    }
  }
  if (sa_in_use != nullptr && sa_in_use->kind.dpd && settings_.dpd_delay.count() != 0) at(peer.probe_again);
  if (settings_.keepalive.count() != 0 && peer.path.natt) at(peer.keepalive_at);
  return due;
}

void Negotiator::on_event(const channel::Event& event, TimePoint now) {
  const auto found = peers_.find(event.peer_id);
  if (found == peers_.end()) return;
  Peer& peer = *found->second;
  SaPair* pair = peer.find_pair(event.slot);
  // An event may come late, when the slot is another pair's.
  if (pair != nullptr && event.spi != pair->spi_in && event.spi != pair->spi_out) pair = nullptr;
  switch (event.type) {
    case channel::EventType::first_packet:
      peer.heard = now;
      if (pair != nullptr) confirm(peer, *pair, now);
      break;
    case channel::EventType::nat_mapping: {
      Path path = peer.path;
      // Plain ESP has no port, and IKE's own stays.
      path.remote.address = wire::IpAddress(event.remote);
      if (event.remote_port != 0) path.remote.port = event.remote_port;
      heard(peer, path, now);
      for (const auto& sa : peer.ike_sas) sa->path.remote = path.remote;
      report(Level::info, path.remote, peer.id, "the client is heard from here now");
      break;
    }
    case channel::EventType::soft_life:
      // By bytes, packets or sequence numbers: these run out whoever renews by time.
      if (IkeSa* sa = peer.ike_sa();
          pair != nullptr && sa != nullptr && !pair->renewing && peer.live_pair() == pair)
        pair->renewing = begin_quick_mode(peer, *sa, pair, now);
      break;
    case channel::EventType::hard_life:
      if (pair == nullptr) break;
      if (IkeSa* sa = peer.ike_sa(); sa != nullptr) send_delete(*sa, *pair);
      note(peer.path.remote, false, "SA", "the SA has carried as much as it may and ends", now);
      leave(peer, *pair, now);
      break;
    default:
      break;
  }
}

}  // namespace espgate::control::ike
