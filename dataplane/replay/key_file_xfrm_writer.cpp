// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/key_file_formats.h"

#include <string>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

using crypto::Suite;

// ip has no wildcard but the address of all zeros, of the family of the other end.
std::string address_text(const wire::IpAddress& address, const wire::IpAddress& other) {
  if (!address.is_any()) return address.to_string();
  return other.is_any() || other.is_v4() ? "0.0.0.0" : "::";
}

// What is inside is left open by leaving the mode out.
std::string mode_text(SaKeys::Mode mode) {
  switch (mode) {
    case SaKeys::Mode::any:
      return {};
    case SaKeys::Mode::transport:
      return " mode transport";
    case SaKeys::Mode::tunnel:
      return " mode tunnel";
  }
  return {};
}

std::string identity(const SaKeys& sa) {
  return fmt::format("src {} dst {}", address_text(sa.source, sa.destination),
                     address_text(sa.destination, sa.source));
}

void write_listed_algorithms(SecretText& out, const SaKeys& sa) {
  const Suite& suite = crypto::suite(sa.suite);
  if (suite.is_aead()) {
    out.append(fmt::format("\taead {} ", suite.xfrm_cipher));
    out.append_hex(sa.cipher_key.bytes());
    out.append(fmt::format(" {}\n", 8 * suite.icv_bytes));
    return;
  }
  out.append(fmt::format("\tauth-trunc {} ", suite.xfrm_integrity));
  out.append_hex(sa.integrity_key.bytes());
  out.append(fmt::format(" {}\n\tenc {} ", suite.xfrm_icv_bits, suite.xfrm_cipher));
  out.append_hex(sa.cipher_key.bytes());
  out.append("\n");
}

// The bitmap has one bit a packet, in words of 32.
void write_esn_context(SecretText& out, const SaKeys& sa) {
  const std::uint32_t words = sa.replay_window / 32 + (sa.replay_window % 32 != 0 ? 1 : 0);
  out.append("\tanti-replay esn context:\n");
  out.append(fmt::format("\t seq-hi 0x{:x}, seq 0x0, oseq-hi 0x0, oseq 0x0\n", sa.sequence_high));
  out.append(fmt::format("\t replay_window {}, bitmap-length {}\n", sa.replay_window, words));
}

// In a command, parentheses need quotes (for shells), and "0x" would stand for these two characters.
void write_command_key(SecretText& out, std::string_view keyword, std::string_view algorithm,
                       const crypto::SecretBytes& key) {
  out.append(fmt::format(" {} '{}' ", keyword, algorithm));
  if (key.empty()) {
    out.append("''");
  } else {
    out.append_hex(key.bytes());
  }
}

void write_command(SecretText& out, const SaKeys& sa) {
  const Suite& suite = crypto::suite(sa.suite);
  out.append(
      fmt::format("xfrm state add {} proto esp spi 0x{:08x}{}", identity(sa), sa.spi, mode_text(sa.mode)));
  if (sa.replay_window != 0) out.append(fmt::format(" replay-window {}", sa.replay_window));
  if (sa.esn) out.append(" flag esn");
  if (sa.esn && sa.sequence_high != 0) out.append(fmt::format(" replay-seq-hi 0x{:x}", sa.sequence_high));
  if (suite.is_aead()) {
    write_command_key(out, "aead", suite.xfrm_cipher, sa.cipher_key);
    out.append(fmt::format(" {}", 8 * suite.icv_bytes));
  } else {
    write_command_key(out, "auth-trunc", suite.xfrm_integrity, sa.integrity_key);
    out.append(fmt::format(" {}", suite.xfrm_icv_bits));
    write_command_key(out, "enc", suite.xfrm_cipher, sa.cipher_key);
  }
  if (sa.udp_encapsulation) {
    out.append(fmt::format(" encap espinudp {} {} 0.0.0.0", sa.encapsulation_source_port,
                           sa.encapsulation_destination_port));
  }
  out.append("\n");
}

void write_listing(SecretText& out, const SaKeys& sa) {
  out.append(
      fmt::format("{}\n\tproto esp spi 0x{:08x} reqid 0{}\n", identity(sa), sa.spi, mode_text(sa.mode)));
  out.append(fmt::format("\treplay-window {} {}\n", sa.esn ? 0 : sa.replay_window, sa.esn ? "flag esn" : ""));
  write_listed_algorithms(out, sa);
  if (sa.udp_encapsulation) {
    out.append(fmt::format("\tencap type espinudp sport {} dport {} addr 0.0.0.0\n",
                           sa.encapsulation_source_port, sa.encapsulation_destination_port));
  }
  if (sa.esn) {
    write_esn_context(out, sa);
  } else {
    out.append("\tanti-replay context: seq 0x0, oseq 0x0, bitmap 0x00000000\n");
  }
}

}  // namespace

void write_xfrm(SecretText& out, std::span<const SaKeys> sas) {
  for (const SaKeys& sa : sas) write_listing(out, sa);
}

void write_ip_batch(SecretText& out, std::span<const SaKeys> sas) {
  for (const SaKeys& sa : sas) write_command(out, sa);
}

}  // namespace espgate::replay
