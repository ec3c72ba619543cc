// SPDX-License-Identifier: Apache-2.0
// Any bytes as a server's answer: as a packet, and, as if it were authentic, for what it grants; and as the
// texts within attributes. Only a yes grants anything, and nothing of it is out of its range.
#include "control/aaa/radius_answer.h"
#include "control/aaa/radius_attributes.h"
#include "control/aaa/radius_text.h"
#include "tests/fuzz/invariant.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace {

using namespace espgate::control;
using espgate::fuzz::require;

void check_route(const radius::FramedRoute& route) {
  require(route.prefix.network() == route.prefix);
  require((route.prefix.address >> 24) != 127 && (route.prefix.address >> 24) < 224);
}

void check_packet(radius::Octets bytes) {
  const auto reply = radius::Reply::parse(bytes);
  if (!reply) return;
  require(!reply->is_authentic(radius::Authenticator{}, std::as_bytes(std::span("a secret", 8))));
  bool has_mac = false;
  for (const radius::Attribute& attribute : reply->attributes()) {
    require(attribute.value.size() <= radius::longest_value);
    has_mac = has_mac || (attribute.vendor == 0 && attribute.type == radius::type::message_authenticator);
  }
  require(has_mac == reply->has_message_authenticator());
  for (const auto method : {ppp::Method::pap, ppp::Method::chap_md5, ppp::Method::mschapv2}) {
    radius::AccessRequest request;
    request.question.method = method;
    const auto answer = radius::understand(*reply, request);
    require(answer.decided);
    const bool is_yes = answer.result.accepted;
    require(!is_yes || reply->code() == radius::Code::access_accept);
    require(!is_yes || method != ppp::Method::mschapv2 || answer.result.authenticator_response.size() == 42);
    require(is_yes ||
            (!answer.address && answer.routes.empty() && answer.classes.empty() && answer.pool.empty()));
    for (const radius::FramedRoute& route : answer.routes) check_route(route);
    require(!answer.interim_interval || answer.interim_interval->count() >= 60);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  check_packet(bytes);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto route = radius::parse_framed_route(text)) check_route(*route);
  if (const auto error = radius::parse_ms_chap_error(bytes)) require(error->message.size() < size);
  if (const auto success = radius::parse_ms_chap2_success(bytes))
    require(success->response.starts_with("S="));
  return 0;
}
