// SPDX-License-Identifier: Apache-2.0
#include "control/aaa/radius_requests.h"

#include "control/aaa/radius_attributes.h"
#include "crypto/mschapv2.h"
#include "wire/ip_address.h"

#include <algorithm>

#include <fmt/format.h>

namespace espgate::control::radius {
namespace {

using ppp::Method;

constexpr std::size_t chap_response_bytes = 16;
constexpr std::uint32_t acct_by_radius = 1, acct_by_us = 2;

// CHAP-Password: identifier and response (RFC 2865 §5.3).
void add_chap(RequestBuilder& packet, const ppp::Authenticate& question) {
  std::vector<std::byte> value{std::byte(question.identifier)};
  value.insert(value.end(), question.response.begin(), question.response.end());
  packet.add(type::chap_password, value);
  packet.add(type::chap_challenge, question.challenge);
}

// MS-CHAP2-Response: identifier, flags, peer challenge, 8 zeros, NT-Response. In PPP the flags stand last.
void add_mschapv2(RequestBuilder& packet, const ppp::Authenticate& question) {
  const Octets response(question.response);
  std::vector<std::byte> value{std::byte(question.identifier), response.back()};
  for (const std::byte byte : response.first(response.size() - 1)) value.push_back(byte);
  packet.add_vendor(microsoft, microsoft_type::chap_challenge, question.challenge);
  packet.add_vendor(microsoft, microsoft_type::chap2_response, value);
}

void add_proof(RequestBuilder& packet, const ppp::Authenticate& question, Octets secret) {
  switch (question.method) {
    case Method::pap:
      return packet.add_password(question.password.bytes(), secret);
    case Method::chap_md5:
      return add_chap(packet, question);
    case Method::mschapv2:
      return add_mschapv2(packet, question);
  }
}

// What does not exist is not told: an attribute has at least one byte (RFC 2865 §5).
void add_text(RequestBuilder& packet, std::uint8_t type, std::string_view text) {
  if (!text.empty()) packet.add(type, text);
}

void add_session(RequestBuilder& packet, const SessionIdentity& session, const NasIdentity& nas) {
  packet.add_number(type::nas_ip_address, nas.ip_address);
  packet.add(type::nas_identifier, nas.identifier);
  packet.add_number(type::nas_port, session.nas_port);
  packet.add_number(type::nas_port_type, virtual_port);
  packet.add_number(type::service_type, framed_user);
  packet.add_number(type::framed_protocol, ppp_protocol);
  packet.add(type::acct_session_id, session.session_id);
  add_text(packet, type::calling_station_id, session.calling_station);
  add_text(packet, type::called_station_id, session.called_station);
  // Without a tag (RFC 2868 §3.1): there is one tunnel.
  packet.add_number(type::tunnel_type, l2tp_tunnel);
  packet.add_number(type::tunnel_medium_type, ipv4_medium);
  add_text(packet, type::tunnel_client_endpoint, session.calling_station);
}

std::uint32_t low(std::uint64_t count) { return static_cast<std::uint32_t>(count & 0xffffffffU); }
std::uint32_t high(std::uint64_t count) { return static_cast<std::uint32_t>(count >> 32U); }

// Octets beyond 32 bits go on in Gigawords (RFC 2869 §5.1); packets can't.
void add_counters(RequestBuilder& packet, const AccountingRecord& record) {
  packet.add_number(type::acct_input_octets, low(record.octets_in));
  packet.add_number(type::acct_output_octets, low(record.octets_out));
  packet.add_number(type::acct_input_gigawords, high(record.octets_in));
  packet.add_number(type::acct_output_gigawords, high(record.octets_out));
  packet.add_number(type::acct_input_packets, low(record.packets_in));
  packet.add_number(type::acct_output_packets, low(record.packets_out));
  packet.add_number(type::acct_session_time, low(static_cast<std::uint64_t>(record.session_time.count())));
}

bool is_attribute(std::string_view text) { return !text.empty() && text.size() <= longest_value; }

}  // namespace

std::optional<std::string> fault_of(const AccessRequest& request) {
  const ppp::Authenticate& question = request.question;
  if (!is_attribute(question.user))
    return fmt::format("a user's name has 1 to {} bytes in RADIUS, this one {}", longest_value,
                       question.user.size());
  if (question.method == Method::pap) {
    const std::size_t length = question.password.size();
    if (length == 0 || length > longest_password)
      return fmt::format("a password has 1 to {} bytes in RADIUS, this one {}", longest_password, length);
    return std::nullopt;
  }
  const std::size_t expected =
      question.method == Method::chap_md5 ? chap_response_bytes : crypto::mschapv2_response_bytes;
  if (question.response.size() != expected)
    return fmt::format("the client's response has {} bytes, not {}", question.response.size(), expected);
  return std::nullopt;
}

std::optional<std::vector<std::byte>> access_packet(const AccessRequest& request, const NasIdentity& nas,
                                                    const Envelope& envelope) {
  if (fault_of(request)) return std::nullopt;
  RequestBuilder packet(Code::access_request, envelope.identifier, envelope.random);
  packet.add(type::user_name, request.question.user);
  add_proof(packet, request.question, envelope.secret);
  add_session(packet, request.session, nas);
  return packet.finish(envelope.secret);
}

std::optional<std::vector<std::byte>> accounting_packet(const AccountingRecord& record,
                                                        const NasIdentity& nas, const Envelope& envelope,
                                                        std::chrono::seconds delay,
                                                        std::chrono::system_clock::time_point when) {
  using Kind = AccountingRecord::Kind;
  RequestBuilder packet(Code::accounting_request, envelope.identifier, {});
  packet.add_number(type::acct_status_type, static_cast<std::uint32_t>(record.kind));
  packet.add(type::user_name, record.user);
  add_session(packet, record.session, nas);
  if (record.address != 0) packet.add_number(type::framed_ip_address, record.address);
  for (const auto& value : record.classes) packet.add(type::class_value, value);
  packet.add_number(type::acct_authentic, record.by_radius ? acct_by_radius : acct_by_us);
  packet.add_number(type::acct_delay_time, low(static_cast<std::uint64_t>(delay.count())));
  const auto seconds = std::chrono::floor<std::chrono::seconds>(when.time_since_epoch());
  packet.add_number(type::event_timestamp, low(static_cast<std::uint64_t>(seconds.count())));
  if (record.kind != Kind::start) add_counters(packet, record);
  if (record.kind == Kind::stop)
    packet.add_number(type::acct_terminate_cause, static_cast<std::uint32_t>(record.cause));
  return packet.finish(envelope.secret);
}

}  // namespace espgate::control::radius
