// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ppp/settings.h"
#include "crypto/mschapv2.h"
#include "crypto/secret.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace espgate::control::ppp {

// A PPP frame from its protocol field, which has two bytes.
struct SendFrame {
  std::vector<std::byte> bytes;
};

// What somebody else is to answer carries a number, which the answer repeats: answers to a question that the
// session does not ask any more, because the link was renegotiated, are passed over.
using Question = std::uint32_t;

// Somebody is to say whether that is the user: by a password known here (crypto/mschapv2.h) or by RADIUS.
// Answered by PppSession::on_authenticated().
struct Authenticate {
  Question question = 0;
  std::string user;  // bytes as the client sent them, at most 256, not checked to be text
  Method method = Method::mschapv2;
  std::uint8_t identifier = 0;          // CHAP
  crypto::MsChapChallenge challenge{};  // CHAP: ours
  std::vector<std::byte> response;      // CHAP: 16 bytes of MD5, 49 of MS-CHAPv2
  crypto::SecretBytes password;         // PAP
};
struct AuthenticationResult {
  bool accepted = false;
  std::string authenticator_response;  // MS-CHAPv2, accepted: "S=…"
  unsigned error = 691;                // MS-CHAPv2, refused: RFC 2759 §6
  std::string message;                 // for the user; may be empty
};
// Checks against a password that is known here.
[[nodiscard]] AuthenticationResult authenticate(const Authenticate& question,
                                                std::span<const std::byte> secret);

// Which address the user gets is to be found. Answered by on_address().
struct NeedAddress {
  Question question = 0;
  std::string user;
};
// LCP is open and the user is who he says.
struct LinkUp {
  std::uint16_t mru = 0;  // largest inner packet to the client: its own MRU or ours
  bool acfc = false;      // FF 03 may be left out of what is sent to it
  bool pfc = false;       // and the first byte of small protocol numbers
  std::string user;
};
// The data plane is to let IP pass with that address. Answered by on_opened(); our Configure-Ack, after which
// the client may send, waits for it.
struct IpOpening {
  Question question = 0;
  std::uint32_t address = 0;  // host order
};
// IPCP is open, on both sides. Again after IPCP alone was renegotiated.
struct IpUp {
  std::uint32_t address = 0;
};
// The data plane is to let no more IP pass, also if it was only about to: the link is being renegotiated or
// ends.
struct IpDown {};
// The session is over and says nothing more.
struct Down {
  std::string reason;
};

enum class Level : std::uint8_t { debug, info, warning };
struct Report {
  Level level = Level::info;
  std::string text;
};

using SessionAction =
    std::variant<SendFrame, Authenticate, NeedAddress, LinkUp, IpOpening, IpUp, IpDown, Down, Report>;
using Actions = std::vector<SessionAction>;

// A peer's bytes as text for a log line: what does not print as '?', cut at `most` characters.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t most = 64);

}  // namespace espgate::control::ppp
