// SPDX-License-Identifier: Apache-2.0
#include "client/ppp/lcp.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace espgate::client::ppp {
namespace {

using wire::LcpOption;
using wire::PppCode;

constexpr std::uint16_t least_mru = 128, least_own_mru = 576;

std::uint8_t number(LcpOption option) { return static_cast<std::uint8_t>(option); }

std::vector<std::byte> data_of(Method method) {
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

Lcp::Lcp(const control::ppp::Settings& settings, Random random, Actions& actions)
    : Negotiation(wire::ppp_lcp, settings, actions), random_(std::move(random)) {
  Lcp::reset();
}

void Lcp::reset() {
  server_ = {};
  mru_ = settings().mru;
  new_magic();
}

void Lcp::new_magic() {
  std::array<std::byte, 4> bytes{};
  random_(bytes);
  magic_ = wire::load_big_endian<std::uint32_t>(bytes.data()) | 1U;
}

wire::PppOptionList Lcp::request() {
  wire::PppOptionList options;
  if (mru_ != 0) options.number16(number(LcpOption::mru), mru_);
  if (magic_ != 0) options.number32(number(LcpOption::magic), magic_);
  return options;
}

std::optional<Method> Lcp::method_of(const wire::PppOption& option) const {
  for (const Method method : settings().methods)
    if (std::ranges::equal(data_of(method), option.data)) return method;
  return std::nullopt;
}

Negotiation::Answer Lcp::judge(wire::Bytes options, bool may_nak) {
  AnswerBuilder answer;
  for_each_option(options, [&](const wire::PppOption& option) {
    switch (LcpOption{option.type}) {
      case LcpOption::mru:
        if (option.number16().value_or(0) < least_mru) answer.reject(option);
        return;
      case LcpOption::accm:
        if (!option.number32()) answer.reject(option);
        return;
      case LcpOption::magic:
        if (!option.number32() || (magic_ != 0 && *option.number32() == magic_)) answer.reject(option);
        return;
      case LcpOption::protocol_compression:
      case LcpOption::address_compression:
        if (!option.data.empty()) answer.reject(option);
        return;
      case LcpOption::authentication:
        return judge_authentication(option, may_nak, answer);
      default:
        answer.reject(option);
    }
  });
  return answer.finish();
}

// Another method than the server's may do as well (§5.3); after some of these there is no agreeing.
void Lcp::judge_authentication(const wire::PppOption& option, bool may_nak, AnswerBuilder& answer) {
  if (method_of(option)) return;
  if (!may_nak) {
    fail("the server wants to know who we are by a method that is not allowed");
    return answer.reject(option);
  }
  answer.nak().add(option.type, data_of(settings().methods.front()));
}

void Lcp::adopt(wire::Bytes options) {
  server_ = {};
  for_each_option(options, [&](const wire::PppOption& option) {
    if (option.type == number(LcpOption::mru)) server_.mru = option.number16().value_or(server_.mru);
    if (option.type == number(LcpOption::authentication)) server_.authentication = method_of(option);
  });
}

void Lcp::on_nak(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    const auto wanted = option.number16().value_or(0);
    if (option.type == number(LcpOption::mru) && wanted >= least_own_mru && wanted <= mru_) mru_ = wanted;
    if (option.type == number(LcpOption::magic)) new_magic();
  });
}

void Lcp::on_reject(wire::Bytes options) {
  for_each_option(options, [&](const wire::PppOption& option) {
    if (option.type == number(LcpOption::mru)) mru_ = 0;
    if (option.type == number(LcpOption::magic)) magic_ = 0;
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
      std::vector<std::byte> data(packet.data.begin(), packet.data.end());
      data.resize(std::min<std::size_t>(data.size(), server_.mru - 4U));
      wire::store_big_endian(data.data(), magic_);
      send(PppCode::echo_reply, packet.id, data);
      return true;
    }
    case PppCode::echo_reply:
    case PppCode::discard_request:
    case PppCode::identification:
    case PppCode::time_remaining:
      return true;
    default:
      return false;
  }
}

bool Lcp::may_be_rejected(std::uint8_t code) const {
  return code > static_cast<std::uint8_t>(PppCode::code_reject);
}

void Lcp::send_protocol_reject(std::uint16_t protocol, wire::Bytes payload) {
  std::vector<std::byte> data(2);
  wire::store_big_endian(data.data(), protocol);
  const auto part = payload.first(std::min<std::size_t>(payload.size(), server_.mru - 6U));
  data.insert(data.end(), part.begin(), part.end());
  send(PppCode::protocol_reject, next_id(), data);
}

}  // namespace espgate::client::ppp
