// SPDX-License-Identifier: Apache-2.0
// What a file that can't be read as a configuration is answered with, word by word: place, what was expected,
// what came.
#include "config/config_file.h"
#include "tests/unit/config/config_text.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::config {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Case {
  const char* sentence;
  std::string text;
  std::string message;
};

std::string ports(std::string_view from, std::string_view to) { return with(good_ports, from, to); }
std::string file(std::string_view from, std::string_view to) { return with(good_file, from, to); }

const std::vector<Case> cases = {
    {"an unknown key", ports("\naddress", "\nadddres"),
     "g.toml:1:1: \"address\" is missing in [outside]\n"
     "g.toml:3:1: unknown key \"adddres\" in [outside]; did you mean \"address\"?\n"},
    {"an unknown key that resembles nothing", good_ports + "[gateway]\ncolour = 1\n",
     "g.toml:11:1: unknown key \"colour\" in [gateway]; known: \"public_address\", \"outer_mtu\", "
     "\"client_to_client\" "
     "and \"inside_prefixes\"\n"},
    {"an unknown table", good_ports + "[worker]\ncount = 2\n",
     "g.toml:10:2: unknown table \"worker\"; did you mean \"workers\"?\n"},
    {"an unknown list of tables", good_ports + "[[routes]]\n",
     "g.toml:10:3: unknown key \"routes\"; did you mean \"route\"?\n"},
    {"a list of tables with single brackets", good_ports + "[route]\nprefix = \"10.0.0.0/8\"\n",
     "g.toml:10:1: route: expected a list of tables, each headed [[route]], got a table\n"},
    {"a table with double brackets", with(good_ports, "[clients]", "[[clients]]"),
     "g.toml:8:1: clients: expected a table, got an array\n"},
    {"an empty file", "",
     "g.toml: \"outside\" is missing; [outside] is the port that clients reach\n"
     "g.toml: \"clients\" is missing; [clients] has the pool of their inner addresses\n"},
    {"several things at once, in the order of the lines",
     ports("10.20.0.10/24", "10.20.0.10") + "[workers]\ncount = 0\nidle = \"lazy\"\n",
     "g.toml:3:11: address: expected an IPv4 address with the length of its network, like \"10.20.0.10/24\", "
     "got the "
     "string \"10.20.0.10\"\n"
     "g.toml:11:9: count: expected an integer from 1 to 64, got the integer 0\n"
     "g.toml:12:8: idle: unknown value \"lazy\"; known: \"poll\" and \"adaptive\"\n"},

    {"no TOML", "[outside\n",
     "g.toml:1:9: not valid TOML: Error while parsing table header: expected ']', saw '\\n'\n"},
    {"a key twice", good_ports + "pool = \"10.41.0.0/24\"\n",
     "g.toml:10:8: not valid TOML: Error while parsing key-value pair: cannot redefine existing string "
     "'pool'\n"},
    {"deep nesting", "# a comment may have " + std::string(100, '.') + "\na" + std::string(65, '.') + "\n",
     "g.toml:2:66: a key of more than 64 parts, or too many numbers in one line\n"},
    {"letters beyond ASCII in a key", good_ports + "[memory]\nbüffers = 1\n",
     "g.toml:11:2: a character beyond ASCII outside of strings and comments\n"},
    {"a string right behind a number", ports("= \"s0\"", "= 2\"ä\""),
     "g.toml:2:14: a quote in the middle of a word\n"},
    {"a string over several lines", ports("\"s0\"", "\"\"\"\ns0\"\"\""),
     "g.toml:2:13: a string over several lines; write it in one line\n"},
    {"a string without an end, before a letter beyond ASCII", ports("\"s0\"", "\"s0\nä"),
     "g.toml:2:16: not valid TOML: Error while parsing string: unescaped control characters other than TAB "
     "(U+0009) are explicitly prohibited\n"},

    {"a device that is none", ports("interface = \"s0\"", "device = \"eth7\""),
     "g.toml:2:10: device: expected a PCI address like \"0000:00:06.0\" or one of DPDK's virtual devices "
     "like "
     "\"net_af_packet0,iface=s0\", got \"eth7\"; for the interface eth7 write interface = \"eth7\"\n"},
    {"an interface that is a PCI address", ports("\"s0\"", "\"0000:00:06.0\""),
     "g.toml:2:13: interface: expected the name of a network interface, got \"0000:00:06.0\"; write device = "
     "\"0000:00:06.0\"\n"},
    {"both a device and an interface",
     ports("interface = \"s0\"", "interface = \"s0\"\ndevice = \"net_null0\""),
     "g.toml:2:13: \"device\" and \"interface\" say the same thing twice; keep one of them\n"},
    {"neither a device nor an interface", ports("interface = \"s0\"\n", ""),
     "g.toml:1:1: \"interface\" is missing in [outside]; or \"device\", a PCI address or a DPDK virtual "
     "device\n"},
    {"an address of IPv6", ports("10.20.0.10/24", "2001:db8::1/64"),
     "g.toml:3:11: address: expected an IPv4 address with the length of its network, like \"10.20.0.10/24\", "
     "got the "
     "string \"2001:db8::1/64\"\n"},
    {"a gateway that is no address", ports("10.20.0.1\"", "10.20.0.256\""),
     "g.toml:4:11: gateway: expected an IPv4 address like \"10.20.0.1\", got the string \"10.20.0.256\"\n"},
    {"an address that is a number", ports("\"10.20.0.10/24\"", "10.2"),
     "g.toml:3:11: address: expected an IPv4 address with the length of its network, like \"10.20.0.10/24\", "
     "got the "
     "number 10.2\n"},
    {"an MTU out of range", ports("[inside]", "mtu = 9002\n[inside]"),
     "g.toml:5:7: mtu: expected an integer from 576 to 9001, got the integer 9002\n"},
    {"an MTU in words", ports("[inside]", "mtu = \"1500\"\n[inside]"),
     "g.toml:5:7: mtu: expected an integer from 576 to 9001, got the string \"1500\"\n"},
    {"a pool with host bits", ports("10.40.0.0/24", "10.40.0.1/24"),
     "g.toml:9:8: pool: 10.40.0.1/24 is an address in a network, not a network; write \"10.40.0.0/24\"\n"},
    {"a route without its hop", good_ports + "[[route]]\nprefix = \"10.0.0.0/8\"\n",
     "g.toml:10:1: \"via\" is missing in [[route]]\n"},
    {"prefixes that are no array", good_ports + "[gateway]\ninside_prefixes = \"10.0.0.0/8\"\n",
     "g.toml:11:19: inside_prefixes: expected an array of networks like [\"10.0.0.0/8\", "
     "\"192.168.7.0/24\"], got the "
     "string \"10.0.0.0/8\"\n"},
    {"a prefix that is none", good_ports + "[gateway]\ninside_prefixes = [\"10.0.0.0/8\",\n \"10.0.0.0\"]\n",
     "g.toml:12:2: inside_prefixes: expected an IPv4 network like \"10.40.0.0/24\", got the string "
     "\"10.0.0.0\"\n"},
    {"a flag in quotes", good_ports + "[gateway]\nclient_to_client = \"yes\"\n",
     "g.toml:11:20: client_to_client: expected true or false, got the string \"yes\"\n"},
    {"a core that is a date", good_ports + "[workers]\ncores = [1, 2024-01-01]\n",
     "g.toml:11:13: cores: expected an integer from 0 to 1023, got a date\n"},
    {"an engine that there is not", good_ports + "[workers]\nengine = \"ipsecmb\"\n",
     "g.toml:11:10: engine: unknown value \"ipsecmb\"; did you mean \"ipsec_mb\"?\n"},
    {"hugepages as a flag", good_ports + "[memory]\nhugepages = true\n",
     "g.toml:11:13: hugepages: expected \"auto\" or \"on\" or \"off\", got true\n"},
    {"a folder that is not from the root", good_ports + "[runtime]\ndirectory = \"run\"\n",
     "g.toml:11:13: directory: expected a path from the root, got \"run\"\n"},
    {"a log level that there is not", good_ports + "[runtime]\nlog_level = \"warn\"\n",
     "g.toml:11:13: log_level: unknown value \"warn\"; did you mean \"warning\"?\n"},
    {"a terminal's escape sequence", good_ports + "[runtime]\nlog_level = \"\\u001b[2J\"\n",
     "g.toml:11:13: log_level: expected a string of at least one character, in one line, got the string "
     "\"\\x1b[2J\"\n"},

    {"a suite that there is not", file("\"aes256-sha256\"", "\"aes256-sha265\""),
     "g.toml:14:9: unknown suite \"aes256-sha265\"; did you mean \"aes256-sha256\"?\n"},
    {"a remote with a bad port", file(":4501", ":0"),
     "g.toml:15:10: remote: expected an IPv4 address and UDP port like \"198.51.100.7:4500\", got "
     "\"198.51.100.7:0\"\n"},
    {"a remote by name", file("198.51.100.7:4501", "client.example"),
     "g.toml:15:10: remote: expected an IPv4 address and UDP port like \"198.51.100.7:4500\", got "
     "\"client.example\"\n"},
    {"an L2TP id of zero", file("tunnel = 1", "tunnel = 0"),
     "g.toml:17:10: tunnel: expected an integer from 1 to 65535, got the integer 0\n"},
    {"no L2TP id", file("session = 2\n", ""),
     "g.toml:12:1: \"session\" is missing in [[static_peer]]; an L2TP id from 1 to 65535\n"},
    {"a window that no SA can have", file("tunnel = 1", "replay_window = 8192\ntunnel = 1"),
     "g.toml:17:17: replay_window: expected an integer from 32 to 4096, got the integer 8192\n"},
    {"an SPI of more than 32 bits", file("0x10000400", "0x100000400"),
     "g.toml:21:19: spi: expected an integer from 1 to 4294967295, got the integer 4294968320\n"},
    {"no outbound SA", good_file.substr(0, good_file.find("outbound")),
     "g.toml:12:1: \"outbound\" is missing in [[static_peer]]; write outbound = { spi = …, key = \"0x…\", "
     "integrity_key = "
     "\"0x…\" }\n"},
    {"an unknown key of an SA", file("integrity_key", "integrity"),
     "g.toml:21:11: inbound: aes256-sha256 takes an integrity key of 32 bytes, got 0\n"
     "g.toml:21:107: unknown key \"integrity\" in inbound of [[static_peer]]; did you mean "
     "\"integrity_key\"?\n"},
};

TEST(ConfigErrors, SayWhatAndWhere) {
  for (const Case& test : cases) {
    SCOPED_TRACE(test.sentence);
    const auto parsed = parse_config(test.text, "g.toml");
    ASSERT_FALSE(parsed) << test.text;
    EXPECT_EQ(parsed.error().to_string(), test.message) << test.text;
  }
}

// Each is a key, or what somebody took for one; none of it may come back in a message.
const std::vector<Case> key_cases = {
    {"a key that is too short", file(key_in, key_in.substr(0, 40)),
     "g.toml:21:11: inbound: aes256-sha256 takes a cipher key of 32 bytes, got 19\n"},
    {"a key that is far too short", file(key_in, "0x00010203"),
     "g.toml:21:37: key: expected a key of at least 16 hexadecimal digits, \"0x…\"\n"},
    {"a key with a digit missing", file(key_in, key_in.substr(0, 65)),
     "g.toml:21:37: key: a key has an odd number of hexadecimal digits (63)\n"},
    {"a key with a letter that is no digit", file(key_in, with(key_in, "1e1f", "1e1g")),
     "g.toml:21:37: key: a key holds something that is not a hexadecimal digit\n"},
    {"a key with blanks", file(key_in, with(key_in, "1e1f", " 1e1f")),
     "g.toml:21:37: key: a key holds something that is not a hexadecimal digit\n"},
    {"a key without quotes", file('"' + key_in + '"', key_in.substr(2)),
     "g.toml:21:37: 16 or more hexadecimal digits in a row that are not in quotes; write keys in quotes, "
     "\"0x…\"\n"},
    {"a key with an escape in it", file(key_in, "\\u0030" + key_in),
     "g.toml:21:37: key: expected a key in a plain string in one line, without escapes\n"},
    {"a key in a string of several lines", file('"' + key_in + '"', "'''\n" + key_in + "'''"), ""},
    {"an AEAD key without its salt",
     with(file("aes256-sha256", "aes256gcm16"), ", integrity_key = \"" + integrity_in + '"', ""), ""},
    {"a key in the place of a name", file("\"alice\"", '"' + key_in + '"'),
     "g.toml:13:8: name: expected a string of at least one character, in one line, got 16 or more "
     "hexadecimal digits in a "
     "row (not shown: it may be a key)\n"},
    {"a key in the place of an address", file("10.40.0.2", key_in), ""},
    {"a key in the place of a key's name", file("name =", key_in.substr(2) + " ="),
     "g.toml:13:1: 16 or more hexadecimal digits in a row that are not in quotes; write keys in quotes, "
     "\"0x…\"\n"},
    {"a key in the place of a key's name, in quotes", file("name =", '"' + key_in + "\" ="),
     "g.toml:12:1: \"name\" is missing in [[static_peer]]\n"
     "g.toml:13:1: unknown key \"0x…\" in [[static_peer]]"},
    {"a key that breaks off", good_file.substr(0, good_file.find(key_in) + 50), ""},
};

TEST(ConfigErrors, NeverShowAKey) {
  for (const Case& test : key_cases) {
    SCOPED_TRACE(test.sentence);
    const auto parsed = parse_config(test.text, "g.toml");
    ASSERT_FALSE(parsed) << test.text;
    const std::string message = parsed.error().to_string();
    if (!test.message.empty()) {
      EXPECT_THAT(message, testing::StartsWith(test.message)) << test.text;
    }
    EXPECT_THAT(message, Not(HasSubstr("0405060708")));
    EXPECT_THAT(message, Not(HasSubstr("\xEE\x80\x80"))) << "the mark that covers keys";
  }
}

}  // namespace
}  // namespace espgate::config
