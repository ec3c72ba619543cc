// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/control/ppp/ppp_lab.h"

#include "crypto/ike_hash.h"
#include "wire/ip_address.h"

#include <algorithm>

namespace espgate::test {
namespace {

using wire::PppCode;

std::span<const std::byte> text(std::string_view value) {
  return std::as_bytes(std::span(value.data(), value.size()));
}

}  // namespace

std::string brief(wire::Bytes frame) {
  const std::string hex = to_hex(frame.first(std::min<std::size_t>(frame.size(), 4)));
  return hex.substr(0, 4) + " " + hex.substr(4, 2);
}

ppp::Settings PppLab::usual_settings() {
  ppp::Settings settings;
  settings.gateway_address = gateway_address;
  return settings;
}

PppLab::PppLab(ppp::Settings its_settings) : settings(std::move(its_settings)) {
  assigned = ppp::Assigned{given_address, {dns_server, 0}, {}};
  session = std::make_unique<ppp::PppSession>(settings, environment());
}

ppp::PppSession::Environment PppLab::environment() {
  return {[this](std::span<std::byte> bytes) {
            if (bytes.size() == next_challenge.size()) {
              std::ranges::copy(next_challenge, bytes.begin());
              return;
            }
            for (std::byte& byte : bytes) {
              state_ = state_ * 6364136223846793005U + 1442695040888963407U;
              byte = std::byte(state_ >> 56);
            }
          },
          [this] { return last_heard; }};
}

void PppLab::start() {
  session->start(now);
  settle();
}

void PppLab::give(wire::Bytes frame) {
  session->on_frame(frame, now);
  settle();
}

void PppLab::pass(std::chrono::nanoseconds time) {
  const TimePoint end = now + time;
  while (const auto due = session->next_due()) {
    if (*due > end) break;
    now = std::max(now, *due);
    session->on_timer(now);
    settle();
  }
  now = end;
}

void PppLab::settle() {
  for (auto actions = session->take_actions(); !actions.empty(); actions = session->take_actions())
    for (auto& action : actions) perform(action);
}

void PppLab::perform(ppp::SessionAction& action) {
  if (auto* send = std::get_if<ppp::SendFrame>(&action)) {
    frames.push_back(std::move(send->bytes));
  } else if (auto* ask = std::get_if<ppp::Authenticate>(&action)) {
    events.push_back("authenticate " + ask->user);
    question = std::move(*ask);
    if (hold_authentication) return;
    const bool exists = question->user == user;
    session->on_authenticated(question->question,
                              exists ? ppp::authenticate(*question, text(password))
                                     : ppp::AuthenticationResult{false, "", 691, "unknown"},
                              now);
  } else if (auto* need = std::get_if<ppp::NeedAddress>(&action)) {
    events.push_back("need address " + need->user);
    address_question = need->question;
    if (!hold_address) session->on_address(address_question, assigned, "", now);
  } else if (auto* up = std::get_if<ppp::LinkUp>(&action)) {
    link = *up;
    events.push_back("link up " + std::to_string(up->mru));
  } else if (auto* opening = std::get_if<ppp::IpOpening>(&action)) {
    events.push_back("opening " + wire::IpAddress::v4(opening->address).to_string());
    opening_question = opening->question;
    if (!hold_opening) session->on_opened(opening_question, opening_succeeds, now);
  } else if (std::holds_alternative<ppp::IpUp>(action)) {
    events.emplace_back("ip up");
  } else if (std::holds_alternative<ppp::IpDown>(action)) {
    events.emplace_back("ip down");
  } else if (auto* down = std::get_if<ppp::Down>(&action)) {
    events.push_back("down: " + down->reason);
  } else if (auto* report = std::get_if<ppp::Report>(&action)) {
    reports.push_back(report->text);
  }
}

void PppLab::restart() {
  control::SecretEncoder out;
  session->encode(out);
  control::Decoder in(out.result());
  session = ppp::PppSession::decode(in, settings, environment(), now);
  ASSERT_NE(session, nullptr);
  EXPECT_TRUE(in.complete());
  settle();
}

std::vector<std::string> PppLab::take_frames() {
  std::vector<std::string> hex;
  for (const auto& frame : std::exchange(frames, {})) hex.push_back(to_hex(frame));
  return hex;
}

std::vector<std::string> PppLab::take_briefs() {
  std::vector<std::string> briefs;
  for (const auto& frame : std::exchange(frames, {})) briefs.push_back(brief(frame));
  return briefs;
}

std::vector<std::vector<std::byte>> PppClient::on_tick() {
  Frames out;
  if (terminated) return out;
  if (!lcp_acked)
    out.push_back(wire::ppp_frame(wire::ppp_lcp, PppCode::configure_request, lcp_id_, from_hex(options.lcp)));
  if (pap_ && lcp_acked && lcp_acks && !known && !refused) {
    std::vector<std::byte> data(1, std::byte(options.user.size()));
    for (const auto byte : text(options.user)) data.push_back(byte);
    data.push_back(std::byte(options.password.size()));
    for (const auto byte : text(options.password)) data.push_back(byte);
    out.push_back(wire::ppp_frame(wire::ppp_pap, std::uint8_t{1}, 1, data));
  }
  if (known && !ipcp_acked) request_ipcp(out);
  return out;
}

void PppClient::request_ipcp(Frames& out) const {
  out.push_back(
      wire::ppp_frame(wire::ppp_ipcp, PppCode::configure_request, ipcp_id_, from_hex(options.ipcp)));
}

std::vector<std::vector<std::byte>> PppClient::on_frame(wire::Bytes bytes) {
  Frames out;
  const auto frame = wire::PppFrame::parse(bytes);
  EXPECT_TRUE(frame);
  if (frame->protocol() == wire::ppp_ipv4) return out;
  const auto packet = wire::PppPacket::parse(frame->payload());
  EXPECT_TRUE(packet);
  if (frame->protocol() == wire::ppp_lcp) on_lcp(*packet, out);
  if (frame->protocol() == wire::ppp_chap) on_chap(*packet, out);
  if (frame->protocol() == wire::ppp_ipcp) on_ipcp(*packet, out);
  if (frame->protocol() == wire::ppp_pap) {
    failure = std::string(reinterpret_cast<const char*>(packet->data.data()) + 1, packet->data.size() - 1);
    (packet->code == 2 ? known : refused) = true;
    if (known) request_ipcp(out);
  }
  return out;
}

void PppClient::on_lcp(const wire::PppPacket& packet, Frames& out) {
  const auto answer = [&](PppCode code, wire::Bytes data) {
    out.push_back(wire::ppp_frame(wire::ppp_lcp, code, packet.id, data));
  };
  switch (PppCode{packet.code}) {
    case PppCode::configure_request: {
      server_lcp.push_back(to_hex(packet.data));
      if (lcp_acks && lcp_acked) {  // open already: all begins anew (RFC 1661 §4.3)
        lcp_acked = lcp_acks = known = ipcp_acked = ipcp_acks = false;
        ++lcp_id_;
        for (auto& request : on_tick()) out.push_back(std::move(request));
      }
      wire::PppOptionList reject, nak;
      wire::PppOptionWalk walk(packet.data);
      for (auto option = walk.next(); option && *option; option = walk.next()) {
        const std::string type = to_hex((*option)->whole.first(1));
        if (options.refuses.find(type) != std::string::npos) reject.copy(**option);
        if (type == "03") {
          pap_ = to_hex((*option)->data) == "c023";
          if (!options.wants_method.empty() && to_hex((*option)->data) != options.wants_method)
            nak.add(3, from_hex(options.wants_method));
        }
      }
      if (!reject.empty()) return answer(PppCode::configure_reject, reject.bytes());
      if (!nak.empty()) return answer(PppCode::configure_nak, nak.bytes());
      lcp_acks = true;
      answer(PppCode::configure_ack, packet.data);
      if (pap_ && lcp_acked)
        for (auto& more : on_tick()) out.push_back(std::move(more));
      return;
    }
    case PppCode::configure_ack:
      if (packet.id == lcp_id_) lcp_acked = true;
      return;
    case PppCode::configure_reject: {
      if (packet.id != lcp_id_) return;
      std::string kept;
      const auto all = from_hex(options.lcp);
      wire::PppOptionWalk walk(all);
      for (auto option = walk.next(); option && *option; option = walk.next())
        if (to_hex(packet.data).find(to_hex((*option)->whole)) == std::string::npos)
          kept += to_hex((*option)->whole);
      options.lcp = kept;
      ++lcp_id_;
      out.push_back(
          wire::ppp_frame(wire::ppp_lcp, PppCode::configure_request, lcp_id_, from_hex(options.lcp)));
      return;
    }
    case PppCode::echo_request:
      return answer(PppCode::echo_reply, packet.data);
    case PppCode::protocol_reject:
      rejected.push_back(to_hex(packet.data.first(2)));
      return;
    case PppCode::terminate_request:
      terminated = true;
      return answer(PppCode::terminate_ack, {});
    default:
      return;
  }
}

void PppClient::on_chap(const wire::PppPacket& packet, Frames& out) {
  const std::string data(reinterpret_cast<const char*>(packet.data.data()), packet.data.size());
  if (packet.code == 3 || packet.code == 4) {
    const bool first = !known;
    failure = data;
    (packet.code == 3 ? known : refused) = true;
    if (!known || !first) return;
    for (const auto& other : options.others) out.push_back(from_hex(other));
    return request_ipcp(out);
  }
  const auto challenge = wire::ChapValue::parse(packet.data);
  ASSERT_TRUE(challenge && challenge->value.size() == 16);
  std::vector<std::byte> value;
  if (server_lcp.back().find("0305c22381") != std::string::npos) {
    crypto::MsChapChallenge theirs{}, ours{};
    std::ranges::copy(challenge->value, theirs.begin());
    std::ranges::fill(ours, std::byte{0x5a});
    const auto hash = crypto::nt_password_hash(text(options.password));
    const auto response = crypto::nt_response(theirs, ours, options.user, hash.bytes());
    value.assign(50, std::byte{0});
    value[0] = std::byte{49};
    std::ranges::copy(ours, value.begin() + 1);
    std::ranges::copy(response, value.begin() + 25);
  } else {
    const std::byte id{packet.id};
    const auto digest =
        crypto::hash(crypto::IkeHash::md5, {std::span(&id, 1), text(options.password), challenge->value});
    value.assign(17, std::byte{16});
    std::ranges::copy(digest.span(), value.begin() + 1);
  }
  for (const auto byte : text(options.user)) value.push_back(byte);
  out.push_back(wire::ppp_frame(wire::ppp_chap, std::uint8_t{2}, packet.id, value));
}

void PppClient::on_ipcp(const wire::PppPacket& packet, Frames& out) {
  switch (PppCode{packet.code}) {
    case PppCode::configure_request:
      if (!known) return;  // RFC 1661 §3.5
      if (ipcp_acks && ipcp_acked) {
        ipcp_acked = false;
        ++ipcp_id_;
        request_ipcp(out);
      }
      ipcp_acks = true;
      out.push_back(wire::ppp_frame(wire::ppp_ipcp, PppCode::configure_ack, packet.id, packet.data));
      return;
    case PppCode::configure_ack:
      if (packet.id != ipcp_id_) return;
      ipcp_acked = true;
      address = options.ipcp.substr(options.ipcp.find("03") == 0 ? 4 : 0);
      return;
    case PppCode::configure_nak:
    case PppCode::configure_reject: {
      if (packet.id != ipcp_id_) return;
      std::string next;
      const auto all = from_hex(options.ipcp);
      wire::PppOptionWalk walk(all);
      const bool nak = PppCode{packet.code} == PppCode::configure_nak;
      std::string answered = to_hex(packet.data);
      for (auto option = walk.next(); option && *option; option = walk.next()) {
        std::string kept = to_hex((*option)->whole);
        wire::PppOptionWalk other(packet.data);
        for (auto theirs = other.next(); theirs && *theirs; theirs = other.next())
          if ((*theirs)->type == (*option)->type) kept = nak ? to_hex((*theirs)->whole) : "";
        next += kept;
      }
      if (nak && next.find("0306") == std::string::npos) next += answered;
      options.ipcp = next;
      ++ipcp_id_;
      return request_ipcp(out);
    }
    default:
      return;
  }
}

void talk(PppLab& lab, PppClient& client, std::chrono::seconds time,
          const std::function<unsigned(wire::Bytes)>& copies) {
  const TimePoint end = lab.now + time;
  std::vector<std::vector<std::byte>> to_server;
  const auto put = [&](std::vector<std::vector<std::byte>> frames) {
    for (auto& frame : frames)
      for (unsigned left = copies ? copies(frame) : 1; left > 0; --left) to_server.push_back(frame);
  };
  for (; lab.now < end; lab.pass(std::chrono::seconds(3))) {
    put(client.on_tick());
    while (!to_server.empty() || !lab.frames.empty()) {
      for (const auto& frame : std::exchange(to_server, {})) lab.give(frame);
      for (const auto& frame : std::exchange(lab.frames, {}))
        for (unsigned left = copies ? copies(frame) : 1; left > 0; --left) put(client.on_frame(frame));
    }
    const bool is_down = lab.session->phase() == ppp::PppSession::Phase::down;
    if (is_down || (client.ipcp_acked && lab.session->is_ip_up())) return;
  }
}

}  // namespace espgate::test
