// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/messages.h"
#include "control/aaa/radius_messages.h"
#include "control/dial/admission.h"
#include "control/dial/traffic_meter.h"
#include "control/l2tp/actions.h"
#include "control/l2tp/lns.h"
#include "control/ppp/ppp_session.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace espgate::control {

// One L2TP session of a client and the PPP in it: a user's line.
struct Line {
  l2tp::SessionIds ids;
  std::uint16_t remote_port = 0;         // of the UDP inside ESP, the client's
  std::unique_ptr<ppp::PppSession> ppp;  // once L2TP has connected the call
  ppp::LinkUp link;                      // what LCP has settled; user empty: not yet
  std::uint32_t address = 0;             // inner, host order; 0: none yet
  bool open = false;                     // IP passes
  std::optional<ppp::Question> opening;  // the data plane is being told
  ppp::TimePoint since{};                // when IP came up
  std::string client_host;               // as L2TP says
  bool sequencing = false;               // the client has asked for sequence numbers
  Admission admission;                   // once the user has shown who he is
  Traffic before;                        // what the client's SAs had carried when IP came up
  std::string accounting_id;             // RADIUS: Acct-Session-Id
  ppp::TimePoint next_interim = ppp::TimePoint::max();
  radius::TerminateCause cause = radius::TerminateCause::user_request;  // why it ends, if it does
  std::string why;                                                      // we end it; empty: the client does
  bool told = false;                                                    // espgate why knows how it ended
};

// All that a peer has dialled.
struct Caller {
  std::uint32_t peer_id = 0;
  std::unique_ptr<l2tp::Lns> lns;
  std::map<std::uint16_t, Line> lines;  // by our session id
  ppp::TimePoint armed = ppp::TimePoint::max();
  ppp::TimePoint heard{};     // any packet that was authenticated
  std::uint64_t counted = 0;  // sum of the inbound numbers of its SAs at the last look
  TrafficMeter meter;
};

}  // namespace espgate::control
