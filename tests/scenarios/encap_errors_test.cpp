// SPDX-License-Identifier: Apache-2.0
// encap on what is not as it should be: odd frames, wrong options, full disks.
#include "dataplane/replay/capture_writer.h"
#include "tests/packet_builder.h"
#include "tests/scenarios/encap_scenario.h"
#include "tests/scenarios/program.h"

#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

using testing::HasSubstr;

class EncapErrors : public testing::Test {
 protected:
  EncapErrors() { write_packets(input_); }

  [[nodiscard]] Arguments command(const Arguments& options) const {
    Arguments arguments = {"encap", "--suite", "aes128gcm16", "--json"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return arguments;
  }
  // Runs in this process; what it reports.
  [[nodiscard]] nlohmann::json report(const Arguments& options) const {
    const auto result = run_here(command(options));
    EXPECT_TRUE(result.done) << result.done.error().to_string();
    return nlohmann::json::parse(result.output);
  }
  [[nodiscard]] ProgramResult run_program(const Arguments& options) const {
    Arguments arguments = command(options);
    arguments.insert(arguments.begin(), ESPGATE_REPLAY);
    return run(arguments);
  }

  const TemporaryFolder folder_;
  const std::string input_ = folder_ / "input.pcap";
  const std::string outer_ = folder_ / "outer.pcap";
  const std::string inner_ = folder_ / "inner.pcap";
  const std::string keys_ = folder_ / "keys.json";
};

struct OddFrame {
  std::vector<std::byte> bytes;
  std::uint32_t original_length = 0;
};

void write_ethernet(const std::string& path, const std::vector<OddFrame>& frames) {
  auto writer = replay::CaptureWriter::create(path, replay::OutputLink::ethernet,
                                              replay::TimestampPrecision::microseconds);
  ASSERT_TRUE(writer);
  for (const OddFrame& frame : frames)
    ASSERT_TRUE(writer->write(
        {.nanoseconds = 1, .bytes = frame.bytes, .original_length = frame.original_length, .comment = {}}));
  ASSERT_TRUE(writer->close());
}

PacketBuilder in_ethernet() { return PacketBuilder().ethernet(); }

TEST_F(EncapErrors, names_what_it_can_not_encapsulate) {
  auto padded = in_ethernet().ipv4("10.0.0.1", "10.0.0.2").payload(3).build();
  padded.resize(60);
  auto tagged = in_ethernet().vlan(7).ipv6("2001:db8::1", "2001:db8::2").payload(9).build();
  tagged.resize(100);
  auto padding_cut = padded;
  padding_cut.resize(50);
  auto cut = in_ethernet().ipv4("10.0.0.1", "10.0.0.2").payload(100).build();
  cut.resize(90);
  auto cut_in_the_header = cut;
  cut_in_the_header.resize(14 + 12);
  const auto lying = in_ethernet().ipv4("10.0.0.1", "10.0.0.2", {.total_length = 500}).payload(100).build();
  auto no_version = padded;
  no_version[14] = std::byte{0x05};
  auto short_header = padded;
  short_header[14] = std::byte{0x44};
  auto offloaded = padded;  // a total length of 0, as segmentation offload leaves it
  offloaded[16] = offloaded[17] = std::byte{0};
  auto arp = in_ethernet().arp({}).build();
  arp.resize(60);
  write_ethernet(input_, {{padded},
                          {tagged},
                          {padding_cut, 60},
                          {cut, 134},
                          {cut_in_the_header, 134},
                          {lying},
                          {no_version},
                          {short_header},
                          {offloaded},
                          {arp},
                          {{std::byte{1}}}});

  const auto counted = report({"--write", outer_, "--write-keys", keys_, input_});
  EXPECT_EQ(counted["packets"], 11);
  EXPECT_EQ(counted["not_ip"], 2) << "ARP and a frame without a whole header";
  EXPECT_EQ(counted["encapsulated"], 3);
  EXPECT_EQ(counted["drops"], (nlohmann::json{{"frame_cut", 3}, {"inner_ip_malformed", 3}}));
  EXPECT_EQ(counted["bytes"], 23 + 49 + 23);

  ASSERT_TRUE(run_here({"decap", "--keys", keys_, "--write", inner_, outer_}).done);
  const auto back = read_frames(inner_);
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0].bytes, PacketBuilder().ipv4("10.0.0.1", "10.0.0.2").payload(3).build());
  EXPECT_EQ(back[1].bytes, PacketBuilder().ipv6("2001:db8::1", "2001:db8::2").payload(9).build());
  EXPECT_EQ(back[2].bytes, back[0].bytes) << "only its padding was cut";
}

TEST_F(EncapErrors, drops_what_gets_longer_than_the_mtu) {
  const auto counted = report({"--mtu", "100", "--write", outer_, "--write-keys", keys_, input_});
  std::size_t longest = 0;
  for (const CapturedFrame& frame : read_frames(outer_)) longest = std::max(longest, frame.bytes.size() - 14);
  EXPECT_EQ(longest, 100u);
  EXPECT_EQ(counted["drops"]["too_big"].get<std::size_t>() + read_frames(outer_).size(),
            read_frames(input_).size());
}

TEST_F(EncapErrors, drops_what_ip_can_not_hold_with_its_headers) {
  write_ethernet(input_, {{in_ethernet().ipv4("10.0.0.1", "10.0.0.2").payload(65535 - 20).build()},
                          {in_ethernet().ipv4("10.0.0.1", "10.0.0.2").payload(65343 - 20).build()}});
  const auto counted = report({input_});
  EXPECT_EQ(counted["encapsulated"], 1);
  EXPECT_EQ(counted["drops"], (nlohmann::json{{"too_big", 1}}));
}

TEST_F(EncapErrors, goes_on_with_its_sequence_numbers_from_round_to_round) {
  const std::size_t given = read_frames(input_).size();
  const auto counted = report({"--loop", "3", "--write", outer_, "--write-keys", keys_, input_});
  EXPECT_EQ(counted["rounds"], 3);
  EXPECT_EQ(counted["encapsulated"], 3 * given);
  EXPECT_EQ(counted["sas"][0]["last_sequence"], 3 * given);
  EXPECT_EQ(read_frames(outer_).size(), given) << "only the first round is written";
  EXPECT_GT(report({"--duration", "0.05", input_})["rounds"], 1);
}

TEST_F(EncapErrors, repeats_itself_with_a_seed_only) {
  const auto both = [&](const Arguments& more) {
    Arguments options = {"--clients",    "9",   "--behind-nat", "192.0.2.1", "--write", outer_,
                         "--write-keys", keys_, input_};
    options.insert(options.end(), more.begin(), more.end());
    EXPECT_TRUE(run_here(command(options)).done);
    return read_file(keys_) + read_file(outer_);
  };
  const std::string first = both({"--seed", "7"});
  EXPECT_TRUE(both({"--seed", "7"}) == first);
  EXPECT_FALSE(both({"--seed", "8"}) == first);
  EXPECT_FALSE(both({}) == both({}));
}

TEST_F(EncapErrors, makes_clients_that_do_not_depend_on_how_many_follow) {
  const auto keys = [&](const char* clients) {
    (void)report(
        {"--seed", "7", "--clients", clients, "--write-keys", keys_, "--keys-format", "ip-batch", input_});
    return read_file(keys_);
  };
  const std::string two = keys("2");
  EXPECT_TRUE(keys("20").starts_with(two));
}

TEST_F(EncapErrors, warns_of_the_keys_of_a_seed) {
  const ProgramResult result = run_program({"--seed", "1", input_});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.errors, HasSubstr("for tests only"));
}

TEST_F(EncapErrors, keeps_standard_output_to_the_packets_that_go_there) {
  const ProgramResult result = run_program({"--write", "-", "--write-keys", keys_, input_});
  ASSERT_EQ(result.exit_code, 0) << result.errors;
  EXPECT_EQ(nlohmann::json::parse(result.errors)["packets"], read_frames(input_).size());
  write_file(outer_, result.output);
  ASSERT_TRUE(run_here({"decap", "--keys", keys_, "--write", inner_, outer_}).done);
  EXPECT_TRUE(read_file(inner_) == read_file(input_));
}

TEST_F(EncapErrors, works_a_broken_off_input_up_to_where_it_breaks) {
  const std::string whole = read_file(input_);
  write_file(input_, whole.substr(0, whole.size() - 1));
  const ProgramResult result = run_program({"--write", outer_, "--write-keys", keys_, input_});
  EXPECT_EQ(result.exit_code, 3) << result.errors;
  write_file(input_, whole);
  EXPECT_EQ(read_frames(outer_).size(), read_frames(input_).size() - 1);
}

TEST_F(EncapErrors, leaves_a_whole_capture_where_the_disk_is_full) {
  const ProgramResult full = run_program({"--write", "/dev/full", "--write-keys", keys_, input_});
  EXPECT_EQ(full.exit_code, 4);
  EXPECT_THAT(full.errors, HasSubstr("/dev/full: can't be written: No space left on device"));

  const std::string input = capture_file("aes128gcm16", "expected.pcap");
  const ProgramResult limited =
      run({"/bin/bash", "-c", "trap '' XFSZ; ulimit -f 512; exec \"$@\"", "bash", ESPGATE_REPLAY, "encap",
           "--suite", "aes128gcm16", "--write", outer_, "--write-keys", keys_, input});
  EXPECT_EQ(limited.exit_code, 4) << limited.errors;
  EXPECT_THAT(limited.errors, HasSubstr("what was written before is a whole capture"));
  ASSERT_TRUE(run_here({"decap", "--keys", keys_, "--write", inner_, outer_}).done);
  const std::string back = read_file(inner_);
  EXPECT_GT(back.size(), 100'000u);
  EXPECT_TRUE(read_file(input).starts_with(back));
}

struct WrongUsage {
  std::string what;
  Arguments options;
  std::string message;
};

class EncapUsage : public testing::TestWithParam<WrongUsage> {};

TEST_P(EncapUsage, is_explained_before_anything_is_written) {
  const TemporaryFolder folder;
  const std::string input = folder / "input.pcap";
  write_packets(input);
  const std::string before = read_file(input);
  Arguments arguments = {ESPGATE_REPLAY, "encap"};
  for (const std::string& option : GetParam().options) {
    const bool file = option.ends_with(".pcap") || option.ends_with(".keys");
    arguments.push_back(file ? folder / option : option);
  }
  const ProgramResult result = run(arguments);
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.errors, HasSubstr(GetParam().message));
  EXPECT_EQ(result.output, "");
  EXPECT_TRUE(read_file(input) == before);
  EXPECT_FALSE(std::filesystem::exists(folder / "out.pcap"));
}

WrongUsage wrong(const std::string& what, Arguments options, const std::string& message) {
  options.insert(options.begin(), {"input.pcap", "--suite", "aes128-sha1"});
  return {what, options, message};
}

INSTANTIATE_TEST_SUITE_P(
    Wrong, EncapUsage,
    testing::Values(
        WrongUsage{"suite",
                   {"input.pcap", "--suite", "aes256sha1"},
                   "there is no suite \"aes256sha1\"; nearest are aes256-sha1, "},
        WrongUsage{"no_suite", {"input.pcap"}, "--suite is required"},
        wrong("no_clients", {"--clients", "0"}, "--clients: Value 0 not in range 1 to 100000"),
        wrong("too_many_clients", {"--clients", "100001"}, "not in range"),
        wrong("no_keys", {"--write", "out.pcap"}, "--write-keys"),
        wrong("writes_its_input", {"--write", "input.pcap", "--write-keys", "k.keys"}, "is the input"),
        wrong("keys_into_its_input", {"--write-keys", "input.pcap"}, "is the input"),
        wrong("both_into_one", {"--write", "out.pcap", "--write-keys", "out.pcap"},
              "is where the packets go"),
        wrong("both_to_stdout", {"--write", "-", "--write-keys", "-"}, "is where the packets go"),
        wrong("format", {"--keys-format", "xml"}, "--keys-format: unknown key format"),
        wrong("engine", {"--engine", "gpu"}, "--engine: "),
        wrong("link", {"--link", "ppp"}, "--link: expected ethernet or raw, got \"ppp\""),
        wrong("direction", {"--direction", "up"}, "--direction: expected to-server or to-client"),
        wrong("port", {"--client-port", "65536"},
              "--client-port: expected random or a UDP port, got \"65536\""),
        wrong("port_0", {"--client-port", "0"}, "--client-port: expected random or a UDP port"),
        wrong("server", {"--server", "2001:db8::1"}, "--server: expected an IPv4 address"),
        wrong("network", {"--client-network", "198.51.100.0"}, "--client-network: expected an IPv4 network"),
        wrong("network_bits", {"--client-network", "198.51.100.1/24"}, "expected 198.51.100.0/24"),
        wrong("small_network", {"--client-network", "192.0.2.0/30", "--clients", "3"},
              "192.0.2.0/30 has 2 addresses for 3 clients"),
        wrong("servers_network", {"--client-network", "203.0.113.0/24"}, "contains the server's address"),
        wrong("servers_nat", {"--behind-nat", "203.0.113.10"}, "--behind-nat: is the server's address"),
        wrong("crowded_nat", {"--behind-nat", "192.0.2.1", "--clients", "64513"},
              "has ports for 64512 clients"),
        wrong("nat_without_udp", {"--behind-nat", "192.0.2.1", "--plain-esp"}, "leave out --plain-esp"),
        wrong("sequence_0", {"--sequence-start", "0"}, "--sequence-start"),
        wrong("sequence_33", {"--sequence-start", "4294967297"}, "add --esn for 64"),
        wrong("sequence_told", {"--esn", "--sequence-start", "4294967296"}, "start with 4294967297"),
        wrong("mtu", {"--mtu", "67"}, "--mtu")),
    [](const auto& usage) { return usage.param.what; });

}  // namespace
}  // namespace espgate::test
