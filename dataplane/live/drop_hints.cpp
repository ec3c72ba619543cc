// SPDX-License-Identifier: Apache-2.0
// What an operator can do about each reason of drop_reasons.def; the compiler says when one is missing.
#include "dataplane/live/api_text.h"

namespace espgate::dataplane::live {

std::string_view drop_hint(DropReason reason) {
  switch (reason) {
    case DropReason::ethernet_malformed:
      return "take stacked VLAN tags off before they reach the port";
    case DropReason::frame_cut:
      return "raise the port's mtu, or on af_packet its framesz; switch LRO and GRO off on the interface";
    case DropReason::ip_malformed:
      return "look at the link: espgate port, and espgate capture --point outside-rx";
    case DropReason::udp_malformed:
      return "look at who sends it: espgate capture --point outside-rx --filter udp";
    case DropReason::natt_malformed:
      return "nothing, if rare: port scans look like this";
    case DropReason::clear_l2tp:
      return "a client without IPsec, or one whose firewall eats its IPsec: set it up with the pre-shared "
             "key";
    case DropReason::clear_from_outside:
      return "nothing: the internet is full of it; a firewall before the gateway would save the work";
    case DropReason::fragment_malformed:
      return "look at who sends it: espgate capture --point outside-rx --filter 'ip[6:2] & 0x3fff != 0'";
    case DropReason::fragment_duplicate:
      return "nothing, if rare: the network repeats packets";
    case DropReason::fragment_ipv6:
      return "nothing: IPv6 is not spoken outside yet";
    case DropReason::fragment_timeout:
      return "the network on the way loses fragments: lower the client's MTU to 1400";
    case DropReason::fragment_resources:
      return "raise memory.reassembly_datagrams, or lower the clients' MTU to 1400";
    case DropReason::esp_truncated:
    case DropReason::esp_misaligned:
      return "the two sides disagree on the suite: compare espgate sa with the client's";
    case DropReason::esp_unknown_spi:
      return "a client that does not know that its SA is gone: it dials again by itself, or have it do so";
    case DropReason::esp_sequence_zero:
      return "the client's IPsec is broken: update it";
    case DropReason::esp_replayed:
      return "nothing, if rare: networks repeat packets; if many, look at who sends: espgate trace --spi";
    case DropReason::esp_too_old:
      return "packets overtake one another by more than the window: raise replay_window";
    case DropReason::esp_bad_icv:
      return "the two sides' keys differ, or the network damages packets: have the client dial again";
    case DropReason::esp_bad_padding:
      return "the client's IPsec is broken: update it";
    case DropReason::esp_dummy:
      return "nothing: the client hides how much it says";
    case DropReason::selector_mismatch:
      return "the client sends something else than L2TP by its SA: look at its routes";
    case DropReason::l2tp_malformed:
      return "the client's L2TP is broken: espgate capture --point outside-rx, and tell us";
    case DropReason::l2tp_unknown_session:
      return "the session ended here and the client does not know yet: it dials again by itself";
    case DropReason::ppp_malformed:
      return "the client's PPP is broken: update it";
    case DropReason::session_closed:
      return "nothing, if few: the client is still logging in; else see espgate session";
    case DropReason::inner_ip_malformed:
      return "look at what it sends: espgate trace --spi";
    case DropReason::inner_source_spoofed:
      return "the client forwards for others, or has another address than it was given: see espgate session";
    case DropReason::rate_limited:
      return "nothing: the user has this rate; see espgate session --json for who, and raise it there if "
             "wrong";
    case DropReason::ttl_exceeded:
      return "nothing: traceroute does this; if many, look for a routing loop on the private side";
    case DropReason::no_route:
      return "add a [[route]], or inside.gateway: see espgate route";
    case DropReason::no_neighbour:
      return "is the host there, and on this network? See espgate neighbour";
    case DropReason::client_to_client:
      return "set gateway.client_to_client = true if clients shall reach one another";
    case DropReason::local_unwanted:
      return "nothing: only ping and IKE are answered here";
    case DropReason::foreign_destination:
      return "nothing: broadcasts and what a switch floods";
    case DropReason::handover_full:
      return "one worker has too much to do: see espgate perf, add workers";
    case DropReason::punt_full:
      return "does control run? See espgate status; if it does, somebody floods it: espgate capture --point "
             "outside-rx";
    case DropReason::tx_full:
      return "the link carries less than comes: see espgate port; on EC2, a larger instance";
    case DropReason::port_down:
      return "bring the link up: see espgate port";
    case DropReason::no_session:
      return "nobody has this address now: a host of the private side talks to a client that is gone";
    case DropReason::too_big:
      return "nothing: the sender is told; if its firewall eats ICMP, lower its MTU to 1400";
    case DropReason::peer_unknown:
      return "it ends when the client is heard; or set remote_address for a static peer";
    case DropReason::sequence_exhausted:
      return "does control run? It rekeys: see espgate status and its log";
    case DropReason::control_no_sa:
      return "nothing, if few: the client hung up while control was speaking to it";
    case DropReason::no_headroom:
      return "a defect of espgate: please report it with espgate status --json";
    case DropReason::buffer_shortage:
      return "raise memory.buffers: see espgate buffers";
  }
  return "";
}

}  // namespace espgate::dataplane::live
