// SPDX-License-Identifier: Apache-2.0
#include "client/dial/dial_options.h"

#include "control/aaa/chap_secrets.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include <fmt/format.h>

namespace espgate::client::dial {
namespace {

using control::ppp::Method;

constexpr std::uint32_t longest_seconds = 86'400;

tl::unexpected<Error> usage(std::string option, std::string what, std::string hint = {}) {
  return fail({std::move(what), std::move(option), std::move(hint), ErrorKind::usage});
}

Expected<std::string> read_file(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.is_open() && !file.bad()) return text;
  return system_failure(option, "read " + path, errno == 0 ? EIO : errno);
}

void wipe(std::string& text) { crypto::wipe(std::as_writable_bytes(std::span(text))); }

template <typename Proposal>
Expected<std::vector<Proposal>> proposals(const std::string& option, const std::vector<std::string>& texts,
                                          const char* example) {
  std::vector<Proposal> all;
  for (const std::string& text : texts) {
    const auto proposal = Proposal::from_string(text);
    if (!proposal)
      return usage(option, fmt::format("\"{}\" is no proposal that is known", text.substr(0, 60)),
                   fmt::format("write it as {}", example));
    all.push_back(*proposal);
  }
  return all;
}

constexpr std::string_view blanks = " \t";

std::size_t count_words(std::string_view line) {
  std::size_t words = 0;
  for (std::size_t at = line.find_first_not_of(blanks); at != std::string_view::npos;
       at = line.find_first_not_of(blanks, std::min(line.find_first_of(blanks, at), line.size())))
    ++words;
  return words;
}

// Two words in a line, user and password, become chap-secrets' four.
struct ChapSecrets {
  std::string text;
  std::size_t lines = 0;  // that are to name a user
};
ChapSecrets as_chap_secrets(std::string_view text) {
  ChapSecrets out;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line); out.text += line + '\n') {
    if (line.ends_with('\r')) line.pop_back();
    const std::size_t begin = line.find_first_not_of(blanks);
    if (begin == std::string::npos || line[begin] == '#') continue;
    ++out.lines;
    if (count_words(line) == 2) line.insert(line.find_first_of(blanks, begin), " *") += " *";
  }
  return out;
}

}  // namespace

void add_dial_options(CLI::App& app, DialOptions& options) {
  constexpr const char* one = "Negotiating with a server";
  constexpr const char* many = "Many clients at once";
  app.add_option("--server", options.server, "IPv4 address to dial: IKEv1, L2TP, PPP")->group(one);
  app.add_option("--psk-file", options.psk_file, "file whose first line is the pre-shared key")->group(one);
  app.add_option("--user", options.user, "who dials in")->group(one);
  app.add_option("--password-file", options.password_file, "file whose first line is the password")
      ->group(one);
  app.add_option("--ike-proposal", options.ike_proposals,
                 "phase 1, as aes256-sha256-modp2048; may be given several times (default: a usual list)")
      ->group(one);
  app.add_option("--esp", options.esp_proposals,
                 "phase 2, as aes256-sha256, with PFS aes256-sha256-modp2048; may be given several times")
      ->group(one);
  app.add_option("--auth", options.methods,
                 "mschapv2, chap-md5 or pap; may be given several times (default all three)")
      ->check(CLI::IsMember({"mschapv2", "chap-md5", "pap"}))
      ->group(one);
  app.add_option("--resolv-conf", options.resolv_conf, "file to write the name servers to that are given")
      ->group(one);
  app.add_option("--rekey-seconds", options.rekey_seconds,
                 "new ESP SAs every so many seconds (default nine tenths of their lifetime)")
      ->check(CLI::Range(1U, longest_seconds))
      ->group(one);
  app.add_option("--reauthenticate-seconds", options.reauthenticate_seconds,
                 "phase 1 anew every so many seconds (default nine tenths of its lifetime)")
      ->check(CLI::Range(1U, longest_seconds))
      ->group(one);
  app.add_option("--hello-seconds", options.hello_seconds,
                 "of silence until L2TP asks whether the server is there; 0: never")
      ->check(CLI::Range(0U, longest_seconds))
      ->capture_default_str()
      ->group(one);
  app.add_option("--outer-mtu", options.outer_mtu,
                 "of the way to the server, in bytes: the TUN device fits into it")
      ->check(CLI::Range(576, 9000))
      ->capture_default_str()
      ->group(one);
  app.add_option("--count", options.count,
                 "so many clients in this process, each with its own UDP port, none with a TUN device")
      ->check(CLI::Range(1U, 1'000'000U))
      ->group(many);
  app.add_option("--users", options.users, "file with \"user password\" lines, or pppd's chap-secrets")
      ->group(many);
  app.add_flag("--reuse-users", options.reuse_users, "more clients than users: each user several times")
      ->group(many);
  app.add_option("--rate", options.rate, "calls a second (default as many as --at-once lets them)")
      ->check(CLI::PositiveNumber)
      ->group(many);
  app.add_option("--at-once", options.at_once, "calls that are being set up at a time, or that end")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str()
      ->group(many);
  app.add_flag("--share-dh", options.share_dh,
               "one Diffie-Hellman key pair for all clients: cheap callers for load tests, and no secrecy "
               "between them")
      ->group(many);
  app.add_option("--source-network", options.source_network,
                 "source addresses in turn from this network, which must lead here, as by `ip route add "
                 "local 10.50.0.0/16 dev lo`")
      ->group(many);
  app.add_option("--ping", options.ping,
                 "IPv4 address to which each client sends echoes through its tunnel, until one is answered")
      ->group(many);
  app.add_option("--hold", options.hold_seconds,
                 "hang up so many seconds after the last call is settled (default at Ctrl-C)")
      ->check(CLI::Range(0U, longest_seconds))
      ->group(many);
  app.add_flag("--redial", options.redial, "a client whose call is lost dials again")->group(many);
}

Expected<crypto::SecretBytes> read_secret(const std::string& option, const std::string& path) {
  if (path.empty()) return usage(option, "is missing", "--server needs it");
  auto text = read_file(option, path);
  if (!text) return fail(std::move(text.error()));
  const std::string_view line = std::string_view(*text).substr(0, text->find_first_of("\r\n"));
  crypto::SecretBytes secret(std::as_bytes(std::span(line)));
  wipe(*text);
  if (secret.empty())
    return usage(option, path + " begins with an empty line", "the secret is its first line");
  return secret;
}

Expected<std::uint32_t> read_address(const std::string& option, const std::string& text) {
  const auto address = wire::IpAddress::from_string(text);
  if (address && address->is_v4() && address->as_v4() != 0) return address->as_v4();
  return usage(option,
               fmt::format("expected an IPv4 address, as 203.0.113.10, got \"{}\"", text.substr(0, 60)));
}

Expected<Settings> read_settings(const DialOptions& options) {
  Settings settings;
  const auto server = read_address("--server", options.server);
  if (!server) return fail(server.error());
  settings.ike.server = wire::IpAddress::v4(*server);
  auto psk = read_secret("--psk-file", options.psk_file);
  if (!psk) return fail(std::move(psk.error()));
  settings.ike.psk = std::move(*psk);
  auto ike = proposals<ike::IkeProposal>("--ike-proposal", options.ike_proposals, "aes256-sha256-modp2048");
  if (!ike) return fail(std::move(ike.error()));
  auto esp = proposals<ike::EspProposal>("--esp", options.esp_proposals, "aes256-sha256 or aes256gcm16");
  if (!esp) return fail(std::move(esp.error()));
  for (const ike::EspProposal& each : *esp)
    if (each.group != esp->front().group)
      return usage("--esp", "all proposals need the same group, or none any",
                   "quick mode has one exchange of keys");
  if (!ike->empty()) settings.ike.ike_proposals = std::move(*ike);
  if (!esp->empty()) settings.ike.esp_proposals = std::move(*esp);
  settings.ike.rekey = std::chrono::seconds(options.rekey_seconds);
  settings.ike.reauthenticate = std::chrono::seconds(options.reauthenticate_seconds);
  settings.hello = std::chrono::seconds(options.hello_seconds);
  // Servers that start a pppd for each call miss our first Configure-Request.
  settings.ppp.restart = std::chrono::seconds(1);
  settings.ppp.most_configures = 30;
  settings.ppp.methods.clear();
  const std::map<std::string, Method> methods = {
      {"mschapv2", Method::mschapv2}, {"chap-md5", Method::chap_md5}, {"pap", Method::pap}};
  for (const std::string& name : options.methods) settings.ppp.methods.push_back(methods.at(name));
  if (options.methods.empty()) settings.ppp.methods = {Method::mschapv2, Method::chap_md5, Method::pap};
  return settings;
}

Expected<std::vector<ppp::Credentials>> parse_users(std::string_view text, const std::string& name) {
  ChapSecrets secrets = as_chap_secrets(text);
  const auto file = control::UserFile::parse(secrets.text, name);
  wipe(secrets.text);
  const std::string hint = "its lines are \"user password\", or those of pppd's chap-secrets";
  if (!file) return usage("--users", file.error(), hint);
  // What a server would not like about a line, as an address that is not there, is nothing to a client.
  if (file->users().size() < secrets.lines && !file->problems().empty())
    return usage("--users", file->problems().front(), hint);
  std::vector<ppp::Credentials> users;
  for (const control::User& user : file->users())
    if (user.name != "*") users.push_back({user.name, user.secret.clone()});
  if (users.empty()) return usage("--users", name + " has no user", hint);
  return users;
}

Expected<std::vector<ppp::Credentials>> read_users(const std::string& path) {
  auto text = read_file("--users", path);
  if (!text) return fail(std::move(text.error()));
  auto users = parse_users(*text, path);
  wipe(*text);
  return users;
}

}  // namespace espgate::client::dial
