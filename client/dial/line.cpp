// SPDX-License-Identifier: Apache-2.0
#include "client/dial/line.h"

#include "wire/esp.h"
#include "wire/l2tp.h"
#include "wire/udp.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/rand.h>

namespace espgate::client::dial {
namespace {

constexpr std::uint32_t replay_window_packets = 1024;

void fill_random(std::span<std::byte> bytes) {
  if (::RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::runtime_error("OpenSSL has no random numbers");
}

SaParameters parameters(const ike::Pair& pair, bool inbound) {
  const crypto::Suite& suite = crypto::suite(pair.suite);
  const auto key = (inbound ? pair.key_in : pair.key_out).bytes();
  const std::size_t cipher_bytes = std::size_t{suite.cipher_key_bytes} + suite.salt_bytes;
  return {.spi = inbound ? pair.spi_in : pair.spi_out,
          .suite = pair.suite,
          .esn = false,
          .cipher_key = crypto::SecretBytes(key.first(cipher_bytes)),
          .integrity_key = crypto::SecretBytes(key.subspan(cipher_bytes))};
}

}  // namespace

Expected<std::unique_ptr<Line>> Line::open(Workshop& workshop, const ppp::Credentials& credentials,
                                           const Endpoint& local, std::uint32_t server, int buffer_bytes) {
  auto socket = GatewaySocket::open(local, {server, wire::udp_port_ike}, buffer_bytes);
  if (!socket) return fail(std::move(socket.error()));
  return std::unique_ptr<Line>(new Line(workshop, credentials, std::move(*socket), server));
}

Line::Line(Workshop& workshop, const ppp::Credentials& credentials, GatewaySocket socket,
           std::uint32_t server)
    : workshop_(workshop),
      tunnel_(workshop.engine),
      socket_(std::move(socket)),
      server_(server),
      keepalive_(TimePoint{}),
      dial_(workshop.settings, credentials,
            {.ike = {.random = fill_random, .key_pair = workshop.key_pair},
             .last_heard = [this] { return last_heard_; }},
            wire::IpAddress::v4(socket_.local().address)) {}

void Line::start(TimePoint now) {
  last_heard_ = now;
  keepalive_.packet_sent(now);
  dial_.start(now);
  perform(now);
}

bool Line::receive(TimePoint now) {
  dataplane::Burst& burst = workshop_.burst;
  socket_.receive(burst, workshop_.buffers);
  if (burst.count() == 0) return false;
  if (!floated_) {  // on port 500 everything is IKE, without marker
    for (dataplane::Packet& packet : burst.live()) {
      dial_.on_ike(packet.bytes(), now);
      burst.punt(packet, dataplane::Punt::ike);
    }
  } else {
    workshop_.path.use(tunnel_);
    workshop_.path.decapsulate(burst);
    if (burst.live_count() != 0) last_heard_ = now;
    take_punted(now);
  }
  return true;
}

// What they lead to is sent by send_l2tp() in a burst of its own, so answers wait until this one is done.
void Line::take_punted(TimePoint now) {
  dataplane::Burst& burst = workshop_.burst;
  for (dataplane::Packet& packet : burst.punted()) {
    switch (burst.punt_reason(packet)) {
      case dataplane::Punt::ike:
        dial_.on_ike(packet.bytes(), now);
        break;
      case dataplane::Punt::l2tp_control:
        last_heard_ = now;
        dial_.on_control(packet.bytes(), now);
        break;
      case dataplane::Punt::ppp_control:
        last_heard_ = now;
        dial_.on_ppp(packet.bytes(), now);
        break;
      default:
        break;
    }
  }
}

void Line::send_inner(TimePoint now) {
  workshop_.path.use(tunnel_);
  workshop_.path.encapsulate(workshop_.burst);
  socket_.send(workshop_.burst);
  if (workshop_.burst.live_count() != 0) keepalive_.packet_sent(now);
  workshop_.path.count_sent(workshop_.burst);
}

// Also after receive(), when its burst has gone where it goes.
void Line::on_timer(TimePoint now) {
  if (const auto due = dial_.next_due(); due && now >= *due) dial_.on_timer(now);
  if (floated_ && !dial_.has_ended() && keepalive_.is_due(now)) {
    socket_.send_keepalive();
    keepalive_.packet_sent(now);
    ++keepalives_sent_;
  }
  perform(now);
}

void Line::hang_up(TimePoint now) {
  dial_.hang_up(now);
  perform(now);
}

TimePoint Line::next_due() const {
  if (dial_.has_ended()) return TimePoint::max();
  const TimePoint keepalive = floated_ ? keepalive_.deadline() : TimePoint::max();
  return std::min(dial_.next_due().value_or(TimePoint::max()), keepalive);
}

void Line::perform(TimePoint now) {
  for (auto& action : dial_.take_actions()) {
    if (const auto* ike = std::get_if<ike::SendIke>(&action)) {
      send_ike(*ike, now);
    } else if (const auto* pair = std::get_if<ike::AddPair>(&action)) {
      add(pair->pair);
    } else if (const auto* used = std::get_if<ike::UsePair>(&action)) {
      use(used->spi_in);
    } else if (const auto* removed = std::get_if<ike::RemovePair>(&action)) {
      remove(removed->spi_in);
    } else if (const auto* control = std::get_if<l2tp::SendControl>(&action)) {
      send_l2tp({}, control->bytes, now);
    } else if (const auto* ppp = std::get_if<SendPpp>(&action)) {
      send_ppp(*ppp, now);
    } else if (const auto* session = std::get_if<OpenSession>(&action)) {
      session_ = session->ids;
      tunnel_.add_session({.gateway_tunnel = session_.server_tunnel,
                           .gateway_session = session_.server_session,
                           .client_tunnel = session_.own_tunnel,
                           .client_session = session_.own_session});
    } else if (const auto* ip = std::get_if<ppp::IpUp>(&action)) {
      tunnel_.open_for_ip();
      events_.emplace_back(*ip);
    } else if (auto* reached = std::get_if<Reached>(&action)) {
      events_.emplace_back(std::move(*reached));
    } else if (auto* ended = std::get_if<Ended>(&action)) {
      events_.emplace_back(std::move(*ended));
    } else if (auto* note = std::get_if<ike::Note>(&action)) {
      events_.emplace_back(std::move(*note));
    }
  }
}

void Line::send_ike(const ike::SendIke& message, TimePoint now) {
  keepalive_.packet_sent(now);
  if (!message.natt) return socket_.send(message.bytes);
  // From the same port, which a NAT maps as it likes; a route that was there a moment ago is taken for
  // granted.
  if (!std::exchange(floated_, true)) (void)socket_.talk_to({server_, wire::udp_port_natt});
  std::vector<std::byte> marked(wire::natt_marker_length);
  marked.insert(marked.end(), message.bytes.begin(), message.bytes.end());
  socket_.send(marked);
}

// Keys that were just derived have the lengths that the suite takes.
void Line::add(const ike::Pair& pair) {
  const auto in = tunnel_.add_inbound(parameters(pair, true), replay_window_packets);
  const auto out = tunnel_.add_outbound(parameters(pair, false), 1);
  if (!in || !out) throw std::runtime_error((in ? out : in).error().to_string());
  pairs_.push_back({pair.spi_in, pair.spi_out});
}

void Line::use(std::uint32_t spi_in) {
  for (const OutboundOf& each : pairs_)
    if (each.spi_in == spi_in) tunnel_.use_outbound(each.spi_out);
}

void Line::remove(std::uint32_t spi_in) {
  for (const OutboundOf& each : pairs_)
    if (each.spi_in == spi_in) tunnel_.remove_outbound(each.spi_out);
  std::erase_if(pairs_, [spi_in](const OutboundOf& each) { return each.spi_in == spi_in; });
  tunnel_.remove_inbound(spi_in);
}

void Line::send_ppp(const SendPpp& message, TimePoint now) {
  std::array<std::byte, 8> header{};
  wire::build_l2tp_data(header, {.tunnel_id = session_.server_tunnel, .session_id = session_.server_session},
                        2 + message.frame.size());
  header[6] = std::byte{0xff};  // address and control, which LCP always has (RFC 1661 §6.6)
  header[7] = std::byte{0x03};
  send_l2tp(header, message.frame, now);
}

void Line::send_l2tp(std::span<const std::byte> header, std::span<const std::byte> payload, TimePoint now) {
  const std::size_t length = header.size() + payload.size();
  if (sizeof(wire::UdpHeader) + length > PacketBuffers::room) return;
  std::byte* at = workshop_.buffers.start(0);
  const std::size_t udp = wire::build_udp({at, PacketBuffers::room}, {.source_port = wire::udp_port_l2tp,
                                                                      .destination_port = wire::udp_port_l2tp,
                                                                      .payload_length = length,
                                                                      .checksum = 0});
  std::ranges::copy(payload, std::ranges::copy(header, at + udp).out);
  dataplane::Burst& burst = workshop_.burst;
  burst.reset(1);
  workshop_.buffers.attach(burst, 0, udp + length, 0);
  workshop_.path.use(tunnel_);
  workshop_.path.encapsulate_control(burst);
  socket_.send(burst);
  keepalive_.packet_sent(now);
}

}  // namespace espgate::client::dial
