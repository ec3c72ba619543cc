// SPDX-License-Identifier: Apache-2.0
// Any text through the key file reader. What is accepted must have keys that fit its suite, and come back
// from every format that we write.
#include "dataplane/replay/key_file.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace {

using namespace espgate;
using fuzz::require;
using replay::KeyFormat;
using replay::SaKeys;

bool equal(const crypto::SecretBytes& a, const crypto::SecretBytes& b) {
  return std::ranges::equal(a.bytes(), b.bytes());
}

bool same_keys(const SaKeys& a, const SaKeys& b) {
  return a.spi == b.spi && a.source == b.source && a.destination == b.destination && a.suite == b.suite &&
         a.esn == b.esn && equal(a.cipher_key, b.cipher_key) && equal(a.integrity_key, b.integrity_key);
}

bool same_rest(const SaKeys& a, const SaKeys& b) {
  return a.mode == b.mode && a.udp_encapsulation == b.udp_encapsulation &&
         a.replay_window == b.replay_window && a.encapsulation_source_port == b.encapsulation_source_port &&
         a.sequence_high == b.sequence_high &&
         a.encapsulation_destination_port == b.encapsulation_destination_port;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto sas = replay::read_keys({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!sas) {
    require(!sas.error().to_string().empty());
    return 0;
  }
  for (const SaKeys& sa : *sas) {
    const crypto::Suite& suite = crypto::suite(sa.suite);
    require(sa.cipher_key.size() == std::size_t{suite.cipher_key_bytes} + suite.salt_bytes);
    require(sa.integrity_key.size() == suite.integrity_key_bytes);
  }
  if (sas->empty()) return 0;
  for (const KeyFormat format : {KeyFormat::xfrm, KeyFormat::ip_batch, KeyFormat::esp_sa, KeyFormat::json}) {
    const auto text = replay::format_keys(format, *sas);
    const auto back = replay::read_keys({reinterpret_cast<const char*>(text.data()), text.size()}, "back");
    require(back && std::ranges::equal(*sas, *back, same_keys));
    require(format == KeyFormat::esp_sa || std::ranges::equal(*sas, *back, same_rest));
  }
  return 0;
}
