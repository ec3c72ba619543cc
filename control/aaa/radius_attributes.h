// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace espgate::control::radius {

// Types of attributes, by their names in RFC 2865, 2866, 2868, 2869 and 3579.
namespace type {
inline constexpr std::uint8_t user_name = 1;
inline constexpr std::uint8_t user_password = 2;
inline constexpr std::uint8_t chap_password = 3;
inline constexpr std::uint8_t nas_ip_address = 4;
inline constexpr std::uint8_t nas_port = 5;
inline constexpr std::uint8_t service_type = 6;
inline constexpr std::uint8_t framed_protocol = 7;
inline constexpr std::uint8_t framed_ip_address = 8;
inline constexpr std::uint8_t filter_id = 11;
inline constexpr std::uint8_t reply_message = 18;
inline constexpr std::uint8_t framed_route = 22;
inline constexpr std::uint8_t class_value = 25;  // Class
inline constexpr std::uint8_t vendor_specific = 26;
inline constexpr std::uint8_t session_timeout = 27;
inline constexpr std::uint8_t idle_timeout = 28;
inline constexpr std::uint8_t called_station_id = 30;
inline constexpr std::uint8_t calling_station_id = 31;
inline constexpr std::uint8_t nas_identifier = 32;
inline constexpr std::uint8_t proxy_state = 33;
inline constexpr std::uint8_t acct_status_type = 40;
inline constexpr std::uint8_t acct_delay_time = 41;
inline constexpr std::uint8_t acct_input_octets = 42;
inline constexpr std::uint8_t acct_output_octets = 43;
inline constexpr std::uint8_t acct_session_id = 44;
inline constexpr std::uint8_t acct_authentic = 45;
inline constexpr std::uint8_t acct_session_time = 46;
inline constexpr std::uint8_t acct_input_packets = 47;
inline constexpr std::uint8_t acct_output_packets = 48;
inline constexpr std::uint8_t acct_terminate_cause = 49;
inline constexpr std::uint8_t acct_input_gigawords = 52;
inline constexpr std::uint8_t acct_output_gigawords = 53;
inline constexpr std::uint8_t event_timestamp = 55;
inline constexpr std::uint8_t chap_challenge = 60;
inline constexpr std::uint8_t nas_port_type = 61;
inline constexpr std::uint8_t tunnel_type = 64;
inline constexpr std::uint8_t tunnel_medium_type = 65;
inline constexpr std::uint8_t tunnel_client_endpoint = 66;
inline constexpr std::uint8_t message_authenticator = 80;
inline constexpr std::uint8_t acct_interim_interval = 85;
inline constexpr std::uint8_t framed_pool = 88;
}  // namespace type

// Microsoft's, RFC 2548.
inline constexpr std::uint32_t microsoft = 311;
namespace microsoft_type {
inline constexpr std::uint8_t chap_error = 2;
inline constexpr std::uint8_t chap_challenge = 11;
inline constexpr std::uint8_t chap2_response = 25;
inline constexpr std::uint8_t chap2_success = 26;
inline constexpr std::uint8_t primary_dns_server = 28;
inline constexpr std::uint8_t secondary_dns_server = 29;
inline constexpr std::uint8_t primary_nbns_server = 30;
inline constexpr std::uint8_t secondary_nbns_server = 31;
}  // namespace microsoft_type

// Values of Service-Type, Framed-Protocol, NAS-Port-Type, Tunnel-Type, Tunnel-Medium-Type.
inline constexpr std::uint32_t framed_user = 2;
inline constexpr std::uint32_t ppp_protocol = 1;
inline constexpr std::uint32_t virtual_port = 5;
inline constexpr std::uint32_t l2tp_tunnel = 3;
inline constexpr std::uint32_t ipv4_medium = 1;

}  // namespace espgate::control::radius
