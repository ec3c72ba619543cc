// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/ppp_session.h"

namespace espgate::control::ppp {
namespace {

constexpr std::uint16_t record_version = 1;

}  // namespace

void PppSession::encode(SecretEncoder& out) const {
  out.number(record_version);
  out.number(static_cast<std::uint8_t>(phase_));
  lcp_.encode(out);
  authenticator_.encode(out);
  ipcp_.encode(out);
  out.text(reason_);
  out.blob(held_);
  out.number(static_cast<std::uint8_t>(opening_ != 0));
  out.number(static_cast<std::uint8_t>(opened_));
}

std::unique_ptr<PppSession> PppSession::decode(Decoder& in, const Settings& settings, Environment environment,
                                               TimePoint now) {
  if (in.number<std::uint16_t>() != record_version) return nullptr;
  auto session = std::make_unique<PppSession>(settings, std::move(environment));
  const auto phase = in.number<std::uint8_t>();
  if (phase > static_cast<std::uint8_t>(Phase::down)) return nullptr;
  session->phase_ = Phase{phase};
  if (!session->lcp_.decode(in) || !session->authenticator_.decode(in, now) || !session->ipcp_.decode(in))
    return nullptr;
  session->reason_ = in.text();
  const auto held = in.blob();
  session->held_.assign(held.begin(), held.end());
  const bool opening = in.number<std::uint8_t>() != 0;
  session->opened_ = in.number<std::uint8_t>() != 0;
  if (!in.ok() || (!held.empty() && held.size() < 6)) return nullptr;
  // Silence is counted from now on: while nobody was there, nobody could listen.
  session->heard_ = now;
  session->echo_due_ = now + settings.echo_interval;
  session->address_deadline_ = now + settings.address_time;
  if (session->phase_ == Phase::address) session->ask_for_address();
  if (opening) session->ask_for_opening();
  return session;
}

}  // namespace espgate::control::ppp
