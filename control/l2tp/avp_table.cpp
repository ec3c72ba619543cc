// SPDX-License-Identifier: Apache-2.0
#include "control/l2tp/avp_table.h"

#include <algorithm>

namespace espgate::control::l2tp {
namespace {

using enum wire::L2tpMessageType;
using A = wire::L2tpAttribute;

constexpr std::uint16_t any = wire::l2tp_longest_avp_value;
constexpr MessageSet everywhere = {sccrq, sccrp, scccn, stopccn, hello, ocrq, ocrp,
                                   occn,  icrq,  icrp,  iccn,    cdn,   wen,  sli};
constexpr MessageSet nowhere = {};

// `required` is narrower than §6 has it: what this end can do without, a peer may leave out.
constexpr AvpRule table[] = {
    // type                       name                                section  M      H      bytes    allowed,
    // required
    {A::message_type, "Message Type", "4.4.1", true, false, 2, 2, everywhere, everywhere},
    {A::result_code, "Result Code", "4.4.2", true, false, 2, any, {stopccn, cdn}, nowhere},
    {A::protocol_version, "Protocol Version", "4.4.3", true, false, 2, 2, {sccrq, sccrp}, {sccrq}},
    {A::framing_capabilities, "Framing Capabilities", "4.4.3", true, true, 4, 4, {sccrq, sccrp}, nowhere},
    {A::bearer_capabilities, "Bearer Capabilities", "4.4.3", true, true, 4, 4, {sccrq, sccrp}, nowhere},
    {A::tie_breaker, "Tie Breaker", "4.4.3", false, false, 8, 8, {sccrq}, nowhere},
    {A::firmware_revision, "Firmware Revision", "4.4.3", false, true, 2, 2, {sccrq, sccrp}, nowhere},
    {A::host_name, "Host Name", "4.4.3", true, false, 1, any, {sccrq, sccrp}, nowhere},
    {A::vendor_name, "Vendor Name", "4.4.3", false, true, 0, any, {sccrq, sccrp}, nowhere},
    {A::assigned_tunnel_id,
     "Assigned Tunnel ID",
     "4.4.3",
     true,
     true,
     2,
     2,
     {sccrq, sccrp, stopccn},
     {sccrq, sccrp}},
    {A::receive_window_size, "Receive Window Size", "4.4.3", true, false, 2, 2, {sccrq, sccrp}, nowhere},
    {A::challenge, "Challenge", "4.4.3", true, true, 1, any, {sccrq, sccrp}, nowhere},
    {A::q931_cause_code, "Q.931 Cause Code", "4.4.2", true, false, 3, any, {cdn}, nowhere},
    {A::challenge_response, "Challenge Response", "4.4.3", true, true, 16, 16, {sccrp, scccn}, nowhere},
    {A::assigned_session_id,
     "Assigned Session ID",
     "4.4.4",
     true,
     true,
     2,
     2,
     {icrq, icrp, ocrq, ocrp, cdn},
     {icrq, ocrq}},
    {A::call_serial_number, "Call Serial Number", "4.4.4", true, true, 4, 4, {icrq, ocrq}, nowhere},
    {A::minimum_bps, "Minimum BPS", "4.4.4", true, true, 4, 4, {ocrq}, nowhere},
    {A::maximum_bps, "Maximum BPS", "4.4.4", true, true, 4, 4, {ocrq}, nowhere},
    {A::bearer_type, "Bearer Type", "4.4.4", true, true, 4, 4, {icrq, ocrq}, nowhere},
    {A::framing_type, "Framing Type", "4.4.4", true, true, 4, 4, {iccn, ocrq, occn}, nowhere},
    {A::called_number, "Called Number", "4.4.4", true, true, 0, any, {icrq, ocrq}, nowhere},
    {A::calling_number, "Calling Number", "4.4.4", true, true, 0, any, {icrq}, nowhere},
    {A::sub_address, "Sub-Address", "4.4.4", true, true, 0, any, {icrq, ocrq}, nowhere},
    {A::tx_connect_speed, "(Tx) Connect Speed", "4.4.4", true, true, 4, 4, {iccn, occn}, nowhere},
    {A::physical_channel_id, "Physical Channel ID", "4.4.4", false, true, 4, 4, {icrq, ocrp}, nowhere},
    {A::initial_received_lcp_confreq,
     "Initial Received LCP CONFREQ",
     "4.4.5",
     false,
     true,
     0,
     any,
     {iccn},
     nowhere},
    {A::last_sent_lcp_confreq, "Last Sent LCP CONFREQ", "4.4.5", false, true, 0, any, {iccn}, nowhere},
    {A::last_received_lcp_confreq,
     "Last Received LCP CONFREQ",
     "4.4.5",
     false,
     true,
     0,
     any,
     {iccn},
     nowhere},
    {A::proxy_authen_type, "Proxy Authen Type", "4.4.5", false, true, 2, 2, {iccn}, nowhere},
    {A::proxy_authen_name, "Proxy Authen Name", "4.4.5", false, true, 0, any, {iccn}, nowhere},
    {A::proxy_authen_challenge, "Proxy Authen Challenge", "4.4.5", false, true, 0, any, {iccn}, nowhere},
    {A::proxy_authen_id, "Proxy Authen ID", "4.4.5", false, true, 2, 2, {iccn}, nowhere},
    {A::proxy_authen_response, "Proxy Authen Response", "4.4.5", false, true, 0, any, {iccn}, nowhere},
    {A::call_errors, "Call Errors", "4.4.6", true, true, 26, 26, {wen}, nowhere},
    {A::accm, "ACCM", "4.4.6", true, true, 10, 10, {sli}, nowhere},
    {A::random_vector, "Random Vector", "4.3", true, false, 1, any, everywhere, nowhere},
    {A::private_group_id, "Private Group ID", "4.4.4", false, true, 0, any, {iccn}, nowhere},
    {A::rx_connect_speed, "Rx Connect Speed", "4.4.4", false, true, 4, 4, {iccn, occn}, nowhere},
    {A::sequencing_required, "Sequencing Required", "4.4.4", true, false, 0, 0, {iccn, occn}, nowhere},
};

}  // namespace

std::span<const AvpRule> avp_table() { return table; }

const AvpRule* find_avp_rule(std::uint16_t type) {
  const auto found = std::ranges::find(table, A{type}, &AvpRule::type);
  return found == std::end(table) ? nullptr : found;
}

}  // namespace espgate::control::l2tp
