// SPDX-License-Identifier: Apache-2.0
// [radius] and [[radius.server]].
#include "config/printable.h"
#include "config/radius_secret.h"
#include "config/sections.h"
#include "wire/ip_address.h"

#include <algorithm>

namespace espgate::config {
namespace {

constexpr std::size_t longest_identifier = 253;  // RFC 2865 §5: what an attribute holds
constexpr unsigned most_timeout = 120;
constexpr unsigned least_interim = 60;  // RFC 2869 §5.16

// The resolver would make the whole process wait, and may be behind this very gateway.
void read_server_address(Section& section, wire::IpAddress& into) {
  std::string text;
  if (!section.text("address", text)) return section.require("address", "the server's IP address");
  const auto address = wire::IpAddress::from_string(text);
  if (address && !address->is_any()) {
    into = *address;
    return;
  }
  const bool has_port = std::ranges::count(text, ':') == 1;
  section.error("address", "address: expected an IP address like \"10.30.0.20\", got " + in_quotes(text),
                has_port ? "the number behind the colon is a key of its own: port, accounting_port"
                         : "names are not looked up: write the address");
}

void read_server_secret(Section& section, RadiusServer& server) {
  crypto::SecretBytes characters;
  if (section.secret_text("secret", characters)) {
    if (const auto fault = fault_of_radius_secret(characters.bytes())) {
      section.error("secret", "secret: " + *fault);
    } else {
      server.secret = std::move(characters);
    }
  }
  std::string file;
  if (section.text("secret_file", file)) {
    server.secret_file = file;
    server.where = section.where("secret_file");
    if (!server.secret_file.is_absolute())
      section.error("secret_file", "secret_file: expected a path from the root, got " + in_quotes(file));
  }
  if (section.has("secret") && section.has("secret_file"))
    section.error("secret_file", "\"secret\" and \"secret_file\" say the same thing twice",
                  "keep one of them");
  if (!section.has("secret_file")) section.require("secret", "or \"secret_file\", a file that holds it");
}

void read_server(Section section, RadiusServer& server) {
  server.where = section.where();
  read_server_address(section, server.address);
  section.number("port", server.port, std::uint16_t{1});
  section.number("accounting_port", server.accounting_port, std::uint16_t{1});
  read_server_secret(section, server);
  section.finish();
}

void read_identifier(Section& section, std::string& identifier) {
  std::string text;
  if (!section.text("nas_identifier", text)) return;
  identifier = text;
  if (text.empty() || text.size() > longest_identifier)
    section.error("nas_identifier", fmt::format("nas_identifier: expected 1 to {} bytes, got {}",
                                                longest_identifier, text.size()));
}

}  // namespace

void read_radius(Section section, Radius& radius) {
  radius.where = section.where();
  radius.enabled = true;
  for (const Section& each : section.sections("server")) read_server(each, radius.servers.emplace_back());
  if (!section.has("server")) section.require("server", "write a table [[radius.server]] for each");
  section.number("timeout_seconds", radius.timeout_seconds, 1U, most_timeout);
  section.number("tries", radius.tries, 1U, 10U);
  section.number("dead_seconds", radius.dead_seconds, 0U, 3600U);
  section.flag("require_message_authenticator", radius.require_message_authenticator);
  read_identifier(section, radius.nas_identifier);
  section.address("nas_ip_address", radius.nas_ip_address);
  section.flag("accounting", radius.accounting);
  if (section.number("interim_seconds", radius.interim_seconds, 0U, 86400U) && radius.interim_seconds != 0 &&
      radius.interim_seconds < least_interim)
    section.error("interim_seconds",
                  fmt::format("interim_seconds: expected 0, for none, or at least {}, got {}", least_interim,
                              radius.interim_seconds));
  section.finish();
}

}  // namespace espgate::config
