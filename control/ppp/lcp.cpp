// SPDX-License-Identifier: Apache-2.0
#include "control/ppp/lcp.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::control::ppp {
namespace {

using wire::LcpOption;
using wire::PppCode;

constexpr std::uint16_t default_mru = 1500;  // RFC 1661 §6.1
constexpr std::uint16_t least_mru = 128;     // below it, no conversation is possible
constexpr std::uint16_t least_own_mru = 576;
constexpr unsigned most_loops = 5;

std::uint8_t number(LcpOption option) { return static_cast<std::uint8_t>(option); }

std::vector<std::byte> encoded(Method method) {
  std::vector<std::byte> data(2);
  wire::store_big_endian(data.data(), method == Method::pap ? wire::ppp_pap : wire::ppp_chap);
  if (method == Method::chap_md5) data.push_back(std::byte{wire::chap_md5});
  if (method == Method::mschapv2) data.push_back(std::byte{wire::chap_mschapv2});
  return data;
}

template <typename Use>
void for_each_option(wire::Bytes options, Use use) {
  wire::PppOptionWalk walk(options);
  for (auto option = walk.next(); option && *option; option = walk.next()) use(**option);
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::pap:
      return "PAP";
    case Method::chap_md5:
      return "CHAP-MD5";
    case Method::mschapv2:
      return "MS-CHAPv2";
  }
  return "unknown";
}

std::string printable(std::string_view bytes, std::size_t most) {
  std::string text(bytes.substr(0, most));
  std::ranges::replace_if(text, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

Lcp::Lcp(const Settings& settings, Random random, Actions& actions)
    : Negotiation(wire::ppp_lcp, settings, actions), random_(std::move(random)) {
  Lcp::reset();
}

void Lcp::reset() {
  peer_ = {};
  own_mru_ = settings().mru;
  ask_pfc_ = ask_acfc_ = settings().ask_for_compression;
  refused_.assign(settings().methods.size(), false);
  method_ = 0;
  loops_ = 0;
  new_magic();
}

void Lcp::new_magic() {
  std::array<std::byte, 4> bytes{};
  random_(bytes);
  own_magic_ = wire::load_big_endian<std::uint32_t>(bytes.data());
  if (own_magic_ == 0) own_magic_ = 1;
}

Method Lcp::method() const { return settings().methods.at(method_); }

// MRU and magic number always stand beside the authentication protocol: iOS takes no CHAP that stands alone.
wire::PppOptionList Lcp::request() {
  wire::PppOptionList options;
  if (own_mru_ != 0) options.number16(number(LcpOption::mru), own_mru_);
  options.add(number(LcpOption::authentication), encoded(method()));
  if (own_magic_ != 0) options.number32(number(LcpOption::magic), own_magic_);
  if (ask_pfc_) options.add(number(LcpOption::protocol_compression));
  if (ask_acfc_) options.add(number(LcpOption::address_compression));
  return options;
}

Negotiation::Answer Lcp::judge(wire::Bytes options, bool may_nak) {
  AnswerBuilder answer;
  for_each_option(options, [&](const wire::PppOption& option) { judge_option(option, may_nak, answer); });
  return answer.finish();
}

void Lcp::judge_option(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer) {
  switch (LcpOption{option.type}) {
    case LcpOption::mru:
      if (option.number16().value_or(0) >= least_mru) return;
      if (!may_nak) break;
      answer.nak().number16(option.type, default_mru);
      return;
    case LcpOption::accm:  // nothing is escaped inside L2TP, so any map will do
      if (option.number32()) return;
      break;
    case LcpOption::magic:
      return judge_magic(option, may_nak, answer);
    case LcpOption::protocol_compression:
    case LcpOption::address_compression:
      if (option.data.empty()) return;
      break;
    default:  // callback, MRRU, endpoint discriminator, authentication of ours, …
      break;
  }
  answer.reject(option);
}

// §6.4: the magic number that we have sent ourselves means a link that is looped back.
void Lcp::judge_magic(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer) {
  const auto magic = option.number32();
  if (!magic) return answer.reject(option);
  if (*magic != 0 && *magic != own_magic_) return;
  if (*magic != 0 && ++loops_ >= most_loops) return fail("the link is looped back");
  if (!may_nak) return answer.reject(option);
  std::array<std::byte, 4> other{};
  random_(other);
  auto proposed = wire::load_big_endian<std::uint32_t>(other.data());
  if (proposed == 0 || proposed == own_magic_) proposed = own_magic_ ^ 0x55555555;
  answer.nak().number32(option.type, proposed);
}

void Lcp::adopt(wire::Bytes options) {
  peer_ = {};
  for_each_option(options, [&](const wire::PppOption& option) {
    switch (LcpOption{option.type}) {
      case LcpOption::mru:
        peer_.mru = option.number16().value_or(default_mru);
        break;
      case LcpOption::magic:
        peer_.magic = option.number32().value_or(0);
        break;
      case LcpOption::protocol_compression:
        peer_.pfc = true;
        break;
      case LcpOption::address_compression:
        peer_.acfc = true;
        break;
      default:
        break;
    }
  });
}

void Lcp::on_nak(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    switch (LcpOption{option.type}) {
      case LcpOption::mru: {
        const auto wanted = option.number16().value_or(0);
        if (wanted >= least_own_mru && wanted < own_mru_) own_mru_ = wanted;
        break;
      }
      case LcpOption::authentication:
        on_method_refused(option);
        break;
      case LcpOption::magic:
        new_magic();
        break;
      default:  // an option of ours that was not to be nak'ed, or one that the peer would like to see
        break;
    }
  });
}

// The peer names a method that it would take; if it is none of ours, the next of ours is asked for.
void Lcp::on_method_refused(const wire::PppOption& wanted) {
  const auto& methods = settings().methods;
  refused_.at(method_) = true;
  std::optional<std::size_t> next;
  for (std::size_t i = 0; i < methods.size(); ++i) {
    if (refused_.at(i)) continue;
    if (std::ranges::equal(encoded(methods.at(i)), wanted.data)) {
      next = i;
      break;
    }
    if (!next) next = i;
  }
  if (!next)
    return fail(
        fmt::format("the client takes no authentication by {}: allow another method, or change the client",
                    to_string(method())));
  method_ = *next;
}

void Lcp::on_reject(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    switch (LcpOption{option.type}) {
      case LcpOption::mru:
        own_mru_ = 0;
        break;
      case LcpOption::authentication:
        fail("the client refuses to authenticate itself");
        break;
      case LcpOption::magic:
        own_magic_ = 0;
        break;
      case LcpOption::protocol_compression:
        ask_pfc_ = false;
        break;
      case LcpOption::address_compression:
        ask_acfc_ = false;
        break;
      default:
        break;
    }
  });
}

bool Lcp::on_other_code(const wire::PppPacket& packet, TimePoint /*now*/) {
  switch (PppCode{packet.code}) {
    case PppCode::protocol_reject:
      if (is_opened() && packet.data.size() >= 2)
        rejected_protocol_ = wire::load_big_endian<std::uint16_t>(packet.data.data());
      return true;
    case PppCode::echo_request: {
      if (!is_opened() || packet.data.size() < 4) return true;  // §5.8
      const auto magic = wire::load_big_endian<std::uint32_t>(packet.data.data());
      if (magic != 0 && magic == own_magic_) return true;  // our own, looped back
      std::vector<std::byte> data(packet.data.begin(), packet.data.end());
      // The answer must fit the peer's MRU, whatever the length of the question.
      data.resize(std::min<std::size_t>(data.size(), std::max(peer_.mru, least_mru) - 4U));
      wire::store_big_endian(data.data(), own_magic_);
      send(PppCode::echo_reply, packet.id, data);
      return true;
    }
    case PppCode::echo_reply:
    case PppCode::discard_request:
    case PppCode::identification:  // RFC 1570: Windows says "MSRASV5.20" and the computer's name
    case PppCode::time_remaining:
      return true;
    default:
      return false;
  }
}

bool Lcp::may_be_rejected(std::uint8_t code) const {
  return code > static_cast<std::uint8_t>(PppCode::code_reject);
}

void Lcp::send_echo_request() {
  std::array<std::byte, 4> data{};
  wire::store_big_endian(data.data(), own_magic_);
  send(PppCode::echo_request, next_id(), data);
}

void Lcp::send_protocol_reject(std::uint16_t protocol, wire::Bytes payload) {
  std::vector<std::byte> data(2);
  wire::store_big_endian(data.data(), protocol);
  const std::size_t room = std::max(peer_.mru, least_mru) - 6U;
  const auto part = payload.first(std::min(payload.size(), room));
  data.insert(data.end(), part.begin(), part.end());
  send(PppCode::protocol_reject, next_id(), data);
}

void Lcp::encode(SecretEncoder& out) const {
  encode_base(out);
  out.number(peer_.mru);
  out.number(peer_.magic);
  out.number(own_mru_);
  out.number(own_magic_);
  for (const bool flag : {peer_.acfc, peer_.pfc, ask_pfc_, ask_acfc_})
    out.number(static_cast<std::uint8_t>(flag));
  out.number(static_cast<std::uint8_t>(method_));
}

bool Lcp::decode(Decoder& in) {
  const bool sound = decode_base(in);
  peer_.mru = in.number<std::uint16_t>();
  peer_.magic = in.number<std::uint32_t>();
  own_mru_ = in.number<std::uint16_t>();
  own_magic_ = in.number<std::uint32_t>();
  for (bool* flag : {&peer_.acfc, &peer_.pfc, &ask_pfc_, &ask_acfc_}) *flag = in.number<std::uint8_t>() != 0;
  // The administrator may have taken the method away in between; it has served its purpose then.
  method_ = std::min<std::size_t>(in.number<std::uint8_t>(), settings().methods.size() - 1);
  return sound && in.ok();
}

}  // namespace espgate::control::ppp
