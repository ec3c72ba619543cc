// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "control/ike/main_mode.h"
#include "control/ike/quick_mode.h"
#include "wire/isakmp_vendor_id.h"

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::test {

// A client whose every message a test can shape: it answers what it is told to answer, when it is told to.
// Nothing is sent; messages are bytes. The gateway's negotiator under test is never part of it.
class IkeClient {
 public:
  struct Options {
    std::vector<control::ike::Phase1Suite> suites = {control::ike::Phase1Suite{}};
    std::vector<std::byte> sa_body;  // not empty: the offer as it is, instead of `suites`
    std::uint32_t lifetime_seconds = 3600;
    std::vector<std::vector<std::byte>> vendor_ids;  // bodies
    std::string psk = "lab-preshared-key-0123456789";
    std::vector<std::byte> identity;  // body; empty: the inside address
    control::ike::Endpoint inside;    // as the client itself knows it: NAT-D
    control::ike::Endpoint gateway;   // as the client dials it
    bool initial_contact = false;
    std::uint64_t seed = 99;
  };
  // Windows 10's vendor ids, and those of a client that knows RFC 3947, DPD and nothing else.
  [[nodiscard]] static std::vector<std::vector<std::byte>> microsoft_vendor_ids();
  [[nodiscard]] static std::vector<std::vector<std::byte>> vendor_ids(
      std::initializer_list<wire::IsakmpVendor> vendors);

  explicit IkeClient(Options options);

  // Main mode. An empty message: what came is not what should have come.
  [[nodiscard]] std::vector<std::byte> first();
  [[nodiscard]] std::vector<std::byte> third(wire::Bytes second);
  [[nodiscard]] std::vector<std::byte> fifth(wire::Bytes fourth);
  [[nodiscard]] bool finish(wire::Bytes sixth);

  // Aggressive mode. third: encrypted, as most clients send it, or in the clear, as RFC 2409 has it.
  [[nodiscard]] std::vector<std::byte> aggressive_first();
  [[nodiscard]] std::vector<std::byte> aggressive_third(wire::Bytes second, bool encrypted = true);

  struct Quick {
    std::uint32_t message_id = 0;
    std::vector<std::byte> sa_body;  // empty: the SuiteIds below
    std::vector<crypto::SuiteId> suites;
    std::uint16_t encapsulation_mode = 4;
    std::optional<crypto::DhGroup> group;
    std::uint32_t lifetime_seconds = 3600;
    std::uint32_t spi = 0xc0ffee01;
    std::vector<std::byte> id_client, id_gateway;  // bodies; both empty: the usual ones
    bool ids = true;
    bool nat_oa = false;
    // Behind everything else, before the hash is computed.
    std::vector<std::pair<wire::IsakmpPayloadType, std::vector<std::byte>>> more;

    control::ike::QuickMode mode;  // filled in on the way
    control::ike::IvBlock iv{};
    std::optional<crypto::DhKeyPair> key_pair;
    std::vector<control::ike::Lifetime> told;       // RESPONDER-LIFETIME
    control::ike::Phase2Choice chosen;              // without its views
    std::vector<wire::IsakmpPayloadType> answered;  // types of the second message's payloads
  };
  [[nodiscard]] std::vector<std::byte> quick_first(Quick& quick);
  [[nodiscard]] std::vector<std::byte> quick_third(Quick& quick, wire::Bytes second);
  [[nodiscard]] crypto::SecretBytes key_in(const Quick& quick) const;   // of what the client receives
  [[nodiscard]] crypto::SecretBytes key_out(const Quick& quick) const;  // of what it sends

  [[nodiscard]] std::vector<std::byte> informational(wire::IsakmpPayloadType type, wire::Bytes body,
                                                     std::uint32_t message_id = 0);
  [[nodiscard]] std::vector<std::byte> dpd(wire::IsakmpNotifyType type, std::uint32_t sequence);
  [[nodiscard]] std::vector<std::byte> delete_esp(std::uint32_t spi);
  [[nodiscard]] std::vector<std::byte> delete_ike_sa(const control::ike::Cookies& cookies);

  // A protected message of the gateway's, authenticated; nullopt: it is none.
  struct Informational {
    wire::IsakmpPayloadType type;
    std::vector<std::byte> body;
  };
  [[nodiscard]] std::optional<Informational> read_informational(wire::Bytes message) const;

  [[nodiscard]] std::vector<std::byte> random(std::size_t size);
  [[nodiscard]] static std::vector<std::byte> l2tp_id(std::string_view address, std::uint16_t port = 1701,
                                                      std::uint8_t protocol = 17);

  Options options;
  control::ike::IkeSa sa;
  control::ike::Phase1 phase1;
  std::optional<crypto::DhKeyPair> key_pair;
  std::vector<std::vector<std::byte>> sent_nat_d, heard_nat_d;
  std::vector<std::vector<std::byte>> heard_vendor_ids;
  std::optional<control::ike::AuthMessage> gateway_identity;
  std::string problem;  // why the last message was empty
  // Changes the plain text of the fifth message, or of a quick mode's, before it is encrypted. For fuzzing.
  std::function<void(std::vector<std::byte>&)> spoil;

 private:
  [[nodiscard]] std::vector<std::byte> identity_body() const;
  [[nodiscard]] std::vector<std::byte> initial_contact_body() const;
  [[nodiscard]] std::vector<std::byte> seal(wire::IsakmpBuilder& builder, control::ike::IvBlock& iv) const;
  std::uint64_t random_state_;
  std::uint32_t next_message_id_ = 1;  // as Windows counts them
};

}  // namespace espgate::test
