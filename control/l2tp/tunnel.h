// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/l2tp/control_channel.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace espgate::control::l2tp {

// An incoming call on the LNS' side (RFC 2661 §7.4.2).
struct Session {
  enum class State : std::uint8_t {
    installing,    // ICRQ came; the data plane is being told
    wait_connect,  // ICRP sent
    established,
  };
  std::uint16_t id = 0;       // ours, never 0
  std::uint16_t peer_id = 0;  // the client's
  State state = State::installing;
  TimePoint since{};  // of the state
  bool sequencing_required = false;
};

// A control connection on the side that answers (RFC 2661 §7.2.1).
struct Tunnel {
  enum class State : std::uint8_t {
    wait_ctl_conn,  // SCCRP sent
    established,
    closing,  // StopCCN sent or taken; kept so that what is still in the air gets its answer (§5.7)
  };
  std::uint16_t id = 0;       // ours, never 0
  std::uint16_t peer_id = 0;  // the client's
  State state = State::wait_ctl_conn;
  TimePoint since{};           // of the state
  TimePoint heard{};           // the last control message, old ones included
  TimePoint idle_since{};      // without a session
  bool dormant = false;        // does not answer a HELLO
  bool stopped_by_us = false;  // closing
  std::uint16_t remote_port = 0;
  std::uint32_t slot = 0;
  std::array<std::byte, 20> question{};      // digest of the SCCRQ, to tell its copies from a new one
  std::vector<std::byte> expected_response;  // to our challenge; empty: none sent
  std::string host_name;                     // printable
  std::string vendor_name;
  ControlChannel channel;
  std::map<std::uint16_t, Session> sessions;  // by our id
};

}  // namespace espgate::control::l2tp
