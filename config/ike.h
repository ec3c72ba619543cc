// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/location.h"
#include "crypto/diffie_hellman.h"
#include "crypto/ike_cipher.h"
#include "crypto/ike_hash.h"
#include "crypto/secret.h"
#include "crypto/suite.h"
#include "wire/ipv4_prefix.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace espgate::config {

// [[ike.psk]]: a pre-shared key. In main mode it is the client's address alone that chooses one, as the
// identity is encrypted with what the key leads to.
struct Psk {
  crypto::SecretBytes key;             // not empty once read_config() is through
  std::filesystem::path file;          // where it came from, if not from the configuration itself
  std::vector<wire::Ipv4Prefix> from;  // outer addresses of the clients that have it; empty: any
  Location where;
};

// A phase-1 proposal that is refused unless the file names it: "3des-sha1-modp1024".
struct LegacyProposal {
  crypto::IkeCipher cipher = crypto::IkeCipher::aes_cbc;
  std::uint16_t key_bits = 0;  // 128, 192 or 256 for AES; 192 for 3DES, though its proposals do not say so
  crypto::IkeHash hash = crypto::IkeHash::sha1;
  crypto::DhGroup group = crypto::DhGroup::modp1024;

  [[nodiscard]] std::size_t key_bytes() const { return key_bits / 8U; }
  [[nodiscard]] std::string to_string() const;  // as the file writes it
  friend bool operator==(const LegacyProposal&, const LegacyProposal&) = default;
};

// "10.0.0.0/8", or "!10.40.0.0/24" for an exclusion.
struct AddressRule {
  wire::Ipv4Prefix prefix;
  bool excluded = false;
};

// What happens to a client that dead peer detection has found gone (RFC 3706). There is nothing to hold or to
// restart: only clients dial.
enum class DpdAction : std::uint8_t { clear };

// [ike]: IKEv1 for clients (RFC 2409), with pre-shared keys.
struct Ike {
  // Whether a client may have this address behind its NAT: the last rule that it falls under says. Without
  // rules it may have any. Openswan's virtual_private.
  [[nodiscard]] bool allows_client(std::uint32_t address) const;
  [[nodiscard]] bool allows_legacy(const LegacyProposal& proposal) const;
  // Every suite that is not legacy may be proposed for ESP.
  [[nodiscard]] bool allows_esp(crypto::SuiteId suite) const;

  bool enabled = false;  // whether there is at least one PSK; without, only static peers are served
  std::vector<Psk> psks;
  std::string identity;                          // IDir: an address or a name "vpn.example.com"; empty: by
                                                 // gateway.public_address, or else outside.address
  std::vector<std::string> legacy;               // as the file has it, with "aggressive"
  std::vector<LegacyProposal> legacy_proposals;  // the same, understood
  bool aggressive = false;                       // aggressive mode, whose hash of the PSK anybody may collect
  std::vector<crypto::SuiteId> legacy_esp;       // ESP suites that are refused unless named: 3des-sha1
  // Inclusions first, then exclusions, in the order of the file; with exclusions alone, 0.0.0.0/0 before
  // them.
  std::vector<AddressRule> allowed_client_networks;
  bool force_encapsulation = true;          // UDP 4500 always, though no NAT is there
  unsigned lifetime_seconds = 86400;        // an IKE SA's, at most
  unsigned sa_lifetime_seconds = 86400;     // an ESP SA's, at most
  std::uint64_t sa_lifetime_kilobytes = 0;  // likewise; 0: none
  unsigned dpd_delay_seconds = 30;          // silence before we ask; 0: we never do
  unsigned dpd_timeout_seconds = 900;       // silence before a client counts as gone; telephones sleep
  DpdAction dpd_action = DpdAction::clear;
  bool rekey = false;                        // whether we start rekeying before a client's SA ends
  unsigned rekey_margin_seconds = 300;       // how long before
  unsigned keepalive_seconds = 0;            // NAT keepalives that we send (RFC 3948 §2.3); 0: none
  unsigned max_half_open = 20000;            // exchanges of phase 1 whose client is not authenticated
  unsigned max_half_open_per_address = 64;   // a NAT may hide an office that comes back all at once
  unsigned max_half_open_per_network = 256;  // of a /24
  unsigned half_open_seconds = 30;           // what such an exchange is kept for
  unsigned dh_threads = 1;                   // for Diffie-Hellman, beside the control process's own
  unsigned fragment_size = 1280;             // bytes of an IP packet: longer IKE messages are cut, for
                                             // clients that can put them together
};

}  // namespace espgate::config
