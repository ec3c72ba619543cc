// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_algorithms.h"
#include "dataplane/replay/key_file_formats.h"
#include "dataplane/replay/xfrm_block.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

constexpr std::string_view no_keys_hint =
    "run `ip xfrm state` as root and without \"nokeys\", or give Wireshark's esp_sa table";

bool is_sa(const XfrmBlock& block) {
  const auto spi = parse_number(block.spi);
  const bool being_negotiated = spi && *spi == 0;
  return block.protocol == "esp" && !block.policy && !being_negotiated;
}

// NULL is the one cipher that needs none.
bool has_keys(const XfrmBlock& block) {
  const bool null_cipher =
      block.encryption && block.encryption->name.find("cipher_null") != std::string_view::npos;
  if (block.aead) return !block.aead->key.empty();
  if (block.authentication && block.authentication->key.empty()) return false;
  return block.encryption ? null_cipher || !block.encryption->key.empty() : false;
}

Expected<SaKeys::Mode> mode_of(const KeyText& file, const XfrmBlock& block) {
  if (block.mode.empty()) return SaKeys::Mode::any;
  if (block.mode == "transport") return SaKeys::Mode::transport;
  if (block.mode == "tunnel") return SaKeys::Mode::tunnel;
  if (block.mode == "beet" || block.mode == "ro" || block.mode == "in_trigger" || block.mode == "iptfs") {
    return SaKeys::Mode::any;  // the next header tells what is inside
  }
  return file.error(block.mode,
                    fmt::format("expected mode transport, tunnel or beet, got {}", shown(block.mode)));
}

Expected<unsigned> icv_bits_of(const KeyText& file, const XfrmAlgorithm& algorithm) {
  const auto icv_bits = parse_number(algorithm.icv_bits);
  if (icv_bits && *icv_bits != 0) return *icv_bits;
  return file.error(algorithm.icv_bits,
                    fmt::format("expected the ICV's length in bits behind the key of {}, got {}",
                                shown(algorithm.name), shown(algorithm.icv_bits)));
}

Expected<CipherChoice> cipher_of(const KeyText& file, const XfrmBlock& block) {
  const XfrmAlgorithm& text = block.aead ? *block.aead : *block.encryption;
  Expected<CipherChoice> choice;
  if (block.aead) {
    const auto icv_bits = icv_bits_of(file, text);
    if (!icv_bits) return fail(icv_bits.error());
    choice = aead_from_xfrm(file, text.name, *icv_bits);
  } else {
    choice = cipher_from_xfrm(file, text.name);
  }
  if (choice) choice->key = text.key;
  return choice;
}

Expected<IntegrityChoice> integrity_of(const KeyText& file, const XfrmBlock& block) {
  if (!block.authentication || block.authentication->name == "digest_null") return IntegrityChoice{};
  const XfrmAlgorithm& text = *block.authentication;
  Expected<unsigned> icv_bits = 0U;
  if (!text.icv_bits.empty()) icv_bits = icv_bits_of(file, text);
  if (!icv_bits) return fail(icv_bits.error());
  auto choice = integrity_from_xfrm(file, text.name, *icv_bits);
  if (choice) choice->key = text.key;
  return choice;
}

Expected<void> take_algorithms(const KeyText& file, const XfrmBlock& block, SaKeys& sa) {
  const auto cipher = cipher_of(file, block);
  if (!cipher) return fail(cipher.error());
  const auto integrity = integrity_of(file, block);
  if (!integrity) return fail(integrity.error());
  auto cipher_key = parse_key(file, cipher->key);
  if (!cipher_key) return fail(cipher_key.error());
  auto integrity_key = parse_key(file, integrity->key);
  if (!integrity_key) return fail(integrity_key.error());
  sa.cipher_key = std::move(*cipher_key);
  sa.integrity_key = std::move(*integrity_key);
  return choose_suite(file, *cipher, *integrity, sa);
}

Expected<SaKeys> to_sa(const KeyText& file, const XfrmBlock& block) {
  SaKeys sa;
  sa.where = file.line_of(block.start);
  for (auto [text, address] :
       {std::pair(block.source, &sa.source), std::pair(block.destination, &sa.destination)}) {
    const auto parsed = parse_address(file, text.data() == nullptr ? block.start : text);
    if (!parsed) return fail(parsed.error());
    *address = *parsed;
  }
  const auto spi = parse_spi(file, block.spi.data() == nullptr ? block.start : block.spi);
  if (!spi) return fail(spi.error());
  sa.spi = *spi;
  const auto mode = mode_of(file, block);
  if (!mode) return fail(mode.error());
  sa.mode = *mode;
  if (block.udp_encapsulation) {
    const auto source = parse_port(file, block.encapsulation_source_port);
    if (!source) return fail(source.error());
    const auto destination = parse_port(file, block.encapsulation_destination_port);
    if (!destination) return fail(destination.error());
    sa.udp_encapsulation = true;
    sa.encapsulation_source_port = *source;
    sa.encapsulation_destination_port = *destination;
  }
  sa.esn = block.esn;
  sa.replay_window = block.replay_window;
  sa.sequence_high = block.esn ? block.sequence_high : 0;
  if (auto done = take_algorithms(file, block, sa); !done) return fail(done.error());
  return sa;
}

}  // namespace

Expected<std::vector<SaKeys>> read_xfrm(const KeyText& file) {
  std::vector<XfrmBlock> blocks = scan_xfrm(file.text());
  std::erase_if(blocks, [](const XfrmBlock& block) { return !is_sa(block); });
  if (blocks.empty()) {
    return file.error(file.text().substr(0, 0), "holds no ESP SA",
                      "expected `ip xfrm state` (as root), Wireshark's esp_sa table or espgate's JSON");
  }
  // Root sees SAs without keys too: SPIs that a negotiation has reserved. They don't matter beside real ones.
  if (std::ranges::none_of(blocks, has_keys)) {
    return file.error(blocks.front().start, "the SAs are listed without their keys",
                      std::string(no_keys_hint));
  }
  std::vector<SaKeys> sas;
  for (const XfrmBlock& block : blocks) {
    if (!has_keys(block)) continue;
    auto sa = to_sa(file, block);
    if (!sa) return fail(sa.error());
    sas.push_back(std::move(*sa));
  }
  return sas;
}

}  // namespace espgate::replay
