// SPDX-License-Identifier: Apache-2.0
#include "client/ppp/authentication.h"

#include "crypto/ike_hash.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include <fmt/format.h>

namespace espgate::client::ppp {
namespace {

using control::ppp::SendFrame;
using wire::ChapCode;
using wire::PapCode;

constexpr std::chrono::seconds again_after{3}, patience{60};
constexpr unsigned most_tries = 10;

wire::Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

void append(std::vector<std::byte>& to, wire::Bytes bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

std::string_view text_of(wire::Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// RFC 2759 §6.
std::string_view name_of_error(unsigned error) {
  switch (error) {
    case 646:
      return "not at this time of day";
    case 647:
      return "account disabled";
    case 648:
      return "password expired";
    case 649:
      return "no permission to dial in";
    case 691:
      return "authentication failed";
    case 709:
      return "changing the password failed";
    default:
      return "unknown";
  }
}

}  // namespace

std::string explain_refusal(std::string_view message) {
  std::string text = control::ppp::printable(message, 200);
  if (!text.starts_with("E=")) return text;
  unsigned error = 0;
  std::from_chars(text.data() + 2, text.data() + text.size(), error);
  std::string explained = fmt::format("error {} ({})", error, name_of_error(error));
  const std::size_t words = text.find(" M=");
  if (words != std::string::npos && words + 3 < text.size()) explained += ": " + text.substr(words + 3);
  return explained;
}

void Authentication::begin(Method method, TimePoint now) {
  method_ = method;
  state_ = State::waiting;
  said_.clear();
  tries_ = most_tries;
  deadline_ = now + patience;
  if (method != Method::pap) return;
  std::vector<std::byte> data;
  data.push_back(std::byte(std::min<std::size_t>(credentials_.user.size(), 255)));
  append(data, bytes_of(std::string_view(credentials_.user).substr(0, 255)));
  const auto password = credentials_.password.bytes();
  data.push_back(std::byte(std::min<std::size_t>(password.size(), 255)));
  append(data, password.first(std::min<std::size_t>(password.size(), 255)));
  said_ = wire::ppp_frame(wire::ppp_pap, static_cast<std::uint8_t>(PapCode::request), ++id_, data);
  crypto::wipe(data);
  say(now);
}

void Authentication::say(TimePoint now) {
  actions_.emplace_back(SendFrame{said_});
  if (tries_ > 0) --tries_;
  due_ = now + again_after;
}

void Authentication::on_chap(const wire::PppPacket& packet, TimePoint now) {
  if (method_ == Method::pap || state_ == State::idle || state_ == State::refused) return;
  switch (ChapCode{packet.code}) {
    case ChapCode::challenge:
      return on_challenge(packet, now);
    case ChapCode::success:
      if (state_ == State::waiting && !said_.empty() && packet.id == id_) on_success(packet.data);
      return;
    case ChapCode::failure:
      if (!said_.empty() && packet.id == id_) on_failure(packet.data);
      return;
    default:
      return;
  }
}

// Also once accepted: the server may ask again at any time (RFC 1994 §2).
void Authentication::on_challenge(const wire::PppPacket& packet, TimePoint now) {
  const auto challenge = wire::ChapValue::parse(packet.data);
  if (!challenge || challenge->value.empty()) return;
  if (method_ == Method::mschapv2 && challenge->value.size() != crypto::MsChapChallenge{}.size()) return;
  // A copy of the challenge gets the same response.
  const bool copy = !said_.empty() && packet.id == id_ && state_ == State::waiting;
  if (!copy) {
    id_ = packet.id;
    const auto response = response_to(packet.id, challenge->value);
    std::vector<std::byte> data = {std::byte(response.size())};
    append(data, response);
    append(data, bytes_of(credentials_.user));
    said_ = wire::ppp_frame(wire::ppp_chap, static_cast<std::uint8_t>(ChapCode::response), id_, data);
    tries_ = most_tries;
  }
  say(now);
}

std::vector<std::byte> Authentication::response_to(std::uint8_t id, wire::Bytes challenge) {
  std::vector<std::byte> response;
  if (method_ == Method::chap_md5) {
    const std::array<std::byte, 1> identifier = {std::byte(id)};
    append(response,
           crypto::hash(crypto::IkeHash::md5, {identifier, credentials_.password.bytes(), challenge}).span());
    return response;
  }
  crypto::MsChapChallenge authenticator{};
  std::ranges::copy(challenge, authenticator.begin());
  crypto::MsChapResponse ours;
  random_(ours.peer_challenge);
  const auto hash = crypto::nt_password_hash(credentials_.password.bytes());
  ours.nt_response = crypto::nt_response(authenticator, ours.peer_challenge, credentials_.user, hash.bytes());
  expected_ = crypto::authenticator_response(authenticator, ours, credentials_.user, hash.bytes());
  append(response, ours.peer_challenge);
  response.resize(response.size() + 8);  // reserved
  append(response, ours.nt_response);
  response.push_back(std::byte{0});  // flags
  return response;
}

void Authentication::on_success(wire::Bytes message) {
  if (method_ == Method::mschapv2 && !text_of(message).starts_with(expected_))
    return refuse(Cause::wrong_password,
                  "the server accepts us, but does not prove that it knows the password (MS-CHAPv2)",
                  "it may be another than it should be");
  state_ = State::accepted;
}

void Authentication::on_failure(wire::Bytes message) {
  refuse(Cause::wrong_password,
         fmt::format("user \"{}\" is refused: {}", control::ppp::printable(credentials_.user),
                     explain_refusal(text_of(message))),
         "mostly the name or the password is wrong");
}

void Authentication::on_pap(const wire::PppPacket& packet) {
  if (method_ != Method::pap || state_ != State::waiting || packet.id != id_) return;
  // A length of one byte stands before the message (RFC 1334 §2.2.2).
  const wire::Bytes message = packet.data.empty() ? packet.data : packet.data.subspan(1);
  if (PapCode{packet.code} == PapCode::ack) state_ = State::accepted;
  if (PapCode{packet.code} == PapCode::nak) on_failure(message);
}

void Authentication::refuse(Cause cause, std::string what, std::string hint) {
  state_ = State::refused;
  failure_ = {cause, std::move(what), std::move(hint)};
}

std::optional<TimePoint> Authentication::next_due() const {
  if (state_ != State::waiting) return std::nullopt;
  return said_.empty() || tries_ == 0 ? deadline_ : std::min(due_, deadline_);
}

void Authentication::on_timer(TimePoint now) {
  if (state_ != State::waiting) return;
  if (now >= deadline_)
    return refuse(Cause::ppp_refused,
                  said_.empty() ? "the server asks who we are, and sends no challenge"
                                : "the server does not say whether the password is right",
                  "its log should say why");
  if (!said_.empty() && tries_ > 0 && now >= due_) say(now);
}

}  // namespace espgate::client::ppp
