// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/api_text.h"

#include <fmt/format.h>

namespace espgate::dataplane::live {

std::string address_text(std::uint32_t ipv4) { return wire::IpAddress::v4(ipv4).to_string(); }

std::string endpoint_text(const Endpoint& where) {
  if (where.address == 0) return {};
  return where.port == 0 ? address_text(where.address)
                         : fmt::format("{}:{}", address_text(where.address), where.port);
}

std::string spi_text(std::uint32_t spi) { return fmt::format("{:#010x}", spi); }

std::string_view punt_name(Punt punt) {
  switch (punt) {
    case Punt::ike:
      return "ike";
    case Punt::keepalive:
      return "keepalive";
    case Punt::l2tp_control:
      return "l2tp_control";
    case Punt::ppp_control:
      return "ppp_control";
    case Punt::neighbour:
      return "neighbour";
    case Punt::icmp:
      return "icmp";
    case Punt::held:
      return "held";
    case Punt::handover:
      return "handover";
    case Punt::echo_request:
      return "echo_request";
    case Punt::local:
      return "local";
    case Punt::from_inside:
      return "from_inside";
    case Punt::to_client:
      return "to_client";
    case Punt::fragment:
      return "fragment";
    case Punt::unresolved:
      return "unresolved";
  }
  return "unknown";
}

std::string_view punt_sentence(Punt punt) {
  switch (punt) {
    case Punt::ike:
      return "given to control, which speaks IKE";
    case Punt::keepalive:
      return "a NAT keepalive: counted, nothing more";
    case Punt::l2tp_control:
      return "given to control, which speaks L2TP";
    case Punt::ppp_control:
      return "given to control, which speaks PPP";
    case Punt::neighbour:
      return "given to the manager, which speaks ARP";
    case Punt::icmp:
      return "ICMP from outside: answered, or looked at for the path's MTU";
    case Punt::held:
      return "a fragment that waits for the rest of its datagram";
    case Punt::handover:
      return "goes on at the worker that owns the SA: its trace begins there";
    case Punt::echo_request:
      return "a ping for us: the reply goes on as a detour";
    case Punt::local:
      return "for one of our own addresses, where nothing takes it";
    case Punt::from_inside:
      return "from the private side by the only port: goes on as a detour";
    case Punt::to_client:
      return "for another client: goes on as a detour";
    case Punt::fragment:
      return "too big: goes on as a detour, in fragments";
    case Punt::unresolved:
      return "waits at the manager until the next hop answers ARP";
  }
  return "unknown";
}

}  // namespace espgate::dataplane::live
