// SPDX-License-Identifier: Apache-2.0
#include "tests/ike_decrypted.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <stdexcept>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

using nlohmann::json;
using wire::IsakmpPayloadType;
using Cookies = std::pair<std::uint64_t, std::uint64_t>;
using Buffer = std::vector<std::byte>;

Buffer copy(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

Buffer unhex(const std::string& text) {
  Buffer bytes;
  for (std::size_t at = 0; at + 1 < text.size(); at += 2)
    bytes.push_back(static_cast<std::byte>(std::stoul(text.substr(at, 2), nullptr, 16)));
  return bytes;
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return text;
}

Buffer as_bytes(const std::string& text) { return copy(std::as_bytes(std::span(text))); }

// "0x1d91…" without its prefix.
std::string digits(const json& table, const char* algorithm) {
  return table.contains(algorithm) ? table.at(algorithm).at("key").get<std::string>().substr(2) : "";
}

RecordedIkeSa ike_sa(const json& from) {
  const auto text = [&](const char* key) { return from.at(key).get<std::string>(); };
  const auto cookie = [&](const char* key) { return std::stoull(text(key), nullptr, 16); };
  return {cookie("initiator_cookie"), cookie("responder_cookie"), text("g_xy"),     text("skeyid"),
          text("skeyid_d"),           text("skeyid_a"),           text("skeyid_e"), text("enc_key"),
          text("initial_iv")};
}

RecordedEspSa esp_sa(const json& from) {
  const auto spi = std::stoul(from.at("spi").get<std::string>(), nullptr, 16);
  return {static_cast<std::uint32_t>(spi), digits(from, "enc") + digits(from, "aead") + digits(from, "auth")};
}

// An attribute of the one transform that a responder returns; 0: not there. All that matter are of the short
// form: format bit and type (16) | value (16), RFC 2408 §3.3.
std::uint16_t attribute(wire::Bytes attributes, std::uint16_t type) {
  while (attributes.size() >= 4) {
    const auto word = wire::load_big_endian<std::uint16_t>(attributes.data());
    const auto value = wire::load_big_endian<std::uint16_t>(attributes.data() + 2);
    if (word == (0x8000U | type)) return value;
    const std::size_t length = (word & 0x8000U) != 0 ? 4 : 4U + value;
    if (length > attributes.size()) break;
    attributes = attributes.subspan(length);
  }
  return 0;
}

// The attributes of a responder's SA payload: behind DOI and situation a proposal of one transform.
wire::Bytes chosen_attributes(wire::Bytes sa) {
  wire::IsakmpPayloadWalk proposals(IsakmpPayloadType::proposal, sa.subspan(8));
  const auto proposal = proposals.next().value().value().body;
  const auto spi_bytes = std::to_integer<std::size_t>(proposal[2]);
  wire::IsakmpPayloadWalk transforms(IsakmpPayloadType::transform, proposal.subspan(4 + spi_bytes));
  return transforms.next().value().value().body.subspan(4);
}

crypto::IkeHash hash_of(std::uint16_t number) {  // RFC 2409 appendix A, RFC 4868 §4
  switch (number) {
    case 1:
      return crypto::IkeHash::md5;
    case 2:
      return crypto::IkeHash::sha1;
    case 4:
      return crypto::IkeHash::sha2_256;
    case 5:
      return crypto::IkeHash::sha2_384;
    case 6:
      return crypto::IkeHash::sha2_512;
    default:
      throw std::runtime_error("a responder chose a hash that nobody knows");
  }
}

void take_algorithms(IkeSession& session) {
  const auto attributes = chosen_attributes(session.sa[1]);
  session.hash = hash_of(attribute(attributes, 2));
  const bool is_aes = attribute(attributes, 1) == 7;
  session.cipher = is_aes ? crypto::IkeCipher::aes_cbc : crypto::IkeCipher::des3_cbc;
  session.cipher_key_bytes = is_aes ? attribute(attributes, 14) / 8U : 24;
}

class Decrypter {
 public:
  Decrypter(const json& keys, DecryptedCapture& capture)
      : capture_(capture), psk_(as_bytes(keys.at("psk").get<std::string>())) {
    for (const json& sa : keys.at("ike_sas")) recorded_.push_back(ike_sa(sa));
  }

  void add(IkeDatagram datagram) {
    const auto parsed = wire::IsakmpMessage::parse(datagram.message);
    if (!parsed) throw std::runtime_error("a capture holds an IKE message that is none");
    DecryptedMessage message;
    message.datagram = std::move(datagram);
    message.header = parsed->header();
    initiators_.try_emplace(message.header.initiator_cookie.host(), message.datagram.source);
    message.from_initiator =
        initiators_.at(message.header.initiator_cookie.host()) == message.datagram.source;
    const auto [before, is_new] =
        seen_.try_emplace(to_hex(message.datagram.message), capture_.messages.size());
    message.retransmission = !is_new;
    message.session = session_of(message);
    if (message.retransmission) {
      message.payloads = capture_.messages[before->second].payloads;
    } else if (!parsed->is_encrypted()) {
      message.payloads = copy(parsed->payload());
      take_clear(message);
    } else if (message.session) {
      message.payloads = copy(parsed->payload());
      decrypt(message);
    }
    capture_.messages.push_back(std::move(message));
  }

 private:
  struct State {
    Buffer phase1_iv;                            // running, until message 6 leaves it at phase 1's last block
    std::map<std::uint32_t, Buffer> phase2_ivs;  // of each message id
  };

  std::optional<std::size_t> session_of(const DecryptedMessage& message) {
    const Cookies cookies{message.header.initiator_cookie.host(), message.header.responder_cookie.host()};
    if (const auto known = sessions_.find(cookies); known != sessions_.end()) return known->second;
    const auto recorded = std::ranges::find_if(recorded_, [&](const RecordedIkeSa& sa) {
      return Cookies{sa.initiator_cookie, sa.responder_cookie} == cookies;
    });
    if (recorded == recorded_.end()) return std::nullopt;
    IkeSession& session = capture_.sessions.emplace_back();
    session.initiator_cookie = cookies.first;
    session.responder_cookie = cookies.second;
    session.recorded = *recorded;
    session.sa[0] = offers_[cookies.first];
    states_.emplace_back();
    return sessions_[cookies] = capture_.sessions.size() - 1;
  }

  // Messages 1 to 4.
  void take_clear(const DecryptedMessage& message) {
    const std::size_t side = message.from_initiator ? 0 : 1;
    const auto sa = find_payload(message, IsakmpPayloadType::sa);
    if (sa && side == 0) offers_[message.header.initiator_cookie.host()] = copy(*sa);
    if (!message.session) return;
    IkeSession& session = capture_.sessions[*message.session];
    if (sa && side == 1) {
      session.sa[1] = copy(*sa);
      take_algorithms(session);
    }
    const auto key_exchange = find_payload(message, IsakmpPayloadType::key_exchange);
    const auto nonce = find_payload(message, IsakmpPayloadType::nonce);
    if (!key_exchange || !nonce) return;
    session.key_exchange[side] = copy(*key_exchange);
    session.nonce[side] = copy(*nonce);
    if (side == 1) derive(session, states_[*message.session]);
  }

  void derive(IkeSession& session, State& state) const {
    session.skeyid = crypto::skeyid_psk(session.hash, psk_, session.nonce[0], session.nonce[1]);
    session.keys =
        crypto::derive_ike_keys(session.hash, session.skeyid.bytes(), unhex(session.recorded.g_xy),
                                session.initiator_cookie, session.responder_cookie, session.cipher_key_bytes);
    const auto iv = crypto::phase1_iv(session.hash, session.key_exchange[0], session.key_exchange[1]);
    session.first_iv = copy(iv.span().first(crypto::block_bytes(session.cipher)));
    state.phase1_iv = session.first_iv;
  }

  void decrypt(DecryptedMessage& message) {
    IkeSession& session = capture_.sessions[*message.session];
    State& state = states_[*message.session];
    const bool phase1 = message.header.message_id.host() == 0;
    Buffer& iv = phase1 ? state.phase1_iv : phase2_iv(session, state, message.header.message_id.host());
    if (!crypto::ike_decrypt(session.cipher, session.keys.cipher_key.bytes(), iv, *message.payloads))
      throw std::runtime_error("an encrypted message is not whole blocks");
    if (!phase1) return;
    const std::size_t side = message.from_initiator ? 0 : 1;
    const auto identification = find_payload(message, IsakmpPayloadType::identification);
    const auto hash = find_payload(message, IsakmpPayloadType::hash);
    if (!identification || !hash) throw std::runtime_error("message 5 or 6 has no identity or hash");
    session.identification[side] = copy(*identification);
    session.hash_payload[side] = copy(*hash);
  }

  static Buffer& phase2_iv(const IkeSession& session, State& state, std::uint32_t message_id) {
    const auto [iv, is_new] = state.phase2_ivs.try_emplace(message_id);
    if (is_new) {
      const auto first = crypto::phase2_iv(session.hash, state.phase1_iv, message_id);
      iv->second = copy(first.span().first(crypto::block_bytes(session.cipher)));
    }
    return iv->second;
  }

  DecryptedCapture& capture_;
  Buffer psk_;
  std::vector<RecordedIkeSa> recorded_;
  std::vector<State> states_;  // of each session
  std::map<Cookies, std::size_t> sessions_;
  std::map<std::uint64_t, Buffer> offers_;  // SA payloads of messages 1, by cookie
  std::map<std::uint64_t, wire::IpAddress> initiators_;
  std::map<std::string, std::size_t> seen_;  // datagrams
};

}  // namespace

DecryptedCapture decrypt_ike(const std::filesystem::path& folder) {
  std::ifstream file(folder / "keys.json");
  const json keys = json::parse(file);
  DecryptedCapture capture;
  for (const json& sa : keys.at("esp_sas")) capture.esp_sas.push_back(esp_sa(sa));
  Decrypter decrypter(keys, capture);
  for (IkeDatagram& datagram : read_ike_datagrams(folder / "outer.pcap")) decrypter.add(std::move(datagram));
  return capture;
}

std::optional<wire::Bytes> find_payload(const DecryptedMessage& message, IsakmpPayloadType type) {
  if (!message.payloads) return std::nullopt;
  wire::IsakmpPayloadWalk walk(IsakmpPayloadType{message.header.next_payload}, *message.payloads);
  while (true) {
    const auto payload = walk.next();
    if (!payload || !*payload) return std::nullopt;
    if ((*payload)->type == type) return (*payload)->body;
  }
}

}  // namespace espgate::test
