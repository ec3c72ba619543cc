// SPDX-License-Identifier: Apache-2.0
// A hostile server's L2TP and PPP. The input is a list of messages, each behind a byte that says what it is
// and a length of 16 bits: AVPs of a control message that comes next in order, a control message as it is, a
// PPP frame, or time that passes.
#include "client/l2tp/lac.h"
#include "client/ppp/ppp_client.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace {

using namespace espgate;

std::uint64_t random_state = 1;

void fill(std::span<std::byte> bytes) {
  for (std::byte& byte : bytes) {
    random_state = random_state * 6364136223846793005U + 1442695040888963407U;
    byte = static_cast<std::byte>(random_state >> 56U);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  random_state = 1;
  auto now = control::l2tp::TimePoint(std::chrono::hours(1));
  control::ppp::Settings settings;
  using control::ppp::Method;
  settings.methods = {Method::mschapv2, Method::chap_md5, Method::pap};
  const client::ppp::Credentials credentials{"alice",
                                             crypto::SecretBytes(std::as_bytes(std::span("secret", 6)))};
  client::l2tp::Lac lac({fill, {}}, "client", std::chrono::seconds(60));
  client::ppp::PppClient ppp(settings, credentials, fill);
  lac.start(now);
  ppp.start(now);
  std::uint16_t tunnel = 0, ns = 0;
  bool lac_down = false, ppp_down = false;
  const auto settle = [&] {
    for (const auto& action : lac.take_actions()) {
      if (const auto* sent = std::get_if<client::l2tp::SendControl>(&action)) {
        fuzz::require(wire::L2tpHeader::parse(sent->bytes).has_value());
        const auto message =
            control::l2tp::ControlMessage::parse(wire::L2tpHeader::parse(sent->bytes)->payload(), {});
        if (message.type() == wire::L2tpMessageType::sccrq)
          tunnel = message.number16(wire::L2tpAttribute::assigned_tunnel_id);
      }
      if (std::holds_alternative<client::l2tp::Down>(action)) fuzz::require(!std::exchange(lac_down, true));
    }
    for (const auto& action : ppp.take_actions()) {
      if (const auto* sent = std::get_if<client::ppp::SendFrame>(&action))
        fuzz::require(wire::PppFrame::parse(sent->bytes).has_value());
      if (const auto* up = std::get_if<client::ppp::IpUp>(&action)) fuzz::require(up->given.address != 0);
      if (std::holds_alternative<client::ppp::Down>(action)) fuzz::require(!std::exchange(ppp_down, true));
    }
  };
  settle();
  for (std::size_t at = 0; at + 3 <= size;) {
    const unsigned what = data[at] % 4;
    const std::size_t length = std::min<std::size_t>(data[at + 1] * 256U + data[at + 2], size - at - 3);
    std::vector<std::byte> bytes(length);
    std::ranges::transform(std::span(data + at + 3, length), bytes.begin(),
                           [](std::uint8_t b) { return std::byte(b); });
    at += 3 + length;
    if (what == 0) {
      std::vector<std::byte> message(wire::l2tp_control_header_length);
      const auto avps = std::span(bytes).first(std::min<std::size_t>(bytes.size(), 4000));
      wire::build_l2tp_control(message, {tunnel, 0, ns++, static_cast<std::uint16_t>(ns)}, avps.size());
      message.insert(message.end(), avps.begin(), avps.end());
      lac.on_message(message, now);
    } else if (what == 1) {
      lac.on_message(bytes, now);
    } else if (what == 2) {
      ppp.on_frame(bytes, now);
    } else {
      now += std::chrono::seconds(1 + length % 64);
      lac.on_timer(now);
      ppp.on_timer(now);
    }
    settle();
  }
  ppp.close("enough", now);
  lac.close("enough", now);
  settle();
  for (int i = 0; i < 20; ++i) {
    now += std::chrono::seconds(3);
    ppp.on_timer(now);
    lac.on_timer(now);
    settle();
  }
  fuzz::require(ppp.is_over() && lac.is_over());
  return 0;
}
