// SPDX-License-Identifier: Apache-2.0
#include "cli/import/gateway_draft.h"

#include "cli/import/toml_writer.h"

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

void write_head(TomlWriter& writer, const GatewayDraft& draft) {
  writer.line("# Made by `espgate import` of");
  for (const std::string& source : draft.made_from) writer.line("#   " + comment(source));
  writer.line(
      "# FILL IN marks what those files do not know. `espgate check FILE` says whether all is there;");
  writer.line("# docs/configuration.md has every key, docs/migrate.md where each old setting went.");
}

void write_ports(TomlWriter& writer, const GatewayDraft& draft) {
  const Surroundings& around = draft.surroundings;
  const auto or_else = [](const std::string& known, const char* example) {
    return known.empty() ? example : known;
  };
  writer.line("");
  writer.line("[outside]");
  writer.text_or_missing("interface", around.outside_interface, or_else(draft.own_interface, "eth1"),
                         "what clients reach; or device = a PCI address");
  writer.text_or_missing("address", around.outside_address, or_else(draft.own_address, "10.20.0.10") + "/24",
                         "its own, with the length of the link's network");
  writer.text_or_missing("gateway", around.outside_gateway, or_else(draft.next_hop, "10.20.0.1"),
                         "next hop to clients");
  writer.line("");
  writer.line("[inside]");
  writer.text_or_missing("interface", around.inside_interface, "eth2",
                         "the private side; or device = a PCI address");
  writer.text_or_missing("address", around.inside_address, or_else(draft.inside_hint, "10.30.0.1") + "/24",
                         "its own");
}

void write_gateway(TomlWriter& writer, const GatewayDraft& draft) {
  if (draft.public_address) {
    writer.line("");
    writer.line("[gateway]");
    writer.text("public_address", draft.public_address);
  }
  writer.line("");
  writer.line("[clients]");
  if (draft.dial_in && draft.dial_in->pool)
    writer.text("pool", draft.dial_in->pool);
  else
    writer.text_or_missing("pool", draft.surroundings.pool, "10.40.0.0/24",
                           "their inner addresses: xl2tpd's ip range, as a network");
  if (!draft.log_level) return;
  writer.line("");
  writer.line("[runtime]");
  writer.text("log_level", draft.log_level);
}

void write_ike(TomlWriter& writer, const GatewayDraft& draft) {
  writer.line("");
  writer.line("[ike]");
  writer.text("identity", draft.identity);
  writer.list("legacy", draft.legacy);
  writer.list("legacy_esp", draft.legacy_esp);
  writer.list("allowed_client_networks", draft.client_networks);
  writer.number("force_encapsulation", draft.force_encapsulation);
  writer.number("lifetime_seconds", draft.lifetime_seconds);
  writer.number("sa_lifetime_seconds", draft.sa_lifetime_seconds);
  writer.number("rekey", draft.rekey);
  writer.number("rekey_margin_seconds", draft.rekey_margin_seconds);
  writer.number("dpd_delay_seconds", draft.dpd_delay_seconds);
  writer.number("dpd_timeout_seconds", draft.dpd_timeout_seconds);
  writer.number("keepalive_seconds", draft.keepalive_seconds);
}

void write_psks(TomlWriter& writer, const GatewayDraft& draft) {
  for (const GatewayDraft::Psk& psk : draft.psks) {
    writer.line("");
    writer.line("[[ike.psk]]");
    writer.secret(psk.key, psk.origin);
    std::vector<std::string> networks;
    networks.reserve(psk.from.size());
    for (const std::string& network : psk.from) networks.push_back(toml_string(network));
    if (!networks.empty()) writer.line(fmt::format("from = [{}]", fmt::join(networks, ", ")));
  }
  if (!draft.psks.empty()) return;
  writer.line("");
  writer.line("[[ike.psk]]");
  writer.missing("secret", "\"…\"", "the key of ipsec.secrets; openssl rand -base64 24 makes one");
}

void write_pool(TomlWriter& writer, const GatewayDraft::DialIn& dial_in) {
  if (!dial_in.range) return;
  writer.line("");
  writer.line("[[pool]]");
  writer.setting("name", "\"l2tp\"", {});
  writer.text("range", dial_in.range);
  if (dial_in.excluded.empty()) return;
  writer.line("exclude = [");
  for (const std::string& excluded : dial_in.excluded)
    writer.line(fmt::format("  {},", toml_string(excluded)));
  writer.line("]");
}

void write_ppp(TomlWriter& writer, const GatewayDraft::DialIn& dial_in) {
  if (dial_in.host_name) {
    writer.line("");
    writer.line("[l2tp]");
    writer.text("host_name", dial_in.host_name);
  }
  writer.line("");
  writer.line("[ppp]");
  writer.list("auth", dial_in.auth);
  writer.number("mru", dial_in.mru);
  writer.text("gateway_address", dial_in.gateway_address);
  writer.list("dns", dial_in.dns);
  writer.list("nbns", dial_in.nbns);
  writer.number("echo_interval_seconds", dial_in.echo_interval_seconds);
  writer.number("echo_failures", dial_in.echo_failures);
}

void write_users(TomlWriter& writer, const GatewayDraft::DialIn& dial_in) {
  writer.line("");
  writer.line("[users]");
  if (!dial_in.radius.empty())
    writer.setting("source", "\"radius\"", dial_in.radius);
  else if (dial_in.users_file.empty())
    writer.missing("file", "\"chap-secrets\"", "/etc/ppp/chap-secrets, or a copy of it, mode 0600");
  else
    writer.setting("file", toml_string(dial_in.users_file), dial_in.users_file_origin);
  if (dial_in.radius.empty()) writer.text("server", dial_in.server);
  writer.number("idle_limit_seconds", dial_in.idle_limit_seconds);
  writer.number("session_limit_seconds", dial_in.session_limit_seconds);
  if (dial_in.radius.empty()) return;
  writer.line("");
  writer.line("[radius]");
  writer.line("");
  writer.line("[[radius.server]]");
  writer.missing("address", "\"10.30.0.20\"", "authserver of radiusclient.conf");
  writer.missing("secret", "\"…\"", "that server's in the file that radiusclient.conf calls servers");
}

}  // namespace

DraftText to_toml(const GatewayDraft& draft) {
  TomlWriter writer;
  write_head(writer, draft);
  write_ports(writer, draft);
  write_gateway(writer, draft);
  if (draft.dial_in) write_pool(writer, *draft.dial_in);
  write_ike(writer, draft);
  write_psks(writer, draft);
  if (draft.dial_in) {
    write_ppp(writer, *draft.dial_in);
    write_users(writer, *draft.dial_in);
  }
  return writer.take();
}

}  // namespace espgate::openswan
