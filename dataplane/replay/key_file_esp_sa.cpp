// SPDX-License-Identifier: Apache-2.0
// Wireshark's table of ESP SAs (the file esp_sa of its profile, and what -o uat:esp_sa:… takes). One SA a
// line:
//
//   "IPv4","source","destination","SPI","encryption","key","authentication","key"[,"32-bit" or "64-bit"]
//
// The ninth field came with Wireshark 4.2; older ones skip it with a warning.
#include "dataplane/replay/esp_sa_names.h"
#include "dataplane/replay/key_file_algorithms.h"
#include "dataplane/replay/key_file_formats.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace espgate::replay {
namespace {

struct Row {
  static constexpr std::size_t least_fields = 8;
  static constexpr std::size_t most_fields = 9;
  std::array<std::string_view, most_fields> field;

  [[nodiscard]] std::string_view protocol() const { return field[0]; }
  [[nodiscard]] std::string_view source() const { return field[1]; }
  [[nodiscard]] std::string_view destination() const { return field[2]; }
  [[nodiscard]] std::string_view spi() const { return field[3]; }
  [[nodiscard]] std::string_view encryption() const { return field[4]; }
  [[nodiscard]] std::string_view encryption_key() const { return field[5]; }
  [[nodiscard]] std::string_view authentication() const { return field[6]; }
  [[nodiscard]] std::string_view authentication_key() const { return field[7]; }
  [[nodiscard]] std::string_view sequence_numbers() const { return field[8]; }
};

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r"), text.size()));
}

// The quote that ends a field; behind a backslash it belongs to the field.
std::size_t closing_quote(std::string_view line) {
  for (std::size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == '"') {
      return i;
    }
  }
  return std::string_view::npos;
}

Expected<Row> split(const KeyText& file, std::string_view line) {
  Row row;
  for (std::size_t i = 0;; ++i) {
    skip_space(line);
    if (i == Row::most_fields) return file.error(line, "more than 9 fields");
    if (!line.starts_with('"'))
      return file.error(line, fmt::format("expected field {} in double quotes", i + 1));
    const std::size_t end = closing_quote(line);
    if (end == std::string_view::npos)
      return file.error(line, fmt::format("field {} has no closing quote", i + 1));
    row.field.at(i) = line.substr(1, end - 1);
    line.remove_prefix(end + 1);
    skip_space(line);
    if (line.empty()) {
      if (i + 1 >= Row::least_fields) return row;
      return file.error(
          line, fmt::format("expected 8 or 9 fields, got {}", i + 1),
          R"(a line is "IPv4","source","destination","SPI","encryption","key","authentication","key")");
    }
    if (line[0] != ',') return file.error(line, fmt::format("expected a comma behind field {}", i + 1));
    line.remove_prefix(1);
  }
}

Expected<wire::IpAddress> address_of(const KeyText& file, std::string_view field) {
  if (field == "*") return wire::IpAddress();
  if (field.find_first_of("*/") != std::string_view::npos) {
    return file.error(field, fmt::format("expected one address or *, got the pattern {}", shown(field)));
  }
  return parse_address(file, field);
}

Expected<std::uint32_t> spi_of(const KeyText& file, std::string_view field) {
  if (field.find('*') == std::string_view::npos) return parse_spi(file, field);
  return file.error(field,
                    "a wildcard SPI stands for no one SA: replay windows and keys belong to one SPI each",
                    "write a line for each SPI");
}

std::optional<std::byte> hex_byte(std::string_view digits) {
  const auto value = digits.size() == 2 ? parse_number("0x" + std::string(digits)) : std::nullopt;
  return value ? std::optional(static_cast<std::byte>(*value)) : std::nullopt;
}

// A key given by its characters may have them escaped: \" \\ \xHH.
Expected<crypto::SecretBytes> key_of(const KeyText& file, std::string_view field) {
  if (field.find('\\') == std::string_view::npos) return parse_key(file, field);
  crypto::SecretBytes key(field.size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < field.size(); ++i) {
    auto byte = static_cast<std::byte>(field[i]);
    if (field[i] == '\\' && field.substr(i + 1, 1) == "x") {
      const auto escaped = hex_byte(field.substr(i + 2, 2));
      if (!escaped) return file.error(field.substr(i), "expected two hexadecimal digits behind \\x");
      byte = *escaped;
      i += 3;
    } else if (field[i] == '\\' && i + 1 < field.size()) {
      byte = static_cast<std::byte>(field[++i]);
    }
    key.data()[size++] = byte;
  }
  return crypto::SecretBytes(key.bytes().first(size));
}

Expected<void> take_algorithms(const KeyText& file, const Row& row, SaKeys& sa) {
  auto cipher = esp_sa_cipher(file, row.encryption(), row.authentication());
  if (!cipher) return fail(cipher.error());
  auto integrity = esp_sa_integrity(file, row.encryption(), row.authentication());
  if (!integrity) return fail(integrity.error());
  cipher->key = row.encryption_key();
  integrity->key = row.authentication_key();
  auto cipher_key = key_of(file, row.encryption_key());
  if (!cipher_key) return fail(cipher_key.error());
  sa.cipher_key = std::move(*cipher_key);
  // Wireshark ignores what stands behind the authentication "NULL", and so do we.
  if (integrity->integrity != crypto::Integrity::none) {
    auto integrity_key = key_of(file, row.authentication_key());
    if (!integrity_key) return fail(integrity_key.error());
    sa.integrity_key = std::move(*integrity_key);
  }
  return choose_suite(file, *cipher, *integrity, sa);
}

Expected<SaKeys> to_sa(const KeyText& file, const Row& row) {
  if (row.protocol() != "IPv4" && row.protocol() != "IPv6") {
    return file.error(row.protocol(), fmt::format("expected IPv4 or IPv6, got {}", shown(row.protocol())));
  }
  SaKeys sa;
  sa.where = file.line_of(row.protocol());
  const auto source = address_of(file, row.source());
  if (!source) return fail(source.error());
  const auto destination = address_of(file, row.destination());
  if (!destination) return fail(destination.error());
  const auto spi = spi_of(file, row.spi());
  if (!spi) return fail(spi.error());
  sa.source = *source;
  sa.destination = *destination;
  sa.spi = *spi;
  const std::string_view sequence_numbers = row.sequence_numbers();
  if (!sequence_numbers.empty() && sequence_numbers != "32-bit" && sequence_numbers != "64-bit") {
    return file.error(sequence_numbers,
                      fmt::format("expected 32-bit or 64-bit, got {}", shown(sequence_numbers)));
  }
  sa.esn = sequence_numbers == "64-bit";
  if (auto done = take_algorithms(file, row, sa); !done) return fail(done.error());
  return sa;
}

std::string address_text(const wire::IpAddress& address) {
  return address.is_any() ? "*" : address.to_string();
}

void write_key(SecretText& out, const crypto::SecretBytes& key) {
  out.append(",\"");
  if (!key.empty()) out.append_hex(key.bytes());
  out.append("\"");
}

}  // namespace

Expected<std::vector<SaKeys>> read_esp_sa(const KeyText& file) {
  std::vector<SaKeys> sas;
  std::string_view rest = file.text();
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    skip_space(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto row = split(file, line);
    if (!row) return fail(row.error());
    auto sa = to_sa(file, *row);
    if (!sa) return fail(sa.error());
    sas.push_back(std::move(*sa));
  }
  return sas;
}

void write_esp_sa(SecretText& out, std::span<const SaKeys> sas) {
  for (const SaKeys& sa : sas) {
    const crypto::Suite& suite = crypto::suite(sa.suite);
    const wire::IpAddress& known = sa.destination.is_any() ? sa.source : sa.destination;
    out.append(fmt::format(R"("{}","{}","{}","0x{:08x}","{}")",
                           known.is_any() || known.is_v4() ? "IPv4" : "IPv6", address_text(sa.source),
                           address_text(sa.destination), sa.spi, esp_sa_cipher_name(suite)));
    write_key(out, sa.cipher_key);
    out.append(fmt::format(R"(,"{}")", esp_sa_integrity_name(suite)));
    write_key(out, sa.integrity_key);
    out.append(sa.esn ? ",\"64-bit\"\n" : ",\"32-bit\"\n");
  }
}

}  // namespace espgate::replay
