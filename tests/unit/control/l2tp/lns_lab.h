// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/l2tp/hidden_avp.h"
#include "control/l2tp/lns.h"
#include "tests/unit/wire/bytes.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace espgate::test {

namespace l2tp = control::l2tp;
using l2tp::TimePoint;
using wire::L2tpAttribute;
using wire::L2tpMessageType;

inline constexpr std::uint16_t client_port = 1701;
inline constexpr std::uint32_t client_slot = 7;

// The LNS with everything around it: a data plane that takes sessions, a clock, notes of what it did.
class LnsLab {
 public:
  explicit LnsLab(l2tp::Settings its_settings = {}) : settings(std::move(its_settings)) {
    lns = std::make_unique<l2tp::Lns>(settings, environment());
  }
  l2tp::Lns::Environment environment() {
    return {[this](std::span<std::byte> bytes) { random(bytes); }, [this] { return last_heard; }};
  }

  // From the client to the LNS. `advance` behind it does what is to be done.
  void give(wire::Bytes bytes, std::uint16_t port = client_port, std::uint32_t slot = client_slot) {
    lns->on_message(slot, port, bytes, now);
    settle();
  }
  void pass(std::chrono::nanoseconds time) {
    const TimePoint end = now + time;
    while (const auto due = lns->next_due()) {
      if (*due > end) break;
      now = std::max(now, *due);
      lns->on_timer(now);
      settle();
    }
    now = end;
  }
  void settle() {
    for (auto& action : lns->take_actions()) std::visit([this](auto& what) { note(what); }, action);
    while (install_at_once && !starting.empty()) {
      const auto ids = starting.front();
      starting.pop_front();
      lns->on_session_installed(ids.session, install_succeeds, now);
      settle();
    }
  }
  // The process dies and another one goes on.
  void restart() {
    control::SecretEncoder out;
    lns->encode(out);
    control::Decoder in(out.result());
    starting.clear();
    lns = l2tp::Lns::decode(in, settings, environment());
    ASSERT_NE(lns, nullptr);
    EXPECT_TRUE(in.complete());
    settle();
  }

  // Messages since the last call, without ZLBs: "SCCRP". With them: "ZLB" too.
  struct Sent {
    wire::L2tpHeader header;
    l2tp::ControlMessage message;
    std::vector<std::byte> bytes;
  };
  std::vector<std::string> take_names() {
    std::vector<std::string> names;
    for (const auto& send : std::exchange(sent, {})) {
      const auto header = wire::L2tpHeader::parse(send.bytes);
      EXPECT_TRUE(header && header->is_control());
      if (header) names.push_back(name_of(*header));
    }
    return names;
  }
  static std::string name_of(const wire::L2tpHeader& header) {
    if (header.payload().empty()) return "ZLB";
    return std::string(wire::to_string(l2tp::ControlMessage::parse(header.payload(), {}).type()));
  }
  [[nodiscard]] l2tp::ControlMessage last_message(wire::Bytes secret = {}) const {
    const auto header = wire::L2tpHeader::parse(sent.back().bytes);
    return l2tp::ControlMessage::parse(header->payload(), secret);
  }
  [[nodiscard]] wire::L2tpHeader last_header() const { return *wire::L2tpHeader::parse(sent.back().bytes); }

  l2tp::Settings settings;
  std::unique_ptr<l2tp::Lns> lns;
  TimePoint now{std::chrono::hours(1)};
  TimePoint last_heard{};
  bool install_at_once = true, install_succeeds = true;
  std::deque<std::uint16_t> next_random;  // what random() gives first
  std::vector<l2tp::SendControl> sent;
  std::deque<l2tp::SessionIds> starting;
  std::vector<std::string> events;  // "starting", "up", "down: …", "tunnel down: …"
  std::vector<std::string> reports;
  l2tp::SessionIds last_ids;
  std::vector<l2tp::SessionUp> ups;

 private:
  void random(std::span<std::byte> bytes) {
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
      std::uint16_t value = 0;
      if (next_random.empty()) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        value = static_cast<std::uint16_t>(state_ >> 40);
      } else {
        value = next_random.front();
        next_random.pop_front();
      }
      bytes[i] = std::byte(value >> 8);
      if (i + 1 < bytes.size()) bytes[i + 1] = std::byte(value & 0xff);
    }
  }
  void note(l2tp::SendControl& send) {
    EXPECT_EQ(send.slot, client_slot);
    sent.push_back(std::move(send));
  }
  void note(const l2tp::SessionStarting& what) {
    events.emplace_back("starting");
    starting.push_back(what.ids);
    last_ids = what.ids;
  }
  void note(const l2tp::SessionUp& what) {
    events.emplace_back("up");
    ups.push_back(what);
  }
  void note(const l2tp::SessionDown& what) { events.push_back("down: " + what.reason); }
  void note(const l2tp::TunnelDown& what) { events.push_back("tunnel down: " + what.reason); }
  void note(const l2tp::Report& what) { reports.push_back(what.text); }

  std::uint64_t state_ = 42;
};

// A client that sends just what a test says, with numbers that are right unless the test says otherwise.
class Lac {
 public:
  explicit Lac(LnsLab& its_lab, std::uint16_t its_tunnel = 0x6e94) : lab(its_lab), tunnel(its_tunnel) {}

  using Builder = wire::L2tpMessageBuilder;
  [[nodiscard]] Builder sccrq() const {
    Builder message(0, 0, L2tpMessageType::sccrq);
    message.number16(L2tpAttribute::protocol_version, true, 0x0100)
        .number32(L2tpAttribute::framing_capabilities, true, 3)
        .number32(L2tpAttribute::bearer_capabilities, true, 0)
        .text(L2tpAttribute::host_name, true, "client")
        .number16(L2tpAttribute::assigned_tunnel_id, true, tunnel);
    return message;
  }
  [[nodiscard]] Builder message(L2tpMessageType type, std::uint16_t session = 0) const {
    return {peer_tunnel, session, type};
  }
  [[nodiscard]] Builder icrq(std::uint16_t session) const {
    auto built = message(L2tpMessageType::icrq);
    built.number16(L2tpAttribute::assigned_session_id, true, session)
        .number32(L2tpAttribute::call_serial_number, true, 1);
    return built;
  }
  [[nodiscard]] Builder iccn(std::uint16_t peer_session) const {
    auto built = message(L2tpMessageType::iccn, peer_session);
    built.number32(L2tpAttribute::tx_connect_speed, true, 10'000'000)
        .number32(L2tpAttribute::framing_type, true, 1);
    return built;
  }

  // Numbers it and gives it to the LNS, then looks at what came.
  std::vector<std::byte> send(Builder builder) {
    auto bytes = builder.finish();
    wire::set_l2tp_numbers(bytes, {ns++, nr});
    lab.give(bytes);
    look();
    return bytes;
  }
  void send_zlb() {
    std::vector<std::byte> zlb(wire::l2tp_control_header_length);
    wire::build_l2tp_control(zlb, {peer_tunnel, 0, ns, nr}, 0);
    lab.give(zlb);
  }
  // Takes note of what the LNS has sent: its tunnel id, and how far it has counted.
  void look() {
    for (const auto& datagram : lab.sent) {
      const auto header = wire::L2tpHeader::parse(datagram.bytes);
      if (!header || header->tunnel_id() != tunnel || header->payload().empty() || header->ns() != nr)
        continue;
      ++nr;
      const auto message = l2tp::ControlMessage::parse(header->payload(), {});
      if (message.type() == L2tpMessageType::sccrp)
        peer_tunnel = message.number16(L2tpAttribute::assigned_tunnel_id);
    }
  }
  // All of it at once, up to SessionUp.
  void open_tunnel() {
    send(sccrq());
    send(message(L2tpMessageType::scccn));
  }
  std::uint16_t open_session(std::uint16_t session = 0xd014) {
    send(icrq(session));
    const std::uint16_t theirs = lab.last_ids.session;
    send(iccn(theirs));
    send_zlb();
    return theirs;
  }
  void open() {
    open_tunnel();
    open_session();
    lab.sent.clear();
    lab.events.clear();
  }

  LnsLab& lab;
  std::uint16_t tunnel;
  std::uint16_t peer_tunnel = 0;
  std::uint16_t ns = 0, nr = 0;
};

}  // namespace espgate::test
