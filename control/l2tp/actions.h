// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace espgate::control::l2tp {

// An L2TP control message, to leave inside an SA from our port 1701 to the peer's `remote_port`. `slot` is
// the SA pair by which the tunnel was heard last; a newer one of the same peer is as good.
struct SendControl {
  std::vector<std::byte> bytes;
  std::uint16_t remote_port = 0;
  std::uint32_t slot = 0;
};

// Ids of a session: ours are unique for the peer, the peer's are for sending only.
struct SessionIds {
  std::uint16_t tunnel = 0, session = 0;
  std::uint16_t peer_tunnel = 0, peer_session = 0;

  friend bool operator==(const SessionIds&, const SessionIds&) = default;
};

// The data plane is to know the session, for control only: PPP may follow the ICRP at once. Answered by
// Lns::on_session_installed(); the ICRP waits for it.
struct SessionStarting {
  SessionIds ids;
  std::uint16_t remote_port = 0;
};
// The ICCN has come: PPP may begin.
struct SessionUp {
  SessionIds ids;
  std::uint16_t remote_port = 0;
  bool sequencing_required = false;     // data messages must carry Ns (§4.4.4)
  std::uint32_t connect_speed_bps = 0;  // as the client says
  std::string client_host;              // printable
};
// The data plane is to forget the session, started or up.
struct SessionDown {
  SessionIds ids;
  std::string reason;
};
struct TunnelDown {
  std::uint16_t tunnel = 0;
  std::string reason;
};

enum class Level : std::uint8_t { debug, info, warning };
struct Report {
  Level level = Level::info;
  std::string text;
};

using Action = std::variant<SendControl, SessionStarting, SessionUp, SessionDown, TunnelDown, Report>;

}  // namespace espgate::control::l2tp
