// SPDX-License-Identifier: Apache-2.0
// Whom the pre-shared keys of ipsec.secrets are for.
#include "cli/import/translation.h"
#include "config/printable.h"
#include "wire/ip_address.h"
#include "wire/ipv4_prefix.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

bool is_anybody(std::string_view id) {
  return id == "%any" || id == "0.0.0.0" || id == "0.0.0.0/0" || id == "*";
}
bool is_any_v6(std::string_view id) { return id == "%any6" || id == "::" || id == "::/0"; }

bool is_v6(std::string_view id) {
  const auto address = wire::IpAddress::from_string(id.substr(0, id.find('/')));
  return is_any_v6(id) || (address && !address->is_v4());
}

// Identities of ours, as far as the connection tells.
class OurIdentities {
 public:
  explicit OurIdentities(const Connection* connection) : connection_(connection) {}

  // nullopt: nobody can say.
  [[nodiscard]] std::optional<bool> has(std::string_view id) const {
    if (id == "%defaultroute" || id == "%myid") return true;
    if (connection_ == nullptr) return std::nullopt;
    const std::string_view left = connection_->value("left");
    const std::string_view leftid = connection_->value("leftid");
    if (id == left || id == leftid || "@" + std::string(id) == leftid || id == "@" + std::string(leftid))
      return true;
    const bool address = wire::Ipv4Prefix::from_string(id).has_value();
    const bool left_is_address = wire::Ipv4Prefix::from_string(left).has_value();
    // Behind %defaultroute is an address that the file does not know.
    if (address && !left_is_address) return std::nullopt;
    if (!address && leftid.empty()) return std::nullopt;
    return false;
  }

 private:
  const Connection* connection_;
};

// The identities of a line that are the client's.
std::vector<std::string> clients_of(const std::vector<std::string>& ids, const OurIdentities& ours) {
  std::vector<std::string> others;
  for (const std::string& id : ids)
    if (ours.has(id) != true) others.push_back(id);
  // By custom our own comes first. One that may be ours or not, and stands alone or before others, is.
  const bool nothing_taken = others.size() == ids.size();
  if (nothing_taken && !others.empty() && !is_anybody(others.front()) && !is_v6(others.front()) &&
      !ours.has(others.front()))
    others.erase(others.begin());
  return others;
}

struct From {
  bool anybody = false;
  std::vector<std::string> networks;
  std::string problem;  // what can't be a client's network
};

From networks_of(const std::vector<std::string>& clients) {
  From from;
  from.anybody = clients.empty() || std::ranges::any_of(clients, is_anybody);
  for (const std::string& id : clients) {
    if (const auto prefix = wire::Ipv4Prefix::from_string(id); prefix && !is_anybody(id)) {
      const std::string network = prefix->network().to_string();
      if (std::ranges::find(from.networks, network) == from.networks.end()) from.networks.push_back(network);
    } else if (!is_anybody(id) && !is_v6(id)) {
      from.problem = fmt::format(
          "{} is no address: in main mode a key is chosen by the client's address alone; "
          "[[ike.psk]] with from has one for an address",
          config::in_quotes(id));
    } else if (is_v6(id) && from.problem.empty()) {
      from.problem = "clients dial over IPv4";
    }
  }
  // One %any among several ends, as in "%any 198.51.100.7", stands for us.
  if (!from.networks.empty() && clients.size() > 1) from.anybody = false;
  return from;
}

bool is_there(const GatewayDraft& draft, const SecretLine& line, const std::vector<std::string>& from) {
  return std::ranges::any_of(draft.psks, [&](const GatewayDraft::Psk& psk) {
    return psk.from == from && crypto::equal_in_constant_time(psk.key.bytes(), line.key.bytes());
  });
}

}  // namespace

void translate_secrets(std::vector<SecretLine> lines, const Connection* connection, GatewayDraft& draft,
                       Notes& notes) {
  const OurIdentities ours(connection);
  for (SecretLine& line : lines) {
    From from = networks_of(clients_of(line.ids, ours));
    if (!from.anybody && from.networks.empty()) {
      notes.lost(line.where, "PSK: " + from.problem + "; not carried over");
      continue;
    }
    if (!from.problem.empty() && !from.anybody)
      notes.lost(line.where, "PSK: carried over in part: " + from.problem);
    if (from.anybody) from.networks.clear();
    if (is_there(draft, line, from.networks)) {
      notes.same(line.where, "PSK: the same key for the same clients stands above");
      continue;
    }
    const std::string origin =
        place_text({std::filesystem::path(line.where.file).filename().string(), line.where.line, 0});
    draft.psks.push_back({std::move(line.key), std::move(from.networks), origin});
  }
}

}  // namespace espgate::openswan
