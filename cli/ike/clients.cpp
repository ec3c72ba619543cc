// SPDX-License-Identifier: Apache-2.0
#include "cli/ike/clients.h"

#include "cli/show/show.h"
#include "cli/table.h"
#include "cli/units.h"

#include <algorithm>
#include <cstdint>

#include <fmt/format.h>

namespace espgate::cli {
namespace {

using nlohmann::json;

constexpr const char* none = "-";

std::string number(const json& value) { return std::to_string(value.get<std::uint64_t>()); }

// Control's clock may be a moment ahead of what it tells of.
std::string duration_of(const json& seconds) {
  const auto value = seconds.get<std::int64_t>();
  return value <= 0 ? "0s" : duration_text(static_cast<std::uint64_t>(value));
}

std::string ends_text(const json& sa) {
  const json& seconds = sa.at("expires_in_seconds");
  return seconds.get<std::int64_t>() <= 0 ? "ended" : duration_of(seconds);
}

// The newest that may be used; control lists the oldest first.
const json* newest(const json& list, bool (*usable)(const json&)) {
  const json* found = nullptr;
  for (const json& each : list)
    if (usable(each)) found = &each;
  return found;
}
const json* current_ike_sa(const json& client) {
  return newest(client.at("ike_sas"), [](const json& sa) { return sa.at("established").get<bool>(); });
}
const json* current_pair(const json& client) {
  return newest(client.at("sa_pairs"), [](const json& pair) { return pair.at("state") == "live"; });
}

// Of the SAs in use the one that ends first: until then the client has to replace it.
std::string first_end_text(const json* sa, const json* pair) {
  if (sa == nullptr || pair == nullptr)
    return sa == nullptr && pair == nullptr ? none : ends_text(sa ? *sa : *pair);
  return sa->at("expires_in_seconds") < pair->at("expires_in_seconds") ? ends_text(*sa) : ends_text(*pair);
}

std::string or_none(const std::string& text) { return text.empty() ? none : text; }

std::string line(std::string_view label, const std::string& text) {
  return fmt::format("{:<16}{}\n", label, printable(text));
}

std::string peculiarities(const json& sa) {
  std::string text =
      sa.at("dpd").get<bool>() ? "answers dead peer detection" : "knows no dead peer detection";
  if (sa.at("microsoft").get<bool>()) text += ", Windows";
  if (sa.at("racoon").get<bool>()) text += ", racoon (Apple, Android)";
  return text;
}

std::string ike_sa_text(const json& sa) {
  const std::string state = sa.at("established").get<bool>() ? "established" : "being negotiated";
  std::string text =
      line("IKE SA", fmt::format("{} {}, {}, begun by {}", sa.at("initiator_cookie").get<std::string>(),
                                 sa.at("responder_cookie").get<std::string>(), state,
                                 sa.at("begun_by_us").get<bool>() ? "us" : "the client"));
  text += line("  suite", sa.at("suite"));
  text += line("  NAT traversal", fmt::format("{}, ESP {} UDP", sa.at("nat_traversal").get<std::string>(),
                                              sa.at("udp_encapsulation").get<bool>() ? "in" : "without"));
  text += line("  client", peculiarities(sa));
  text += line("  age", fmt::format("{}, ends in {}", duration_of(sa.at("age_seconds")), ends_text(sa)));
  if (const auto exchanges = sa.at("exchanges").get<std::uint64_t>(); exchanges != 0)
    text += line("  under way", count_text(exchanges, "exchange"));
  return text;
}

std::string pair_text(const json& pair) {
  std::string text = line(
      "ESP SA pair", fmt::format("{} in, {} out, {}", pair.at("spi_in").get<std::string>(),
                                 pair.at("spi_out").get<std::string>(), pair.at("state").get<std::string>()));
  std::string suite = pair.at("suite");
  if (pair.at("esn").get<bool>()) suite += ", 64-bit sequence numbers";
  suite += pair.contains("pfs") ? ", PFS with " + pair.at("pfs").get<std::string>() : ", without PFS";
  text += line("  suite", suite);
  text += line("  selector", fmt::format("{}, ESP {} UDP", optional_text(pair, "selector"),
                                         pair.at("udp_encapsulation").get<bool>() ? "in" : "without"));
  std::string age = fmt::format("{}, ends in {}", duration_of(pair.at("age_seconds")), ends_text(pair));
  if (pair.contains("lifetime_kilobytes"))
    age +=
        fmt::format(", or after {}", bytes_text(pair.at("lifetime_kilobytes").get<std::uint64_t>() * 1024));
  text += line("  age", age);
  return text + line("  slot", number(pair.at("slot")));
}

bool is_meant(const json& client, std::string_view wanted) {
  const json& remote = client.at("remote");
  return number(client.at("peer_id")) == wanted || remote.at("address") == wanted ||
         endpoint_text(remote) == wanted || client.at("identity") == wanted;
}

}  // namespace

std::string endpoint_text(const json& remote) {
  const std::string address = remote.at("address");
  const bool v6 = address.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", address, v6 ? "]" : "", remote.at("port").get<unsigned>());
}

std::string clients_text(const json& clients) {
  Table table({{"ID", Table::Align::right},
               {"IDENTITY"},
               {"REMOTE"},
               {"INNER"},
               {"IKE SUITE"},
               {"ESP SUITE"},
               {"NAT-T"},
               {"AGE", Table::Align::right},
               {"EXPIRES IN", Table::Align::right},
               {"HEARD AGO", Table::Align::right}});
  for (const json& client : clients) {
    const json* sa = current_ike_sa(client);
    const json* pair = current_pair(client);
    table.add({number(client.at("peer_id")), or_none(client.at("identity")),
               endpoint_text(client.at("remote")), or_none(optional_text(client, "inner")),
               sa ? sa->at("suite").get<std::string>() : none,
               pair ? pair->at("suite").get<std::string>() : none,
               sa ? sa->at("nat_traversal").get<std::string>() : none, duration_of(client.at("age_seconds")),
               first_end_text(sa, pair), duration_of(client.at("heard_seconds_ago"))});
  }
  return table.empty() ? "nobody has dialled in\n" : table.text();
}

std::string client_text(const json& client) {
  std::string text =
      line("client", fmt::format("{}, {}", number(client.at("peer_id")), or_none(client.at("identity"))));
  text += line("remote", endpoint_text(client.at("remote")));
  text += line("inner address", client.contains("inner") ? optional_text(client, "inner") : "none yet");
  text += line("since", fmt::format("{}, heard {} ago", duration_of(client.at("age_seconds")),
                                    duration_of(client.at("heard_seconds_ago"))));
  for (const json& sa : client.at("ike_sas")) text += '\n' + ike_sa_text(sa);
  for (const json& pair : client.at("sa_pairs")) text += '\n' + pair_text(pair);
  return text;
}

tl::expected<json, std::string> find_client(const json& clients, std::string_view wanted) {
  json found = json::array();
  for (const json& client : clients)
    if (is_meant(client, wanted)) found.push_back(client);
  const std::string name = printable(wanted);
  if (found.empty())
    return tl::unexpected(fmt::format("no client is \"{}\"; espgate ike list shows them", name));
  if (found.size() == 1) return std::move(found.front());
  return tl::unexpected(
      fmt::format("\"{}\" may be any of these {}; name one by its id, or by its address and port\n{}", name,
                  found.size(), clients_text(found)));
}

}  // namespace espgate::cli
