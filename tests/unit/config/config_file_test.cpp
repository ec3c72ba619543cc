// SPDX-License-Identifier: Apache-2.0
// What a file says is what the configuration holds.
#include "config/config_file.h"

#include "config/device.h"
#include "config/load.h"
#include "tests/unit/config/config_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace espgate::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Parsed parse(const std::string& text) {
  auto parsed = parse_config(text, "g.toml");
  if (!parsed) throw std::runtime_error(parsed.error().to_string());
  return std::move(*parsed);
}

Config config_of(const std::string& text) { return std::move(parse(text).config); }

std::vector<unsigned> bytes_of(const crypto::SecretBytes& secret) {
  std::vector<unsigned> bytes;
  for (const std::byte byte : secret.bytes()) bytes.push_back(std::to_integer<unsigned>(byte));
  return bytes;
}

std::vector<unsigned> counting_from(unsigned first, std::size_t count) {
  std::vector<unsigned> bytes(count);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

TEST(ConfigFile, APortHasItsAddressNetworkAndGateway) {
  const Config config = config_of(good_ports);
  EXPECT_EQ(config.outside.address.to_string(), "10.20.0.10/24");
  EXPECT_EQ(config.outside.gateway, 0x0a140001U);
  EXPECT_EQ(config.outside.mtu, 1500);
  ASSERT_TRUE(config.inside);
  EXPECT_EQ(config.inside->address.to_string(), "10.30.0.1/24");
  EXPECT_FALSE(config.inside->gateway);
  EXPECT_EQ(&config.private_port(), &*config.inside);
}

TEST(ConfigFile, ADeviceIsTakenAsItIs) {
  const Config config =
      config_of(with(good_ports, "interface = \"s0\"", "device = \"net_af_packet7,iface=x,qpairs=2\""));
  EXPECT_EQ(config.outside.device, "net_af_packet7,iface=x,qpairs=2");
}

TEST(ConfigFile, AnInterfaceBecomesAnAfPacketDeviceWithAQueueForEachWorker) {
  const Config one = config_of(good_ports);
  EXPECT_EQ(one.outside.device, "net_af_packet0,iface=s0,blocksz=65536,framesz=16384,framecnt=1024");
  EXPECT_EQ(one.inside->device, "net_af_packet1,iface=s1,blocksz=65536,framesz=16384,framecnt=1024");
  const Config two = config_of(good_ports + "[workers]\ncount = 2\n");
  EXPECT_EQ(Device(two.outside.device).argument("qpairs"), "2");
}

TEST(ConfigFile, WorkersSleepOnAfPacketAndPollElsewhere) {
  EXPECT_EQ(config_of(good_ports).workers.idle, Idle::adaptive);
  const std::string pci = with(with(good_ports, "interface = \"s0\"", "device = \"0000:00:06.0\""),
                               "interface = \"s1\"", "device = \"0000:00:07.0\"");
  EXPECT_EQ(config_of(pci).workers.idle, Idle::poll);
  EXPECT_EQ(config_of(pci + "[workers]\nidle = \"adaptive\"\n").workers.idle, Idle::adaptive);
  EXPECT_EQ(config_of(good_ports + "[workers]\nidle = \"poll\"\n").workers.idle, Idle::poll);
  EXPECT_EQ(config_of(with(good_ports, "interface = \"s0\"", "device = \"0000:00:06.0\"")).workers.idle,
            Idle::poll);
}

TEST(ConfigFile, WhatIsLeftOutHasItsDefault) {
  const Config config = config_of(good_ports);
  EXPECT_EQ(config.outer_mtu, 1500);
  EXPECT_FALSE(config.public_address);
  EXPECT_FALSE(config.client_to_client);
  EXPECT_EQ(config.workers.count, 1U);
  EXPECT_THAT(config.workers.cores, IsEmpty());
  EXPECT_EQ(config.engine, crypto::EngineChoice::automatic);
  EXPECT_EQ(config.hugepages, Hugepages::automatic);
  EXPECT_EQ(config.memory_megabytes, 0U);
  EXPECT_EQ(config.buffers, 0U);
  EXPECT_EQ(config.reassembly_datagrams, 256U);
  EXPECT_EQ(config.runtime_directory, "/run/espgate");
  EXPECT_THAT(config.state_directory.string(), IsEmpty());
  EXPECT_EQ(config.control_user, "");
  EXPECT_EQ(config.log_level, "info");
  EXPECT_EQ(config.file, "g.toml");
}

TEST(ConfigFile, EveryOtherTableIsRead) {
  const Config config = config_of(good_ports + R"(
[[route]]
prefix = "10.0.0.0/8"
via = "10.30.0.254"
[[route]]
prefix = "192.168.7.0/24"
via = "10.30.0.253"
[gateway]
public_address = "203.0.113.10"
outer_mtu = 1460
client_to_client = true
inside_prefixes = ["10.0.0.0/8", "172.16.0.0/12"]
[workers]
cores = [2, 3]
engine = "openssl"
[memory]
hugepages = "off"
megabytes = 700
buffers = 40_000
reassembly_datagrams = 64
[runtime]
directory = "/tmp/run"
state_directory = "/tmp/state"
control_user = "espgate"
log_level = "debug"
)");
  ASSERT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(config.routes[1].prefix.to_string(), "192.168.7.0/24");
  EXPECT_EQ(config.routes[1].via, 0x0a1e00fdU);
  EXPECT_EQ(config.routes[1].where.to_string(), "g.toml:14:1");
  EXPECT_EQ(config.public_address, 0xcb00710aU);
  EXPECT_EQ(config.outer_mtu, 1460);
  EXPECT_TRUE(config.client_to_client);
  ASSERT_EQ(config.inside_prefixes.size(), 2U);
  EXPECT_EQ(config.inside_prefixes[1].to_string(), "172.16.0.0/12");
  EXPECT_EQ(config.workers.count, 2U) << "as many as cores";
  EXPECT_THAT(config.workers.cores, ElementsAre(2, 3));
  EXPECT_EQ(config.engine, crypto::EngineChoice::openssl);
  EXPECT_EQ(config.hugepages, Hugepages::off);
  EXPECT_EQ(config.memory_megabytes, 700U);
  EXPECT_EQ(config.buffers, 40000U);
  EXPECT_EQ(config.reassembly_datagrams, 64U);
  EXPECT_EQ(config.runtime_directory, "/tmp/run");
  EXPECT_EQ(config.state_directory, "/tmp/state");
  EXPECT_EQ(config.control_user, "espgate");
  EXPECT_EQ(config.log_level, "debug");
}

TEST(ConfigFile, AStaticPeerHasItsKeysAndItsAddresses) {
  const Config config = config_of(good_file);
  ASSERT_EQ(config.static_peers.size(), 1U);
  const StaticPeer& peer = config.static_peers[0];
  EXPECT_EQ(peer.name, "alice");
  EXPECT_EQ(crypto::suite(peer.suite).name, "aes256-sha256");
  EXPECT_FALSE(peer.esn);
  EXPECT_EQ(peer.replay_window, 1024U);
  EXPECT_EQ(peer.remote_address, 0xc6336407U);
  EXPECT_EQ(peer.remote_port, 4501);
  EXPECT_EQ(peer.inner_address, 0x0a280002U);
  EXPECT_EQ(peer.mru, 1400);
  EXPECT_EQ(peer.inbound.spi, 0x10000400U);
  EXPECT_EQ(peer.outbound.spi, 0xc1000001U);
  EXPECT_EQ(bytes_of(peer.inbound.cipher_key), counting_from(0, 32));
  EXPECT_EQ(bytes_of(peer.outbound.cipher_key), counting_from(0x20, 32));
  EXPECT_EQ(bytes_of(peer.inbound.integrity_key), counting_from(0x40, 32));
  EXPECT_EQ(bytes_of(peer.outbound.integrity_key), counting_from(0x60, 32));
  EXPECT_THAT((std::array{peer.tunnel, peer.session, peer.peer_tunnel, peer.peer_session}),
              ElementsAre(1, 2, 3, 4));
}

TEST(ConfigFile, KeysMayBeWrittenWithout0xInCapitalsAndInTablesOfTheirOwn) {
  std::string digits = key_in.substr(2);
  std::ranges::transform(digits, digits.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
  const Config config = config_of(good_ports + R"([[static_peer]]
name = "alice"
suite = "aes256gcm16"
inner_address = "10.40.0.2"
tunnel = 1
session = 2
peer_tunnel = 3
peer_session = 4
[static_peer.inbound]
spi = 1024
key = ')" + digits + R"(aabbccdd'
[static_peer.outbound]
spi = 256   # schlüssel
key = ")" + key_out + "00000000\"\n");
  const StaticPeer& peer = config.static_peers.at(0);
  auto expected = counting_from(0, 32);
  expected.insert(expected.end(), {0xaa, 0xbb, 0xcc, 0xdd});
  EXPECT_EQ(bytes_of(peer.inbound.cipher_key), expected);
  EXPECT_THAT(bytes_of(peer.inbound.integrity_key), IsEmpty());
  EXPECT_FALSE(peer.remote_address);
}

TEST(ConfigFile, KeysAreFoundBehindCharactersOfSeveralBytesAndInFilesWithCarriageReturns) {
  std::string text = with(good_file, "inbound = {", "inbound = { \"spi\" = 0x10000400, ");
  text = with(text, "spi = 0x10000400, key", " key");
  text = with(text, "name = \"alice\"", "name = \"Zoë ✓\"");
  std::string dos;
  for (const char c : text) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const Config config = config_of("\xEF\xBB\xBF" + dos);
  EXPECT_EQ(config.static_peers.at(0).name, "Zoë ✓");
  EXPECT_EQ(bytes_of(config.static_peers[0].inbound.cipher_key), counting_from(0, 32));
}

TEST(ConfigFile, EverySettingKnowsItsPlace) {
  const Parsed parsed = parse(good_file);
  EXPECT_EQ(parsed.places.of("outside").to_string(), "g.toml:1:1");
  EXPECT_EQ(parsed.places.of("outside.address").to_string(), "g.toml:3:11");
  EXPECT_EQ(parsed.places.of("inside.gateway").to_string(), "g.toml:5:1") << "left out: the table's place";
  EXPECT_EQ(parsed.places.of("static_peer[0].inbound.spi").to_string(), "g.toml:21:19");
  EXPECT_EQ(parsed.places.of("workers.count").to_string(), "g.toml") << "no such table: the file";
}

TEST(ConfigFile, RemoteWithoutAPortMeans4500) {
  const Config config = config_of(with(good_file, "198.51.100.7:4501", "198.51.100.7"));
  EXPECT_EQ(config.static_peers.at(0).remote_port, 4500);
}

// A file of its own, gone at the end of the test.
class WrittenFile {
 public:
  explicit WrittenFile(const std::string& content, mode_t mode = 0600)
      : path_(testing::TempDir() + "espgate-config-" + std::to_string(::getpid()) + ".toml") {
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), mode);
  }
  WrittenFile(const WrittenFile&) = delete;
  WrittenFile& operator=(const WrittenFile&) = delete;
  ~WrittenFile() { ::unlink(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(LoadConfig, TakesAGoodFileWithoutAWarning) {
  const WrittenFile file(good_file);
  const auto loaded = load(file.path());
  ASSERT_TRUE(loaded) << loaded.error().to_string();
  EXPECT_EQ(loaded->config.static_peers.size(), 1U);
  EXPECT_EQ(loaded->config.file, file.path());
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(LoadConfig, WarnsOfKeysThatEverybodyMayRead) {
  const WrittenFile open_file(good_file, 0644);
  const auto loaded = load(open_file.path());
  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->warnings.size(), 1U);
  EXPECT_EQ(loaded->warnings[0].to_string(),
            open_file.path() + ": holds keys, and every user of this host may read it; chmod o-rwx " +
                open_file.path());
}

TEST(LoadConfig, HasNothingToWarnOfWithoutKeys) {
  const WrittenFile file(good_ports, 0644);
  const auto loaded = load(file.path());
  ASSERT_TRUE(loaded);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(LoadConfig, RefusesAFileThatParsesButCannotWork) {
  const WrittenFile file(with(good_ports, "10.40.0.0/24", "10.30.0.0/16"));
  const auto loaded = load(file.path());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_string(),
              HasSubstr("the pool 10.30.0.0/16 overlaps the network of [inside]"));
}

TEST(LoadConfig, SaysWhyAFileCannotBeRead) {
  const auto missing = load("/nowhere/gateway.toml");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().to_string(),
            "/nowhere/gateway.toml: cannot be opened: No such file or directory\n");
  const auto folder = load("/");
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().to_string(), "/: cannot be read: Is a directory\n");
}

TEST(LoadConfig, RefusesAFileOfMoreThan4MiB) {
  const WrittenFile file(good_ports + std::string((4 << 20) + 1, '\n'));
  const auto loaded = load(file.path());
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.error().to_string(), HasSubstr("larger than 4 MiB"));
}

}  // namespace
}  // namespace espgate::config
