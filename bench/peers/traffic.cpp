// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/traffic.h"

#include "dataplane/sa_table.h"
#include "dataplane/session.h"
#include "wire/esp.h"
#include "wire/ipv4.h"
#include "wire/udp.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <iterator>
#include <random>
#include <span>
#include <stdexcept>

namespace espgate::bench {
namespace {

using Bytes = std::vector<std::byte>;

crypto::SecretBytes random_bytes(std::mt19937_64& random, std::size_t size) {
  crypto::SecretBytes bytes(size);
  for (std::byte& byte : bytes.bytes()) byte = static_cast<std::byte>(random());
  return bytes;
}

void append(Bytes& to, std::span<const std::byte> bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

Bytes ipv4(std::uint8_t protocol, std::uint32_t source, std::uint32_t destination, std::size_t total_length) {
  wire::Ipv4Fields fields;
  fields.total_length = total_length;
  fields.protocol = protocol;
  fields.source = source;
  fields.destination = destination;
  Bytes header(sizeof(wire::Ipv4Header));
  wire::build_ipv4(header, fields);
  return header;
}

Bytes udp(std::uint16_t source, std::uint16_t destination, std::size_t length) {
  Bytes header(sizeof(wire::UdpHeader));
  wire::store_header(header.data(),
                     wire::UdpHeader{wire::be16(source), wire::be16(destination),
                                     wire::be16(static_cast<std::uint16_t>(length)), wire::be16(0)});
  return header;
}

Bytes inner_packet(const Agreement& agreed, std::uint16_t size, std::mt19937_64& random) {
  const auto destination = static_cast<std::uint32_t>(inner_servers + random() % 0x7f'0000);
  Bytes packet = ipv4(wire::ip_protocol_udp, agreed.inner_source, destination, size);
  append(packet, udp(20'000, 443, size - packet.size()));
  while (packet.size() < size) packet.push_back(static_cast<std::byte>(random()));
  return packet;
}

// What ESP protects, before the padding.
Bytes payload(const Agreement& agreed, Shape shape, Bytes inner) {
  if (shape == Shape::tunnel) return inner;
  const dataplane::SessionHeader header =
      dataplane::make_session_header({.tunnel = agreed.tunnel, .session = agreed.session});
  const std::byte* begin = header.bytes.data() + header.bytes.size() - header.length;
  Bytes packet(begin, begin + header.length);
  append(packet, inner);
  wire::store_big_endian(packet.data() + offsetof(wire::UdpHeader, length),
                         static_cast<std::uint16_t>(packet.size()));
  return packet;
}

// The ESP packet, still in clear and without its ICV: RFC 4303 §2.
Bytes plain_esp(const Agreement& agreed, const crypto::Suite& suite, Shape shape, std::uint32_t sequence,
                const Bytes& content) {
  Bytes esp(sizeof(wire::EspHeader) + suite.iv_bytes);
  wire::store_header(esp.data(), wire::EspHeader{wire::be32(agreed.spi), wire::be32(sequence)});
  wire::store_big_endian(esp.data() + esp.size() - sizeof(std::uint32_t), sequence);
  append(esp, content);
  const std::size_t alignment = std::max<std::size_t>(suite.alignment_bytes, 4);
  const std::size_t padding = (alignment - (content.size() + 2) % alignment) % alignment;
  append(esp, std::span(wire::esp_pad_bytes).first(padding));
  esp.push_back(static_cast<std::byte>(padding));
  esp.push_back(std::byte{shape == Shape::tunnel ? wire::ip_protocol_ipv4 : wire::ip_protocol_udp});
  esp.resize(esp.size() + suite.icv_bytes);
  return esp;
}

void encrypt(crypto::Engine& engine, const crypto::Key& key, crypto::SuiteId suite, Bytes& esp) {
  crypto::Job job{.key = &key,
                  .esp = esp.data(),
                  .length = static_cast<std::uint32_t>(esp.size()),
                  .sequence_high = 0,
                  .suite = suite,
                  .esn = false,
                  .ok = false};
  engine.encrypt({&job, 1});
  if (!job.ok) throw std::runtime_error("a packet could not be encrypted");
}

Bytes frame_of(const Agreement& agreed, Shape shape, const Bytes& esp) {
  Bytes frame(sizeof(wire::EthernetHeader));
  std::copy(pcap_mac.bytes.begin(), pcap_mac.bytes.end(), frame.begin());
  frame[6] = std::byte{2};
  wire::store_big_endian(frame.data() + offsetof(wire::EthernetHeader, ether_type), wire::ether_type_ipv4);
  const bool natt = shape == Shape::l2tp;
  const std::size_t udp_length = natt ? sizeof(wire::UdpHeader) + esp.size() : esp.size();
  append(frame, ipv4(natt ? wire::ip_protocol_udp : wire::ip_protocol_esp, agreed.outer_source,
                     gateway_address, sizeof(wire::Ipv4Header) + udp_length));
  if (natt) append(frame, udp(agreed.outer_port, wire::udp_port_natt, udp_length));
  append(frame, esp);
  return frame;
}

// The tunnel of each packet: a shuffled round of all tunnels after the other.
std::vector<std::uint32_t> order(const Traffic& traffic, std::mt19937_64& random) {
  if (traffic.sas == 0) return {};
  std::vector<std::uint32_t> tunnels(traffic.packets);
  for (std::uint32_t i = 0; i < traffic.packets; ++i) tunnels[i] = i % traffic.sas;
  std::shuffle(tunnels.begin(), tunnels.end(), random);
  return tunnels;
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    if (!text.empty()) text += ':';
    text += digits[std::to_integer<std::size_t>(byte) >> 4];
    text += digits[std::to_integer<std::size_t>(byte) & 15];
  }
  return text;
}

std::string dotted(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

// The algorithms as ipsec-secgw's parser knows them.
std::string secgw_algorithms(const crypto::Suite& suite, const Agreement& agreed) {
  const std::string cipher_key = hex(agreed.cipher_key.bytes());
  const std::string bits = std::to_string(suite.cipher_key_bytes * 8);
  if (suite.cipher == crypto::Cipher::aes_gcm) return "aead_algo aes-" + bits + "-gcm aead_key " + cipher_key;
  const bool sha1 = suite.integrity == crypto::Integrity::hmac_sha1_96;
  if (suite.cipher != crypto::Cipher::aes_cbc ||
      (!sha1 && suite.integrity != crypto::Integrity::hmac_sha2_256_128))
    throw std::runtime_error("ipsec-secgw is not asked to do " + std::string(suite.name));
  return "cipher_algo aes-" + bits + "-cbc cipher_key " + cipher_key + " auth_algo " +
         (sha1 ? "sha1-hmac" : "sha256-hmac") + " auth_key " + hex(agreed.integrity_key.bytes());
}

}  // namespace

std::optional<std::vector<std::uint16_t>> Traffic::parse_sizes(std::string_view text) {
  if (text == "imix") {
    std::vector<std::uint16_t> sizes(7, 64);
    sizes.insert(sizes.end(), 4, 570);
    sizes.push_back(1400);
    return sizes;
  }
  std::uint16_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc{} || end != text.data() + text.size() || size < 28 || size > 1400)
    return std::nullopt;
  return std::vector<std::uint16_t>{size};
}

Agreement::Agreement(const crypto::Suite& suite, std::uint32_t index) {
  std::mt19937_64 random(index);
  cipher_key = random_bytes(random, std::size_t{suite.cipher_key_bytes} + suite.salt_bytes);
  integrity_key = random_bytes(random, suite.integrity_key_bytes);
  slot = index + 1;
  spi = dataplane::Spi::make(0, slot, static_cast<unsigned>(random() % 1024));
  tunnel = static_cast<std::uint16_t>(random() % 0xffff + 1);
  session = static_cast<std::uint16_t>(random() % 0xffff + 1);
  outer_source = 0x6440'0001 + index;  // 100.64.0.1 and up
  outer_port = static_cast<std::uint16_t>(random() % 0xfc00 + 1024);
  inner_source = inner_pool + 1 + index;
}

std::unique_ptr<crypto::Key> Agreement::make_key(crypto::Engine& engine, crypto::SuiteId suite) const {
  auto key = engine.make_key(suite, cipher_key.bytes(), integrity_key.bytes());
  if (!key) throw std::runtime_error(key.error());
  return std::move(*key);
}

std::vector<Frame> make_frames(const Traffic& traffic, crypto::Engine& engine) {
  const crypto::Suite& suite = crypto::suite(traffic.suite);
  struct Sender {
    Agreement agreed;
    std::unique_ptr<crypto::Key> key;
    std::uint32_t sequence = 0;
  };
  std::vector<Sender> senders;
  senders.reserve(traffic.sas);
  for (std::uint32_t i = 0; i < traffic.sas; ++i) {
    Agreement agreed(suite, i);
    auto key = agreed.make_key(engine, traffic.suite);
    senders.push_back({std::move(agreed), std::move(key)});
  }
  std::mt19937_64 random(traffic.packets);
  const auto tunnels = order(traffic, random);
  std::vector<std::uint16_t> sizes(traffic.packets);
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = traffic.sizes[i % traffic.sizes.size()];
  std::shuffle(sizes.begin(), sizes.end(), random);

  std::vector<Frame> frames;
  frames.reserve(traffic.packets);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    Sender& sender = senders[tunnels[i]];
    Bytes esp =
        plain_esp(sender.agreed, suite, traffic.shape, ++sender.sequence,
                  payload(sender.agreed, traffic.shape, inner_packet(sender.agreed, sizes[i], random)));
    encrypt(engine, *sender.key, traffic.suite, esp);
    frames.push_back({tunnels[i], frame_of(sender.agreed, traffic.shape, esp)});
  }
  return frames;
}

std::size_t esp_offset(Shape shape) {
  const std::size_t link_and_ip = sizeof(wire::EthernetHeader) + sizeof(wire::Ipv4Header);
  return shape == Shape::l2tp ? link_and_ip + sizeof(wire::UdpHeader) : link_and_ip;
}

std::string secgw_configuration(const Traffic& traffic) {
  const crypto::Suite& suite = crypto::suite(traffic.suite);
  std::string text;
  for (std::uint32_t i = 0; i < traffic.sas; ++i) {
    const Agreement agreed(suite, i);
    text += "sa in " + std::to_string(agreed.spi) + " " + secgw_algorithms(suite, agreed) +
            " mode ipv4-tunnel src " + dotted(agreed.outer_source) + " dst " + dotted(gateway_address) + "\n";
  }
  return text + "rt ipv4 dst " + dotted(inner_servers) + "/9 port 1\n";
}

}  // namespace espgate::bench
