// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/fuzz/ike_fuzzed_gateway.h"
#include "tests/unit/control/ike/ike_client.h"

#include <memory>
#include <utility>
#include <vector>

namespace espgate::fuzz {

using test::IkeClient;

struct Client {
  Client(std::uint8_t place, std::uint8_t kind) : number(place), client(options(place, kind)) {}

  static IkeClient::Options options(std::uint8_t place, std::uint8_t kind) {
    IkeClient::Options made;
    using wire::IsakmpVendor;
    const crypto::IkeHash hash = (kind & 1U) != 0 ? crypto::IkeHash::sha1 : crypto::IkeHash::sha2_256;
    made.suites = {{crypto::IkeCipher::aes_cbc, 128, hash, crypto::DhGroup::curve25519}};
    made.psk = (kind & 2U) != 0 && (kind & 4U) != 0 ? "not the key" : "key";
    made.inside = {v4(0x0a0a0102), 500};
    made.gateway = {v4(gateway_address), 500};
    made.initial_contact = (kind & 8U) != 0;
    if ((kind & 16U) != 0)
      made.vendor_ids = IkeClient::microsoft_vendor_ids();
    else if ((kind & 32U) == 0)
      made.vendor_ids =
          IkeClient::vendor_ids({IsakmpVendor::rfc3947, IsakmpVendor::dpd, IsakmpVendor::fragmentation});
    made.seed = place + 256U * (kind >> 6U);
    return made;
  }

  std::uint8_t number;
  IkeClient client;
  IkeClient::Quick quick;
  bool natt = false, authenticated = false;
};

// Clients that know the key, and what happens between them and the gateway: an operation a byte, with its
// operands behind it.
class Script {
 public:
  explicit Script(Input input) : input_(input) {}

  void run();

 private:
  Client& client();
  // The newest answer that went where this client is.
  [[nodiscard]] std::vector<std::byte> answer(const Client& to) const;
  void send(Client& from, wire::Bytes message);
  void step(std::uint8_t operation);

  // Operations.
  void add_client(Client& now);
  void choose_client(Client& now);
  void send_first(Client& now);
  void send_third(Client& now);
  void send_fifth(Client& now);
  void finish(Client& now);
  void main_mode(Client& now);
  void quick_first(Client& now);
  void quick_third(Client& now);
  void spoil(Client& now);
  void forge(Client& now);
  void replay(Client& now);
  void replay_from_elsewhere(Client& now);
  void pass_milliseconds(Client& now);
  void pass_seconds(Client& now);
  void event(Client& now);
  void hold(Client& now);
  void fail_work(Client& now);
  void dpd(Client& now);
  void delete_esp(Client& now);
  void delete_ike_sa(Client& now);
  void move(Client& now);
  void in_pieces(Client& now);
  void order(Client& now);
  void aggressive_first(Client& now);
  void aggressive_third(Client& now);
  void new_key_pair(Client& now);

  Input input_;
  Gateway gateway_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t current_ = 0;
  std::vector<std::pair<Path, std::vector<std::byte>>> history_;
};

}  // namespace espgate::fuzz
