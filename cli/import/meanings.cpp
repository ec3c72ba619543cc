// SPDX-License-Identifier: Apache-2.0
#include "cli/import/meanings.h"

#include "cli/import/values.h"

#include <algorithm>
#include <array>

namespace espgate::openswan {
namespace {

constexpr std::string_view no = "no false 0 off none never";
constexpr std::string_view yes = "yes true 1 on accept force";
constexpr std::string_view only_clients_dial = "only clients dial; there is nothing to try again";
constexpr std::string_view no_certificates = "clients are authenticated by pre-shared keys only; left out";
constexpr std::string_view psk_only = "clients are authenticated by pre-shared keys only";
constexpr std::string_view klips = "the data plane is our own; there is no such thing to set";
constexpr std::string_view not_the_identity = "what a client says it is called is not compared with anything";
constexpr std::string_view no_xauth = "L2TP clients log in by PPP, there is no XAUTH";
constexpr std::string_view no_scripts = "no scripts are run";
constexpr std::string_view own_log =
    "control writes to standard error; runtime.debug_log names a file for all of it";
constexpr std::string_view no_subnet =
    "transport mode protects L2TP between the two hosts alone, whatever network stands here";
constexpr std::string_view no_ikev2 = "a setting of IKEv2, which is not spoken here";

// By key. Keys that are carried over are in translation.cpp.
constexpr std::array meanings = {
    Meaning{"also", "*", ""},
    Meaning{"authby", "secret psk", psk_only},
    Meaning{"auto", "add route ondemand keep", "only clients dial; the gateway never calls them"},
    Meaning{"cachecrls", "*", no_certificates},
    Meaning{"charondebug", "", "runtime.log_level, or espgate log, says how much is logged"},
    Meaning{"charonstart", "*", klips},
    Meaning{"cisco-unity", no, "Cisco's extensions are not there"},
    Meaning{"closeaction", "none clear", only_clients_dial},
    Meaning{"compress", no, "IPComp is refused; clients do without"},
    Meaning{"connaddrfamily", "ipv4", "outer addresses are IPv4"},
    Meaning{"crlcheckinterval", "*", no_certificates},
    Meaning{"disable-port-floating", no, "NAT traversal moves to UDP 4500 always"},
    Meaning{"dpdaction", "clear", "a client that is gone is forgotten; it dials again of itself"},
    Meaning{"dumpdir", "*", "the processes leave no core dumps, as keys would be in them"},
    Meaning{"fragicmp", "*", klips},
    Meaning{"fragmentation", yes,
            "clients that can put IKE messages together get them cut (ike.fragment_size)"},
    Meaning{"hidetos", "*", klips},
    Meaning{"hostaddrfamily", "ipv4", "outer addresses are IPv4"},
    Meaning{"ike-socket-bufsize", "*", klips},
    Meaning{"ikepad", "*", "padding of IKE messages is taken as it comes"},
    Meaning{"ikev1-policy", "accept", "IKEv1 is what is spoken here"},
    Meaning{"ikev2", "no never", "IKEv2 is not spoken here; clients that prefer it find IKEv1 only"},
    Meaning{"initial-contact", "*", "a client that comes again takes the place of itself only"},
    Meaning{"interfaces", "", "outside.interface or outside.device names the port"},
    Meaning{"keyexchange", "ikev1", "IKEv2 is not spoken here; clients that prefer it find IKEv1 only"},
    Meaning{"keyingtries", "*", only_clients_dial},
    Meaning{"klipsdebug", "none", klips},
    Meaning{"leftauth", "psk secret", psk_only},
    Meaning{"leftca", "", no_certificates},
    Meaning{"leftcert", "", no_certificates},
    Meaning{"leftfirewall", "*",
            "nothing clear that comes from outside is forwarded; there are no rules to add"},
    Meaning{"leftmodecfgserver", no, no_xauth},
    Meaning{"leftprotoport", "17/1701 udp/1701 udp/l2tp 17/l2tp", "our side is always 17/1701"},
    Meaning{"leftrsasigkey", "", no_certificates},
    Meaning{"leftsendcert", "*", no_certificates},
    Meaning{"leftsourceip", "", "the gateway's own address is that of its port"},
    Meaning{"leftsubnet", "", no_subnet},
    Meaning{"leftupdown", "", no_scripts},
    Meaning{"leftxauthserver", no, no_xauth},
    Meaning{"lifebytes", "", "ike.sa_lifetime_kilobytes limits an SA's traffic"},
    Meaning{"listen", "", "the gateway listens on the address of [outside]"},
    Meaning{"logfile", "*", own_log},
    Meaning{"logappend", "*", own_log},
    Meaning{"logtime", "*", own_log},
    Meaning{"mark", "*", "SAs are found by their SPI; several clients behind one NAT need no marks"},
    Meaning{"mobike", no, no_ikev2},
    Meaning{"modecfgpull", no, no_xauth},
    Meaning{"modeconfig", "*", no_xauth},
    Meaning{"mtu", "", "outer_mtu of [gateway] limits outer packets"},
    Meaning{"nat-ikev1-method", "*", "every method of IKEv1's NAT traversal that clients have is taken"},
    Meaning{"nat-keepalive", "*",
            "ike.keepalive_seconds says whether keepalives are sent; clients send their own"},
    Meaning{"nat-traversal", yes, "NAT traversal is always on"},
    Meaning{"nflog-all", "*", klips},
    Meaning{"nhelpers", "*", "ike.dh_threads says how many threads compute Diffie-Hellman"},
    Meaning{"oe", no, "there is no opportunistic encryption"},
    Meaning{"overlapip", "*", "clients with the same address behind their NATs never collide"},
    Meaning{"overridemtu", "", "outer_mtu of [gateway] limits outer packets"},
    Meaning{"pfs", no, "PFS is accepted when a client proposes it, and never demanded"},
    Meaning{"phase2", "esp", "AH is refused; ESP is what clients use"},
    Meaning{"pidfile", "*", klips},
    Meaning{"plutofork", "*", klips},
    Meaning{"plutoopts", "", "options of another program; left out"},
    Meaning{"plutorestartoncrash", "*", "a process that dies is started again"},
    Meaning{"plutostart", "*", klips},
    Meaning{"plutostderrlog", "", own_log},
    Meaning{"plutostderrlogtime", "*", own_log},
    Meaning{"plutowait", "*", only_clients_dial},
    Meaning{"priority", "*", "SAs are found by their SPI; there are no priorities"},
    Meaning{"protostack", "*", "the data plane is our own"},
    Meaning{"reauth", "*", "a client that authenticates anew keeps its session"},
    Meaning{"rekeyfuzz", "*", "rekeying begins at ike.rekey_margin_seconds, without chance"},
    Meaning{"remote-peer-type", "*", "Cisco's extensions are not there"},
    Meaning{"replay-window", "*", "the replay window holds at least 1024 packets"},
    Meaning{"right", "%any 0.0.0.0", "any address may dial; to limit a key to one, from of [[ike.psk]]"},
    Meaning{"rightaddresspool", "", "clients.pool has the clients' addresses"},
    Meaning{"rightauth", "psk secret", psk_only},
    Meaning{"rightca", "", no_certificates},
    Meaning{"rightcert", "", no_certificates},
    Meaning{"rightid", "%any %none", not_the_identity},
    Meaning{"rightmodecfgclient", no, no_xauth},
    Meaning{"rightnexthop", "*", "the way to clients is outside.gateway"},
    Meaning{"rightprotoport", "*", "a client may use any UDP port"},
    Meaning{"rightrsasigkey", "", no_certificates},
    Meaning{"rightsendcert", "*", no_certificates},
    Meaning{"rightsourceip", "", "clients get their addresses by PPP, from clients.pool"},
    Meaning{"rightsubnetwithin", "*",
            "a client may have any address behind its NAT (ike.allowed_client_networks)"},
    Meaning{"rightxauthclient", no, no_xauth},
    Meaning{"sareftrack", "*", "SAs are found by their SPI; clients behind one NAT never collide"},
    Meaning{"secretsfile", "", "name that file on the command line as well"},
    Meaning{"sha2-truncbug", no,
            "SHA2-256 always has its whole ICV of 128 bits; racoon's clients, which may cut it, get another "
            "hash where they offer one"},
    Meaning{"strictcrlpolicy", "*", no_certificates},
    Meaning{"syslog", "*", own_log},
    Meaning{"type", "transport", "transport mode only; a client that proposes a tunnel is refused"},
    Meaning{
        "uniqueids", "no never",
        "a client that comes again takes the place of itself only, never of a neighbour behind the same NAT"},
};

}  // namespace

const Meaning* find_meaning(std::string_view key) {
  const auto found = std::ranges::find(meanings, key, &Meaning::key);
  return found == meanings.end() ? nullptr : &*found;
}

bool means_the_same(const Meaning& meaning, std::string_view value) {
  if (meaning.same_values == "*") return true;
  const auto values = list_value(meaning.same_values, ' ');
  return std::ranges::any_of(values, [&](std::string_view each) { return same_text(each, value); });
}

}  // namespace espgate::openswan
