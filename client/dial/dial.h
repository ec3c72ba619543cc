// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client/failure.h"
#include "client/ike/ike_client.h"
#include "client/l2tp/lac.h"
#include "client/ppp/ppp_client.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace espgate::client::dial {

using TimePoint = std::chrono::steady_clock::time_point;

// What is the same for all clients of a process.
struct Settings {
  ike::Settings ike;
  control::ppp::Settings ppp;  // methods and mru count
  std::string host_name = "espgate-client";
  std::chrono::seconds hello{60};  // of silence until L2TP asks; 0: never
};

// The steps of a call that has come up, in their order.
enum class Step : std::uint8_t { ike, esp, l2tp, lcp, user, ip };
inline constexpr std::size_t step_count = 6;
// "ike", "esp", …
[[nodiscard]] std::string_view to_string(Step step);

struct SendPpp {
  std::vector<std::byte> frame;  // from the protocol field on, in the session
};
struct OpenSession {  // its PPP frames are to be taken from now on
  l2tp::SessionUp ids;
};
struct Reached {
  Step step = Step::ike;
  std::string detail;  // "aes256-sha256-modp2048", "MS-CHAPv2"; may be empty
};
// Everything was said; with a failure where nobody wanted it to end.
struct Ended {
  std::optional<Failure> failure;
};
using Action = std::variant<ike::SendIke, ike::AddPair, ike::UsePair, ike::RemovePair, l2tp::SendControl,
                            SendPpp, OpenSession, ppp::IpUp, Reached, Ended, ike::Note>;

// One call from the first IKE message to the last: IKE, L2TP and PPP joined. Messages and the time in,
// actions out by take_actions(), to be done in order. Opens no socket, reads no clock. One thread.
class Dial {
 public:
  struct Environment {
    ike::Environment ike;
    std::function<TimePoint()> last_heard;  // the last authenticated packet of the server's
  };
  // `settings` and `credentials` outlive this. `local`: our own address, as it is.
  Dial(const Settings& settings, const ppp::Credentials& credentials, const Environment& environment,
       const wire::IpAddress& local);

  void start(TimePoint now);
  void on_ike(wire::Bytes message, TimePoint now);
  void on_control(wire::Bytes message, TimePoint now);
  void on_ppp(wire::Bytes frame, TimePoint now);
  void on_timer(TimePoint now);
  // PPP, then L2TP, then IKE are told goodbye; Ended follows. Again: at once, without waiting for answers.
  void hang_up(TimePoint now);

  [[nodiscard]] std::optional<TimePoint> next_due() const;
  [[nodiscard]] std::vector<Action> take_actions() { return std::exchange(actions_, {}); }
  [[nodiscard]] bool has_ended() const { return ended_; }
  [[nodiscard]] const ike::IkeClient& ike() const { return ike_; }
  [[nodiscard]] const std::string& server_name() const { return lac_.server_name(); }

 private:
  void follow(TimePoint now);
  [[nodiscard]] bool follow_ike(TimePoint now);
  [[nodiscard]] bool follow_lac(TimePoint now);
  [[nodiscard]] bool follow_ppp(TimePoint now);
  void go_on_ending(TimePoint now);
  void begin_end(std::optional<Failure> failure);
  void reached(Step step, std::string detail = {});

  std::vector<Action> actions_;
  ike::IkeClient ike_;
  l2tp::Lac lac_;
  ppp::PppClient ppp_;
  std::array<bool, step_count> reached_{};
  bool ending_ = false, ended_ = false;
  std::optional<Failure> failure_;
};

}  // namespace espgate::client::dial
