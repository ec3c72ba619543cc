// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/ppp_session.h"
#include "tests/unit/wire/bytes.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::test {

namespace ppp = control::ppp;
using ppp::TimePoint;

inline constexpr std::uint32_t given_address = 0x0a28000a;    // 10.40.0.10
inline constexpr std::uint32_t gateway_address = 0x0a280001;  // 10.40.0.1
inline constexpr std::uint32_t dns_server = 0x0a1e0035;       // 10.30.0.53

// "c021 01 08": protocol, code, identifier.
[[nodiscard]] std::string brief(wire::Bytes frame);

// The server with everything around it: passwords, addresses, a data plane, a clock.
class PppLab {
 public:
  explicit PppLab(ppp::Settings its_settings = usual_settings());
  [[nodiscard]] static ppp::Settings usual_settings();

  void start();
  void give(wire::Bytes frame);
  void give(std::string_view hex) { give(wire::Bytes(from_hex(hex))); }
  void pass(std::chrono::nanoseconds time);
  // Does what the core asks for, as far as the answers are not held back.
  void settle();
  void restart();

  // Frames since the last call, in hexadecimal.
  [[nodiscard]] std::vector<std::string> take_frames();
  // Their briefs only.
  [[nodiscard]] std::vector<std::string> take_briefs();

  ppp::Settings settings;
  std::unique_ptr<ppp::PppSession> session;
  TimePoint now{std::chrono::hours(1)};
  TimePoint last_heard{};
  std::string user = "alice", password = "alice-pass-1";
  std::optional<ppp::Assigned> assigned;
  bool hold_authentication = false, hold_address = false, hold_opening = false;
  bool opening_succeeds = true;
  // 16 bytes of which the challenge is to be made; else they are random.
  std::vector<std::byte> next_challenge;

  std::vector<std::vector<std::byte>> frames;
  // "authenticate alice", "link up 1400", "need address alice", "opening 10.40.0.10", "ip up", "ip down",
  // "down: …"
  std::vector<std::string> events;
  std::vector<std::string> reports;
  std::optional<ppp::Authenticate> question;
  ppp::Question address_question = 0, opening_question = 0;
  ppp::LinkUp link;

 private:
  [[nodiscard]] ppp::PppSession::Environment environment();
  void perform(ppp::SessionAction& action);
  std::uint64_t state_ = 4711;
};

// A client that negotiates by itself, with timers of its own; nothing of the code under test belongs to it.
class PppClient {
 public:
  struct Options {
    std::string lcp = "0104 0578 0506 1a2b3c4d";  // of its Configure-Requests, in hexadecimal
    std::string ipcp = "0306 00000000 8106 00000000 8306 00000000";
    std::string refuses = {};       // LCP option types that it rejects, "0708"
    std::string wants_method = {};  // data of an authentication option that it naks with
    std::string user = "alice", password = "alice-pass-1";
    std::vector<std::string> others = {};  // frames that it sends once it is known, like CCP's
  };
  explicit PppClient(Options its_options) : options(std::move(its_options)) {}

  // All that it has to say now; called every three seconds too.
  [[nodiscard]] std::vector<std::vector<std::byte>> on_tick();
  [[nodiscard]] std::vector<std::vector<std::byte>> on_frame(wire::Bytes frame);

  Options options;
  bool lcp_acked = false, lcp_acks = false;  // our request was acknowledged; we have acknowledged theirs
  bool known = false, refused = false;
  bool ipcp_acked = false, ipcp_acks = false;
  bool terminated = false;
  std::string address;                  // hexadecimal, from IPCP
  std::string failure;                  // the text of CHAP's or PAP's answer
  std::vector<std::string> rejected;    // PPP protocols that the server does not know
  std::vector<std::string> server_lcp;  // options of the server's requests

 private:
  using Frames = std::vector<std::vector<std::byte>>;
  void on_lcp(const wire::PppPacket& packet, Frames& out);
  void on_chap(const wire::PppPacket& packet, Frames& out);
  void on_ipcp(const wire::PppPacket& packet, Frames& out);
  void request_ipcp(Frames& out) const;
  std::uint8_t lcp_id_ = 1, ipcp_id_ = 1;
  bool pap_ = false;
};

// Both talk until IP is up or the session is down, for at most `time`. `copies` of each frame arrive.
void talk(PppLab& lab, PppClient& client, std::chrono::seconds time = std::chrono::seconds(60),
          const std::function<unsigned(wire::Bytes)>& copies = nullptr);

}  // namespace espgate::test
