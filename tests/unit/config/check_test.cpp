// SPDX-License-Identifier: Apache-2.0
// What a file that reads well but cannot work is answered with.
#include "config/check.h"

#include "config/config_file.h"
#include "tests/unit/config/config_text.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::config {
namespace {

Problems check_text(const std::string& text) {
  const auto parsed = parse_config(text, "g.toml");
  if (!parsed) throw std::runtime_error("does not parse: " + parsed.error().to_string());
  return check(parsed->config, parsed->places);
}

struct Case {
  const char* sentence;
  std::string text;
  std::string message;  // empty: nothing to complain of
};

std::string ports(std::string_view from, std::string_view to) { return with(good_ports, from, to); }
std::string file(std::string_view from, std::string_view to) { return with(good_file, from, to); }
std::string route(const std::string& prefix, const std::string& via) {
  return "[[route]]\nprefix = \"" + prefix + "\"\nvia = \"" + via + "\"\n";
}
std::string one_port(const std::string& gateway) {
  return R"([outside]
interface = "s0"
address = "10.20.0.10/24"
gateway = "10.20.0.1"
[clients]
pool = "10.40.0.0/24"
)" + gateway;
}
// A second peer, whose keys, SPIs and names differ from alice's.
const std::string bob = R"([[static_peer]]
name = "bob"
suite = "aes256-sha256"
inner_address = "10.40.0.3"
tunnel = 1
session = 2
peer_tunnel = 3
peer_session = 4
inbound = { spi = 0x10000800, key = "0x)" +
                        std::string(64, 'a') + R"(", integrity_key = "0x)" + std::string(64, 'b') + R"(" }
outbound = { spi = 0xc1000002, key = "0x)" +
                        std::string(64, 'c') + R"(", integrity_key = "0x)" + std::string(64, 'd') + R"(" }
)";
std::string with_bob(std::string_view from, std::string_view to) { return good_file + with(bob, from, to); }
// A peer with AES-GCM; `state` is what stands in [runtime].
std::string gcm_peer(const std::string& state, const std::string& inbound_key,
                     const std::string& outbound_key) {
  return good_ports + state + R"([[static_peer]]
name = "carol"
suite = "aes128gcm16"
inner_address = "10.40.0.4"
tunnel = 1
session = 1
peer_tunnel = 1
peer_session = 1
inbound = { spi = 0x10000400, key = ")" +
         inbound_key + R"(" }
outbound = { spi = 0xc1000002, key = ")" +
         outbound_key + "\" }\n";
}

const std::vector<Case> cases = {
    {"a good file", good_file, ""},
    {"a good file with two peers", good_file + bob, ""},
    {"one port for both sides", one_port("[gateway]\ninside_prefixes = [\"10.0.0.0/8\"]\n"), ""},

    {"the Elastic IP on a port",
     ports("10.20.0.10/24", "203.0.113.10/24") + "[gateway]\npublic_address = \"203.0.113.10\"\n",
     "g.toml:3:11: 203.0.113.10 is the Elastic IP (gateway.public_address); the interface has the private "
     "address; write the "
     "interface's private address, which the EC2 console shows beside it\n"
     "g.toml:4:11: gateway 10.20.0.1 is not on the network of [outside], 203.0.113.0/24; a gateway is a next "
     "hop on the "
     "link\n"},
    {"a public address that nobody can reach", good_ports + "[gateway]\npublic_address = \"127.0.0.1\"\n",
     "g.toml:11:18: 127.0.0.1 is no address that clients can reach\n"},
    {"a gateway elsewhere", ports("\"10.20.0.1\"", "\"10.21.0.1\""),
     "g.toml:4:11: gateway 10.21.0.1 is not on the network of [outside], 10.20.0.0/24; a gateway is a next "
     "hop on the link\n"},
    {"a gateway that is the port itself", ports("\"10.20.0.1\"", "\"10.20.0.10\""),
     "g.toml:4:11: gateway 10.20.0.10 is the port's own address; name the next hop, or leave out "
     "\"gateway\"\n"},
    {"a gateway that is the broadcast address", ports("\"10.20.0.1\"", "\"10.20.0.255\""),
     "g.toml:4:11: gateway 10.20.0.255 is the network or broadcast address of 10.20.0.0/24\n"},
    {"the network's address for a port", ports("10.30.0.1/24", "10.30.0.0/24"),
     "g.toml:7:11: 10.30.0.0 is the network address of 10.30.0.0/24\n"},
    {"the broadcast address for a port", ports("10.30.0.1/24", "10.30.0.255/24"),
     "g.toml:7:11: 10.30.0.255 is the broadcast address of 10.30.0.0/24\n"},
    {"either address of a network of two", ports("10.30.0.1/24", "10.30.0.0/31"), ""},
    {"a multicast address for a port", ports("10.30.0.1/24", "224.0.0.1/24"),
     "g.toml:7:11: 224.0.0.1 is no address that an interface can have\n"},
    {"a link without neighbours", ports("10.30.0.1/24", "10.30.0.1/32"),
     "g.toml:7:11: a link with a network of /32 cannot be; write the length of the network on the link, like "
     "\"10.30.0.1/24\"\n"},
    {"networks that overlap", ports("10.30.0.1/24", "10.20.1.1/16"),
     "g.toml:7:11: the networks of [inside], 10.20.0.0/16, and [outside], 10.20.0.0/24, overlap\n"},
    {"no gateway outside", ports("gateway = \"10.20.0.1\"\n", ""),
     "warning: g.toml:1:1: [outside] has no gateway: only clients on 10.20.0.0/24 itself can be reached\n"},
    {"the same interface twice", ports("\"s1\"", "\"s0\""),
     "g.toml:5:1: [outside] and [inside] are on the same interface s0; for one port on both sides leave out "
     "[inside] and set "
     "gateway.inside_prefixes\n"},
    {"the same PCI device twice, once without its domain",
     with(ports("interface = \"s1\"", "device = \"00:06.0\""), "interface = \"s0\"",
          "device = \"0000:00:06.0\""),
     "g.toml:5:1: [outside] and [inside] have the same device 00:06.0; for one port on both sides leave out "
     "[inside] and set "
     "gateway.inside_prefixes\n"},
    {"an outer MTU beyond the link's", good_ports + "[gateway]\nouter_mtu = 1600\n",
     "g.toml:11:13: outer_mtu 1600 is larger than the MTU of [outside], 1500; lower it, or write mtu = 1600 "
     "in [outside] if "
     "the link takes it\n"},
    {"frames that are smaller than the MTU",
     with(ports("interface = \"s0\"", "device = \"net_af_packet0,iface=s0\""),
          "gateway =", "mtu = 9001\ngateway ="),
     "g.toml:2:10: packets of more than 1964 bytes do not fit into the device's frames, and mtu is 9001; "
     "write interface = "
     "\"s0\" instead, which sets large frames\n"},

    {"nothing inside", one_port(""),
     "g.toml: there is no [inside], and gateway.inside_prefixes does not say which networks are inside; add "
     "[inside], or, for "
     "one port on both sides, inside_prefixes = [\"10.0.0.0/8\"]\n"},
    {"everything inside", one_port("[gateway]\ninside_prefixes = [\"0.0.0.0/0\"]\n"),
     "g.toml:8:20: 0.0.0.0/0 would take clear packets from everywhere as if they came from inside; name the "
     "private "
     "networks\n"},
    {"clients inside", one_port("[gateway]\ninside_prefixes = [\"10.0.0.0/16\", \"10.40.0.0/25\"]\n"),
     "g.toml:8:35: 10.40.0.0/25 lies within the pool of the clients, 10.40.0.0/24: those are reached through "
     "ESP only\n"},
    {"prefixes beside an inside port", good_ports + "[gateway]\ninside_prefixes = [\"10.0.0.0/8\"]\n",
     "warning: g.toml:11:19: inside_prefixes has no effect beside [inside]; leave out one of them\n"},

    {"a pool on a link", ports("10.40.0.0/24", "10.30.0.128/25"),
     "g.toml:9:8: the pool 10.30.0.128/25 overlaps the network of [inside], 10.30.0.0/24; give clients a "
     "network of their "
     "own, and the private hosts a route to it\n"},
    {"a pool of multicast addresses", ports("10.40.0.0/24", "239.0.0.0/24"),
     "g.toml:9:8: 239.0.0.0/24 holds no addresses that hosts can have\n"},
    {"a pool with the public address",
     ports("10.40.0.0/24", "203.0.113.0/24") + "[gateway]\npublic_address = \"203.0.113.10\"\n",
     "g.toml:9:8: the pool holds gateway.public_address\n"},

    {"routes inside", good_ports + route("10.0.0.0/8", "10.30.0.254") + route("172.16.0.0/12", "10.30.0.254"),
     ""},
    {"a default route inside", good_ports + route("0.0.0.0/0", "10.30.0.254"), ""},
    {"a route that takes clients' addresses", good_ports + route("10.40.0.128/25", "10.30.0.254"),
     "g.toml:11:10: a route to 10.40.0.128/25 takes addresses from the pool of the clients, 10.40.0.0/24\n"},
    {"a next hop on no link", good_ports + route("172.16.0.0/12", "10.31.0.254"),
     "g.toml:12:7: via 10.31.0.254 is on no link of the gateway; a next hop on 10.20.0.0/24 or "
     "10.30.0.0/24\n"},
    {"a next hop that is the gateway", good_ports + route("172.16.0.0/12", "10.30.0.1"),
     "g.toml:12:7: via 10.30.0.1 is the gateway's own address\n"},
    {"a next hop that is the broadcast address", good_ports + route("172.16.0.0/12", "10.30.0.255"),
     "g.toml:12:7: via 10.30.0.255 is the network or broadcast address of 10.30.0.0/24\n"},
    {"a route that leaves by the outside", good_ports + route("172.16.0.0/12", "10.20.0.1"),
     "warning: g.toml:12:7: what clients send to 172.16.0.0/12 leaves by [outside] and is not encrypted\n"},
    {"a route twice",
     good_ports + route("172.16.0.0/12", "10.30.0.254") + route("172.16.0.0/12", "10.30.0.253"),
     "g.toml:14:10: there are two routes to 172.16.0.0/12; the other goes by 10.30.0.254\n"},
    {"a route to a link", good_ports + route("10.30.0.0/24", "10.30.0.254"),
     "g.toml:11:10: 10.30.0.0/24 is the network of [inside] itself and needs no route\n"},

    {"more workers than cores named", good_ports + "[workers]\ncount = 3\ncores = [1, 2]\n",
     "g.toml:12:9: cores lists 2 cores for 3 workers; leave out \"count\", or name a core for each worker\n"},
    {"two workers on a core", good_ports + "[workers]\ncores = [1, 1]\n",
     "warning: g.toml:11:9: several workers share a core; give each worker a core of its own\n"},

    {"a peer outside the pool", file("10.40.0.2", "10.41.0.2"),
     "g.toml:16:17: inner_address 10.41.0.2 is not in the pool 10.40.0.0/24; clients.pool must hold the "
     "addresses of all "
     "clients, static ones too\n"},
    {"two peers with one address", with_bob("10.40.0.3", "10.40.0.2"),
     "g.toml:26:17: \"alice\" and \"bob\" have the same inner_address 10.40.0.2\n"},
    {"two peers of one name", with_bob("\"bob\"", "\"alice\""),
     "g.toml:24:8: there are two static peers \"alice\"\n"},
    {"a remote that is the gateway", file("198.51.100.7", "10.20.0.10"),
     "g.toml:15:10: remote 10.20.0.10 is the gateway itself; \"remote\" is where the client is\n"},
    {"a remote that is inside the tunnel", file("198.51.100.7", "10.40.0.2"),
     "g.toml:15:10: remote 10.40.0.2 is in the pool, whose addresses are inside the tunnels; \"remote\" is "
     "the client's "
     "outer address\n"},
    {"a remote that is no host", file("198.51.100.7", "255.255.255.255"),
     "g.toml:15:10: remote 255.255.255.255 is no address that a client can have\n"},
    {"an inbound SPI below 1024", file("0x10000400", "0x3ff"),
     "g.toml:21:19: inbound SPI 0x000003ff has zeros in bits 10 to 27, by which the data plane finds an SA, "
     "and 0 stands for "
     "none; use 0x000007ff\n"},
    {"an inbound SPI with slot 0", file("0x10000400", "0x10000001"),
     "g.toml:21:19: inbound SPI 0x10000001 has zeros in bits 10 to 27, by which the data plane finds an SA, "
     "and 0 stands for "
     "none; use 0x10000401\n"},
    {"two inbound SPIs in one slot", with_bob("0x10000800", "0x20000401"),
     "g.toml:31:19: inbound SPI 0x20000401 has the same bits 10 to 27 as that of \"alice\", 0x10000400: by "
     "them the data "
     "plane finds an SA; use 0x20000801\n"},
    {"a reserved outbound SPI", file("0xc1000001", "255"),
     "g.toml:22:20: outbound SPI 255 is reserved (RFC 4303 §2.1); it is the client's to choose, from 256 "
     "on\n"},
    {"an MRU that does not fit", file("tunnel = 1", "mru = 1405\ntunnel = 1"),
     "warning: g.toml:17:7: mru 1405 is more than aes256-sha256 leaves of outer packets of 1500 bytes: 1404; "
     "write mru = "
     "1404\n"},
    {"an MRU that does not fit a smaller path", file("[runtime]", "[gateway]\nouter_mtu = 1460\n[runtime]"),
     "warning: g.toml:14:1: mru 1400 is more than aes256-sha256 leaves of outer packets of 1460 bytes: 1372; "
     "write mru = "
     "1372\n"},
    {"one key for two peers", with_bob(std::string(64, 'a'), key_in.substr(2)),
     "warning: g.toml:31:11: inbound has the same key as inbound of \"alice\"; every SA needs a key of its "
     "own\n"},
    {"an AEAD", gcm_peer(good_runtime, "0x" + std::string(40, '1'), "0x" + std::string(40, '2')), ""},
    {"an AEAD with one key for both directions",
     gcm_peer(good_runtime, "0x" + std::string(40, '1'), "0x" + std::string(40, '1')),
     "g.toml:21:12: outbound has the same key as inbound of \"carol\", so nonces repeat and give the key "
     "stream away; every SA "
     "needs a key of its own\n"},
};

TEST(CheckConfig, RefusesWhatCannotWorkAndSaysWhy) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    EXPECT_EQ(check_text(test.text).to_string(), test.message) << test.text;
  }
}

TEST(CheckConfig, RefusesAnAeadWhoseNoncesWouldRepeatAfterARestart) {
  const auto found = check_text(gcm_peer("", "0x" + std::string(40, '1'), "0x" + std::string(40, '2')));
  ASSERT_EQ(found.errors.size(), 1U) << found.to_string();
  EXPECT_THAT(
      found.errors[0].to_string(),
      testing::StartsWith("g.toml:12:9: aes128gcm16 without runtime.state_directory: after a restart"));
}

TEST(CheckConfig, WarnsThatStaticPeersForgetTheirSequenceNumbers) {
  const auto found = check_text(good_ports + good_peer);
  EXPECT_TRUE(found.errors.empty());
  ASSERT_EQ(found.warnings.size(), 1U);
  EXPECT_THAT(found.warnings[0].to_string(),
              testing::StartsWith("g.toml:10:1: without runtime.state_directory"));
}

TEST(CheckConfig, WarnsOfLegacySuites) {
  for (const crypto::Suite& suite : crypto::suites()) {
    if (!suite.legacy) continue;
    SCOPED_TRACE(suite.name);
    std::string text = with(good_file, "\"aes256-sha256\"", '"' + std::string(suite.name) + '"');
    const std::string cipher(std::size_t{suite.cipher_key_bytes} * 2, '5');
    const std::string integrity(std::size_t{suite.integrity_key_bytes} * 2, '6');
    const std::string keys = cipher.empty() ? "" : "key = \"" + cipher + "\", ";
    text = text.substr(0, text.find("inbound")) + "inbound = { spi = 0x10000400, " + keys +
           "integrity_key = \"" + integrity + "\" }\noutbound = { spi = 0xc1000001, " + keys +
           "integrity_key = \"" + integrity + "\" }\n";
    const auto found = check_text(text);
    EXPECT_TRUE(found.errors.empty()) << found.to_string();
    EXPECT_THAT(found.to_string(),
                testing::HasSubstr(std::string(suite.name) + " is legacy and protects little"));
  }
}

}  // namespace
}  // namespace espgate::config
