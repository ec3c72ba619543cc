// SPDX-License-Identifier: Apache-2.0
#include "tests/scenarios/encap_scenario.h"

#include "dataplane/replay/capture_reader.h"
#include "dataplane/replay/capture_writer.h"
#include "dataplane/replay/command.h"
#include "tests/packet_builder.h"

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <sstream>

#include <gtest/gtest.h>

namespace espgate::test {
namespace {

namespace fs = std::filesystem;

// Standard output of C++ goes elsewhere for as long as this lives.
class CapturedOutput {
 public:
  CapturedOutput() : before_(std::cout.rdbuf(text_.rdbuf())) {}
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;
  ~CapturedOutput() { std::cout.rdbuf(before_); }

  [[nodiscard]] std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

std::vector<std::byte> ipv4_packet(std::size_t length, unsigned source) {
  const std::string address = "10.40.0." + std::to_string(source);
  return PacketBuilder().ipv4(address, "10.30.0.10", {.protocol = 99}).payload(length - 20).build();
}

std::vector<std::byte> ipv6_packet(std::size_t length, unsigned source) {
  const std::string address = "2001:db8::" + std::to_string(source);
  return PacketBuilder().ipv6(address, "2001:db8:1::10", {.next_header = 99}).payload(length - 40).build();
}

}  // namespace

CommandResult run_here(Arguments arguments) {
  const CapturedOutput captured;
  CLI::App app;
  replay::Command chosen;
  add_decap(app, chosen);
  add_encap(app, chosen);
  std::ranges::reverse(arguments);  // as CLI11 wants it
  app.parse(std::move(arguments));
  auto done = chosen();
  return {std::move(done), captured.text()};
}

const std::vector<Form>& all_forms() {
  static const std::vector<Form> forms = {
      {"default", {}},
      {"length_bit", {"--length-bit"}},
      {"compressed_ppp", {"--compress-ppp", "--client-port", "random"}},
      {"plain_esp", {"--plain-esp", "--link", "raw"}},
      {"esn", {"--esn", "--sequence-start", "0x100000001"}},
      {"one_nat", {"--behind-nat", "192.0.2.1"}},
      {"to_client", {"--direction", "to-client", "--client-port", "40000"}},
  };
  return forms;
}

std::string capture_file(const std::string& capture, const std::string& file) {
  return fs::path(ESPGATE_SOURCE_DIR) / "tests/captures" / capture / file;
}

std::vector<std::string> captures_with_packets() {
  std::vector<std::string> names;
  for (const auto& folder : fs::directory_iterator(capture_file("", "")))
    if (fs::exists(folder.path() / "expected.pcap")) names.push_back(folder.path().filename());
  std::ranges::sort(names);
  return names;
}

void write_packets(const std::string& path) {
  auto writer = replay::CaptureWriter::create(path, replay::OutputLink::raw_ip,
                                              replay::TimestampPrecision::nanoseconds);
  std::uint64_t nanoseconds = 1'700'000'000'123'456'789;
  unsigned count = 0;
  const auto write = [&](const std::vector<std::byte>& packet) {
    nanoseconds += 1'001 * ++count;
    ASSERT_TRUE(
        writer->write({.nanoseconds = nanoseconds, .bytes = packet, .original_length = 0, .comment = {}}));
  };
  ASSERT_TRUE(writer);
  for (std::size_t more = 0; more <= 33; ++more) {
    write(ipv4_packet(20 + more, 1 + count % 3));
    write(ipv6_packet(40 + more, 1 + count % 2));
  }
  for (const std::size_t length : {576U, 1280U, 1499U, 1500U, 2048U, 9000U, 65000U}) {
    write(ipv4_packet(length, 1));
    write(ipv6_packet(length, 1));
  }
  ASSERT_TRUE(writer->close());
}

std::vector<CapturedFrame> read_frames(const std::string& path) {
  std::vector<CapturedFrame> frames;
  auto reader = replay::CaptureReader::open(path);
  if (!reader) throw std::runtime_error(reader.error().to_string());
  for (auto frame = reader->next(); *frame; frame = reader->next())
    frames.push_back({(*frame)->nanoseconds, {(*frame)->bytes.begin(), (*frame)->bytes.end()}});
  return frames;
}

}  // namespace espgate::test
