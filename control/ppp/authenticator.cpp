// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/authenticator.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::ppp {
namespace {

using wire::ChapCode;
using wire::PapCode;

constexpr std::size_t longest_user = 256;  // RFC 2759 §4 allows no more
constexpr std::size_t longest_password = 256;

wire::Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

void append(std::vector<std::byte>& to, wire::Bytes bytes) {
  for (const std::byte byte : bytes) to.push_back(byte);
}

std::vector<std::byte> copy_of(wire::Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

AuthenticationResult authenticate(const Authenticate& question, std::span<const std::byte> secret) {
  AuthenticationResult result;
  switch (question.method) {
    case Method::pap:
      result.accepted = crypto::verify_pap(secret, question.password.bytes());
      break;
    case Method::chap_md5:
      result.accepted =
          crypto::verify_chap_md5(secret, question.identifier, question.challenge, question.response);
      break;
    case Method::mschapv2: {
      auto response = crypto::verify_mschapv2(secret, question.challenge, question.response, question.user);
      result.accepted = response.has_value();
      result.authenticator_response = std::move(response).value_or("");
      break;
    }
  }
  if (!result.accepted) result.message = "wrong user name or password";
  return result;
}

void Authenticator::begin(Method method, TimePoint now) {
  method_ = method;
  state_ = State::waiting;
  cause_.clear();
  user_.clear();
  last_answer_.clear();
  tries_ = settings_.most_configures;
  deadline_ = now + settings_.authentication_time;
  if (method_ == Method::pap) return;
  ++id_;  // §4.1: it changes with every challenge
  random_(challenge_);
  send_challenge(now);
}

void Authenticator::send_challenge(TimePoint now) {
  std::vector<std::byte> data;
  data.push_back(std::byte(challenge_.size()));
  append(data, challenge_);
  append(data, bytes_of(settings_.name));
  send(static_cast<std::uint8_t>(ChapCode::challenge), id_, data);
  --tries_;
  due_ = now + settings_.restart;
}

void Authenticator::send(std::uint8_t code, std::uint8_t id, wire::Bytes data) {
  actions_.emplace_back(
      SendFrame{wire::ppp_frame(method_ == Method::pap ? wire::ppp_pap : wire::ppp_chap, code, id, data)});
}

void Authenticator::ask(std::string_view user, std::vector<std::byte> response, wire::Bytes password) {
  if (user.size() > longest_user || password.size() > longest_password)
    return refuse("a user name or password longer than 256 bytes");
  user_ = user;
  state_ = State::verifying;
  question_ = ++last_question_;
  actions_.emplace_back(Authenticate{question_, user_, method_, id_, challenge_, std::move(response),
                                     crypto::SecretBytes(password)});
}

void Authenticator::on_chap(const wire::PppPacket& packet) {
  if (method_ == Method::pap || ChapCode{packet.code} != ChapCode::response || packet.id != id_) return;
  // Our answer was lost: the same again (RFC 1994 §4.1), whatever the copy says.
  if (state_ == State::accepted) actions_.emplace_back(SendFrame{last_answer_});
  if (state_ != State::waiting) return;
  const auto response = wire::ChapValue::parse(packet.data);
  const std::size_t expected = method_ == Method::chap_md5 ? 16 : crypto::mschapv2_response_bytes;
  if (!response || response->value.size() != expected) return;
  ask(response->name, copy_of(response->value), {});
}

void Authenticator::repeat_success() {
  if (state_ == State::accepted && method_ != Method::pap) actions_.emplace_back(SendFrame{last_answer_});
}

void Authenticator::on_pap(const wire::PppPacket& packet) {
  if (method_ != Method::pap || PapCode{packet.code} != PapCode::request) return;
  if (state_ == State::accepted)
    return send(static_cast<std::uint8_t>(PapCode::ack), packet.id, wire::Bytes(last_answer_).subspan(6));
  if (state_ != State::waiting) return;
  const auto request = wire::PapRequest::parse(packet.data);
  if (!request) return;
  id_ = packet.id;
  ask(request->user, {}, request->password);
}

std::vector<std::byte> Authenticator::answer_data(const AuthenticationResult& result) const {
  std::string text = printable(result.message, 128);
  if (method_ == Method::mschapv2) {
    // RFC 2759 §5 and §6; R=0: the client is not to try again on this challenge.
    if (result.accepted) {
      text = result.authenticator_response + (text.empty() ? "" : " M=" + text);
    } else {
      std::string challenge;
      for (const std::byte byte : challenge_)
        challenge += fmt::format("{:02X}", std::to_integer<unsigned>(byte));
      text = fmt::format("E={} R=0 C={} V=3 M={}", result.error, challenge, text);
    }
  }
  std::vector<std::byte> data;
  if (method_ == Method::pap) data.push_back(std::byte(text.size() & 0xff));
  append(data, bytes_of(text));
  return data;
}

void Authenticator::on_result(Question question, const AuthenticationResult& result) {
  if (state_ != State::verifying || question != question_) return;
  const bool is_pap = method_ == Method::pap;
  const auto yes =
      is_pap ? static_cast<std::uint8_t>(PapCode::ack) : static_cast<std::uint8_t>(ChapCode::success);
  const auto no =
      is_pap ? static_cast<std::uint8_t>(PapCode::nak) : static_cast<std::uint8_t>(ChapCode::failure);
  const auto data = answer_data(result);
  send(result.accepted ? yes : no, id_, data);
  if (result.accepted) {
    last_answer_ = wire::ppp_frame(is_pap ? wire::ppp_pap : wire::ppp_chap, yes, id_, data);
    state_ = State::accepted;
    return;
  }
  ++wrong_passwords_;
  actions_.emplace_back(
      Report{Level::warning, fmt::format("{} of user \"{}\" is refused: {}", to_string(method_),
                                         printable(user_), printable(result.message, 128))});
  if (is_pap && wrong_passwords_ < settings_.most_wrong_passwords) {
    state_ = State::waiting;
  } else {
    refuse(fmt::format("user \"{}\" was refused", printable(user_)));
  }
}

void Authenticator::refuse(std::string cause) {
  state_ = State::refused;
  cause_ = std::move(cause);
}

void Authenticator::on_timer(TimePoint now) {
  if (state_ != State::waiting && state_ != State::verifying) return;
  if (now >= deadline_) {
    return refuse(state_ == State::waiting ? "the client does not say who it is"
                                           : "nobody could say in time whether the password is right");
  }
  if (state_ == State::waiting && method_ != Method::pap && tries_ > 0 && now >= due_) send_challenge(now);
}

std::optional<TimePoint> Authenticator::next_due() const {
  if (state_ == State::verifying) return deadline_;
  if (state_ != State::waiting) return std::nullopt;
  return method_ == Method::pap || tries_ == 0 ? deadline_ : std::min(deadline_, due_);
}

void Authenticator::encode(SecretEncoder& out) const {
  out.number(static_cast<std::uint8_t>(state_));
  out.number(static_cast<std::uint8_t>(method_));
  out.number(id_);
  out.text(user_);
  out.blob(last_answer_);
  out.number(wrong_passwords_);
}

bool Authenticator::decode(Decoder& in, TimePoint now) {
  const auto state = in.number<std::uint8_t>();
  const auto method = in.number<std::uint8_t>();
  id_ = in.number<std::uint8_t>();
  std::string user = in.text();
  const auto answer = in.blob();
  wrong_passwords_ = in.number<unsigned>();
  if (!in.ok() || state > static_cast<std::uint8_t>(State::refused) ||
      method > static_cast<std::uint8_t>(Method::mschapv2)) {
    return false;
  }
  state_ = State{state};
  method_ = Method{method};
  if (state_ == State::accepted && answer.size() < 6) return false;
  if (state_ == State::waiting || state_ == State::verifying) {
    begin(method_, now);
    return true;
  }
  user_ = std::move(user);
  last_answer_ = copy_of(answer);
  return true;
}

}  // namespace espgate::control::ppp
