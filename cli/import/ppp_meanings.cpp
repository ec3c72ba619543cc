// SPDX-License-Identifier: Apache-2.0
#include "cli/import/ppp_meanings.h"

#include <algorithm>
#include <array>

namespace espgate::openswan {
namespace {

using Kind = PppMeaning::Kind;

constexpr std::string_view no_line = "there is no telephone line here";
constexpr std::string_view no_compression = "nothing is compressed inside the tunnels";
constexpr std::string_view no_mppe = "IPsec encrypts already; MPPE is refused, and clients do without";
constexpr std::string_view no_scripts =
    "no scripts are run; espgate session and the log tell who comes and goes";
constexpr std::string_view own_retries = "how often and when PPP asks again is fixed";
constexpr std::string_view by_log = "runtime.log_level and runtime.debug_log say what is logged, and where";
constexpr std::string_view client_side = "says how the gateway itself would log in, which it never does";
constexpr std::string_view ipv4_only = "inner packets are IPv4";
constexpr std::string_view agreed = "is agreed with each client, or refused, by itself";
constexpr std::string_view own_process = "sessions live in one process; there is nothing to set";

constexpr std::array meanings = {
    // Carried over.
    PppMeaning{"mtu", 1, Kind::carried, ""},
    PppMeaning{"mru", 1, Kind::carried, ""},
    PppMeaning{"ms-dns", 1, Kind::carried, ""},
    PppMeaning{"ms-wins", 1, Kind::carried, ""},
    PppMeaning{"name", 1, Kind::carried, ""},
    PppMeaning{"idle", 1, Kind::carried, ""},
    PppMeaning{"maxconnect", 1, Kind::carried, ""},
    PppMeaning{"lcp-echo-interval", 1, Kind::carried, ""},
    PppMeaning{"lcp-echo-failure", 1, Kind::carried, ""},
    PppMeaning{"require-mschap-v2", 0, Kind::carried, ""},
    PppMeaning{"require-chap", 0, Kind::carried, ""},
    PppMeaning{"require-pap", 0, Kind::carried, ""},
    PppMeaning{"refuse-mschap-v2", 0, Kind::carried, ""},
    PppMeaning{"refuse-chap", 0, Kind::carried, ""},
    PppMeaning{"refuse-pap", 0, Kind::carried, ""},
    PppMeaning{"plugin", 1, Kind::carried, ""},
    // Other ways to authenticate.
    PppMeaning{"auth", 0, Kind::same, "every user has to prove who he is, always"},
    PppMeaning{"noauth", 0, Kind::lost,
               "nobody comes in without a password here; give each user a line in users.file"},
    PppMeaning{"require-mschap", 0, Kind::lost, "version 1 is broken and not there; clients have version 2"},
    PppMeaning{"require-eap", 0, Kind::lost, "EAP is not there; clients have MS-CHAPv2"},
    PppMeaning{"refuse-mschap", 0, Kind::same, "version 1 is never used"},
    PppMeaning{"refuse-eap", 0, Kind::same, "EAP is never used"},
    PppMeaning{"login", 0, Kind::lost,
               "users stand in users.file; passwords of the system's own users are not asked for"},
    PppMeaning{"papcrypt", 0, Kind::lost, "users.file holds the passwords themselves"},
    PppMeaning{"chapms-strip-domain", 0, Kind::lost,
               "a domain before a user's name stays; users.file has the name as the client sends it"},
    PppMeaning{"user", 1, Kind::same, client_side},
    PppMeaning{"password", 1, Kind::same, client_side},
    PppMeaning{"remotename", 1, Kind::same, client_side},
    PppMeaning{"usehostname", 0, Kind::same, "users.server says which lines of users.file count"},
    PppMeaning{"domain", 1, Kind::same, "it only made the gateway's own name longer"},
    PppMeaning{"allow-ip", 1, Kind::lost, "a user's address is one of the pool, or that of his own line"},
    PppMeaning{"privgroup", 1, Kind::same, own_process},
    PppMeaning{"show-password", 0, Kind::lost, "passwords are never logged"},
    PppMeaning{"hide-password", 0, Kind::same, "passwords are never logged"},
    // What clients are given.
    PppMeaning{"proxyarp", 0, Kind::lost,
               "the gateway answers no ARP for clients: private hosts, or their router, need a route to "
               "clients.pool by inside.address"},
    PppMeaning{"noproxyarp", 0, Kind::same, "the gateway answers no ARP for clients"},
    PppMeaning{"defaultroute", 0, Kind::lost, "clients set their own routes"},
    PppMeaning{"nodefaultroute", 0, Kind::same, "clients set their own routes"},
    PppMeaning{"replacedefaultroute", 0, Kind::lost, "clients set their own routes"},
    PppMeaning{"noreplacedefaultroute", 0, Kind::same, "clients set their own routes"},
    PppMeaning{"usepeerdns", 0, Kind::same, "clients tell the gateway nothing"},
    PppMeaning{"noipdefault", 0, Kind::same, "the gateway has an inner address of its own"},
    PppMeaning{"netmask", 1, Kind::same, "a session has two addresses and no network"},
    PppMeaning{"ipcp-accept-local", 0, Kind::same,
               "the gateway keeps its own inner address, whatever a client says; clients live with that"},
    PppMeaning{"ipcp-accept-remote", 0, Kind::lost,
               "a client that wants an address of its own choice is told that of its pool or line instead"},
    PppMeaning{"noip", 0, Kind::lost, "clients are there for IP"},
    PppMeaning{"ipv6", 1, Kind::lost, ipv4_only},
    PppMeaning{"+ipv6", 0, Kind::lost, ipv4_only},
    PppMeaning{"noipv6", 0, Kind::same, ipv4_only},
    PppMeaning{"noipx", 0, Kind::same, ipv4_only},
    PppMeaning{"multilink", 0, Kind::lost, "a client has one link"},
    PppMeaning{"nomultilink", 0, Kind::same, "a client has one link"},
    PppMeaning{"nomp", 0, Kind::same, "a client has one link"},
    PppMeaning{"endpoint", 1, Kind::same, "a client has one link"},
    PppMeaning{"noendpoint", 0, Kind::same, "a client has one link"},
    PppMeaning{"maxoctets", 1, Kind::lost, "traffic is not limited"},
    PppMeaning{"mo-direction", 1, Kind::lost, "traffic is not limited"},
    PppMeaning{"active-filter", 1, Kind::lost,
               "any packet of the client's counts for users.idle_limit_seconds"},
    PppMeaning{"pass-filter", 1, Kind::lost, "there are no filters"},
    // Compression and encryption.
    PppMeaning{"ccp", 0, Kind::lost, no_compression},
    PppMeaning{"noccp", 0, Kind::same, no_compression},
    PppMeaning{"bsdcomp", 1, Kind::lost, no_compression},
    PppMeaning{"nobsdcomp", 0, Kind::same, no_compression},
    PppMeaning{"deflate", 1, Kind::lost, no_compression},
    PppMeaning{"nodeflate", 0, Kind::same, no_compression},
    PppMeaning{"predictor1", 0, Kind::lost, no_compression},
    PppMeaning{"nopredictor1", 0, Kind::same, no_compression},
    PppMeaning{"novj", 0, Kind::same, no_compression},
    PppMeaning{"novjccomp", 0, Kind::same, no_compression},
    PppMeaning{"vj-max-slots", 1, Kind::same, no_compression},
    PppMeaning{"nopcomp", 0, Kind::same, agreed},
    PppMeaning{"noaccomp", 0, Kind::same, agreed},
    PppMeaning{"require-mppe", 0, Kind::lost, no_mppe},
    PppMeaning{"require-mppe-40", 0, Kind::lost, no_mppe},
    PppMeaning{"require-mppe-128", 0, Kind::lost, no_mppe},
    PppMeaning{"mppe", 1, Kind::lost, no_mppe},
    PppMeaning{"mppe-stateful", 0, Kind::lost, no_mppe},
    PppMeaning{"nomppe", 0, Kind::same, no_mppe},
    PppMeaning{"nomppe-40", 0, Kind::same, no_mppe},
    PppMeaning{"nomppe-128", 0, Kind::same, no_mppe},
    PppMeaning{"nomppe-stateful", 0, Kind::same, no_mppe},
    PppMeaning{"noecp", 0, Kind::same, no_mppe},
    // Lines, timers, logs, scripts.
    PppMeaning{"lock", 0, Kind::same, no_line},
    PppMeaning{"nolock", 0, Kind::same, no_line},
    PppMeaning{"crtscts", 0, Kind::same, no_line},
    PppMeaning{"nocrtscts", 0, Kind::same, no_line},
    PppMeaning{"xonxoff", 0, Kind::same, no_line},
    PppMeaning{"modem", 0, Kind::same, no_line},
    PppMeaning{"local", 0, Kind::same, no_line},
    PppMeaning{"asyncmap", 1, Kind::same, no_line},
    PppMeaning{"default-asyncmap", 0, Kind::same, no_line},
    PppMeaning{"receive-all", 0, Kind::same, no_line},
    PppMeaning{"escape", 1, Kind::same, no_line},
    PppMeaning{"connect-delay", 1, Kind::same, no_line},
    PppMeaning{"connect", 1, Kind::same, no_line},
    PppMeaning{"disconnect", 1, Kind::same, no_line},
    PppMeaning{"welcome", 1, Kind::same, no_line},
    PppMeaning{"pty", 1, Kind::same, no_line},
    PppMeaning{"sync", 0, Kind::same, no_line},
    PppMeaning{"speed", 1, Kind::same, no_line},
    PppMeaning{"demand", 0, Kind::same, no_line},
    PppMeaning{"persist", 0, Kind::same, "only clients dial"},
    PppMeaning{"nopersist", 0, Kind::same, "only clients dial"},
    PppMeaning{"holdoff", 1, Kind::same, "only clients dial"},
    PppMeaning{"maxfail", 1, Kind::same, "only clients dial"},
    PppMeaning{"passive", 0, Kind::same, "a client that is silent at first is waited for"},
    PppMeaning{"silent", 0, Kind::same, "a client that is silent at first is waited for"},
    PppMeaning{"lcp-echo-adaptive", 0, Kind::same, "echoes are asked for only where a client is silent"},
    PppMeaning{"default-mru", 0, Kind::lost, "ppp.mru is asked for"},
    PppMeaning{"nomagic", 0, Kind::same, agreed},
    PppMeaning{"lcp-max-configure", 1, Kind::same, own_retries},
    PppMeaning{"lcp-max-failure", 1, Kind::same, own_retries},
    PppMeaning{"lcp-max-terminate", 1, Kind::same, own_retries},
    PppMeaning{"lcp-restart", 1, Kind::same, own_retries},
    PppMeaning{"ipcp-max-configure", 1, Kind::same, own_retries},
    PppMeaning{"ipcp-max-failure", 1, Kind::same, own_retries},
    PppMeaning{"ipcp-max-terminate", 1, Kind::same, own_retries},
    PppMeaning{"ipcp-restart", 1, Kind::same, own_retries},
    PppMeaning{"chap-interval", 1, Kind::lost, "a user proves who he is once, when he comes"},
    PppMeaning{"chap-max-challenge", 1, Kind::same, own_retries},
    PppMeaning{"chap-restart", 1, Kind::same, own_retries},
    PppMeaning{"pap-max-authreq", 1, Kind::same, own_retries},
    PppMeaning{"pap-restart", 1, Kind::same, own_retries},
    PppMeaning{"pap-timeout", 1, Kind::same, own_retries},
    PppMeaning{"debug", 0, Kind::same, by_log},
    PppMeaning{"nodebug", 0, Kind::same, by_log},
    PppMeaning{"kdebug", 1, Kind::same, by_log},
    PppMeaning{"dump", 0, Kind::same, by_log},
    PppMeaning{"logfile", 1, Kind::same, by_log},
    PppMeaning{"logfd", 1, Kind::same, by_log},
    PppMeaning{"nologfd", 0, Kind::same, by_log},
    PppMeaning{"record", 1, Kind::lost, "espgate capture records what passes"},
    PppMeaning{"ipparam", 1, Kind::lost, no_scripts},
    PppMeaning{"ip-up-script", 1, Kind::lost, no_scripts},
    PppMeaning{"ip-down-script", 1, Kind::lost, no_scripts},
    PppMeaning{"unit", 1, Kind::same, own_process},
    PppMeaning{"ifname", 1, Kind::same, own_process},
    PppMeaning{"linkname", 1, Kind::same, own_process},
    PppMeaning{"nodetach", 0, Kind::same, own_process},
    PppMeaning{"updetach", 0, Kind::same, own_process},
    PppMeaning{"ktune", 0, Kind::same, own_process},
    PppMeaning{"noktune", 0, Kind::same, own_process},
    PppMeaning{"file", 1, Kind::lost, "not read; name that file as well, with --ppp-options"},
    PppMeaning{"call", 1, Kind::lost, "not read; name that file as well, with --ppp-options"},
    // Of plugins.
    PppMeaning{"radius-config-file", 1, Kind::lost,
               "[radius] and its [[radius.server]] are by hand; docs/radius.md"},
    PppMeaning{"avpair", 1, Kind::lost, "what is sent to RADIUS servers is fixed; docs/radius.md"},
    PppMeaning{"map-to-ifname", 0, Kind::same, "NAS-Port is a number of the line"},
    PppMeaning{"map-to-ttyname", 0, Kind::same, "NAS-Port is a number of the line"},
    PppMeaning{"ntlm_auth-helper", 1, Kind::lost, "Windows domains are not asked; a RADIUS server may"},
};

}  // namespace

const PppMeaning* find_ppp_meaning(std::string_view name) {
  const auto found = std::ranges::find(meanings, name, &PppMeaning::name);
  return found == meanings.end() ? nullptr : &*found;
}

}  // namespace espgate::openswan
