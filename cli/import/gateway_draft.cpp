// SPDX-License-Identifier: Apache-2.0
#include "cli/import/gateway_draft.h"

#include "config/printable.h"

#include <algorithm>
#include <cstring>
#include <span>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

constexpr std::size_t comment_column = 42;

// Text in secret memory that grows; a larger piece takes the place of a smaller one, which is wiped.
class SecretText {
 public:
  void append(std::span<const std::byte> bytes) {
    if (used_ + bytes.size() > buffer_.size()) {
      crypto::SecretBytes larger(std::max<std::size_t>(4096, 2 * (used_ + bytes.size())));
      std::ranges::copy(buffer_.bytes().first(used_), larger.data());
      buffer_ = std::move(larger);
    }
    std::ranges::copy(bytes, buffer_.data() + used_);
    used_ += bytes.size();
  }
  void append(std::string_view text) { append(std::as_bytes(std::span(text))); }
  [[nodiscard]] crypto::SecretBytes take() const { return crypto::SecretBytes(buffer_.bytes().first(used_)); }

 private:
  crypto::SecretBytes buffer_;
  std::size_t used_ = 0;
};

// A basic string of TOML.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') result += '\\';
    if (byte < ' ' || byte == 0x7f) {
      result += fmt::format("\\u{:04x}", byte);
    } else {
      result += c;
    }
  }
  return result + '"';
}

// What a comment may say: one line, and ASCII, as a name in an old file may be no UTF-8, and TOML has to be.
std::string comment(std::string_view text) {
  std::string result = config::printable(text);
  std::ranges::replace_if(result, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  return result;
}

class Writer {
 public:
  void line(const std::string& text) {
    text_.append(text + '\n');
    covered_.append(text + '\n');
    ++lines_;
  }
  void line(std::string setting, std::string_view origin) {
    if (origin.empty()) return line(setting);
    if (setting.size() < comment_column) setting.resize(comment_column, ' ');
    line(setting + "# " + comment(origin));
  }
  void setting(std::string_view key, const std::string& value, std::string_view origin) {
    line(fmt::format("{} = {}", key, value), origin);
  }
  void secret(const crypto::SecretBytes& key, const std::string& origin) {
    const std::string behind = "  # " + comment(origin) + '\n';
    text_.append("secret = '");
    text_.append(key.bytes());
    text_.append("'" + behind);
    covered_.append("secret = '…'" + behind);
    ++lines_;
  }
  // A place that somebody has to fill in, with an example.
  void missing(std::string_view key, const std::string& example, std::string_view what) {
    line(fmt::format("# FILL IN: {} = {}", key, example), what);
    missing_.push_back(lines_);
  }
  void text_or_missing(std::string_view key, const std::string& value, const std::string& example,
                       std::string_view what) {
    if (value.empty()) return missing(key, quoted(example), what);
    setting(key, quoted(value), {});
  }
  [[nodiscard]] DraftText take() { return {text_.take(), covered_.take(), std::move(missing_)}; }

 private:
  SecretText text_, covered_;
  std::vector<unsigned> missing_;
  unsigned lines_ = 0;
};

template <typename T>
void write_number(Writer& writer, std::string_view key, const MaybeGiven<T>& number) {
  if (number) writer.setting(key, fmt::format("{}", number->value), number->origin);
}
void write_text(Writer& writer, std::string_view key, const MaybeGiven<std::string>& text) {
  if (text) writer.setting(key, quoted(text->value), text->origin);
}

// One value a line, each with its origin.
void write_list(Writer& writer, std::string_view key, const std::vector<Given<std::string>>& values) {
  if (values.empty()) return;
  writer.line(fmt::format("{} = [", key));
  for (const auto& each : values) writer.line(fmt::format("  {},", quoted(each.value)), each.origin);
  writer.line("]");
}

void write_head(Writer& writer, const GatewayDraft& draft) {
  writer.line("# Made by `espgate import` of " +
              comment(fmt::format("{}", fmt::join(draft.made_from, "; "))) + '.');
  writer.line(
      "# FILL IN marks what those files do not know. `espgate check FILE` says whether all is there;");
  writer.line("# docs/configuration.md has every key, docs/migrate.md where each old setting went.");
}

void write_ports(Writer& writer, const GatewayDraft& draft) {
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
  writer.text_or_missing("address", around.inside_address, "10.30.0.1/24", "its own");
}

void write_gateway(Writer& writer, const GatewayDraft& draft) {
  if (draft.public_address) {
    writer.line("");
    writer.line("[gateway]");
    write_text(writer, "public_address", draft.public_address);
  }
  writer.line("");
  writer.line("[clients]");
  writer.text_or_missing("pool", draft.surroundings.pool, "10.40.0.0/24",
                         "their inner addresses: xl2tpd's ip range, as a network");
  if (!draft.log_level) return;
  writer.line("");
  writer.line("[runtime]");
  write_text(writer, "log_level", draft.log_level);
}

void write_ike(Writer& writer, const GatewayDraft& draft) {
  writer.line("");
  writer.line("[ike]");
  write_text(writer, "identity", draft.identity);
  write_list(writer, "legacy", draft.legacy);
  write_list(writer, "legacy_esp", draft.legacy_esp);
  write_list(writer, "allowed_client_networks", draft.client_networks);
  write_number(writer, "force_encapsulation", draft.force_encapsulation);
  write_number(writer, "lifetime_seconds", draft.lifetime_seconds);
  write_number(writer, "sa_lifetime_seconds", draft.sa_lifetime_seconds);
  write_number(writer, "rekey", draft.rekey);
  write_number(writer, "rekey_margin_seconds", draft.rekey_margin_seconds);
  write_number(writer, "dpd_delay_seconds", draft.dpd_delay_seconds);
  write_number(writer, "dpd_timeout_seconds", draft.dpd_timeout_seconds);
  write_number(writer, "keepalive_seconds", draft.keepalive_seconds);
}

void write_psks(Writer& writer, const GatewayDraft& draft) {
  for (const GatewayDraft::Psk& psk : draft.psks) {
    writer.line("");
    writer.line("[[ike.psk]]");
    writer.secret(psk.key, psk.origin);
    std::vector<std::string> networks;
    networks.reserve(psk.from.size());
    for (const std::string& network : psk.from) networks.push_back(quoted(network));
    if (!networks.empty()) writer.line(fmt::format("from = [{}]", fmt::join(networks, ", ")));
  }
  if (!draft.psks.empty()) return;
  writer.line("");
  writer.line("[[ike.psk]]");
  writer.missing("secret", "\"…\"", "the key of ipsec.secrets; openssl rand -base64 24 makes one");
}

}  // namespace

DraftText to_toml(const GatewayDraft& draft) {
  Writer writer;
  write_head(writer, draft);
  write_ports(writer, draft);
  write_gateway(writer, draft);
  write_ike(writer, draft);
  write_psks(writer, draft);
  return writer.take();
}

}  // namespace espgate::openswan
