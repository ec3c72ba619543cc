// SPDX-License-Identifier: Apache-2.0
// One real session in every form a capture may have, and damaged in every way a network or an attacker may
// damage it.
#include "tests/scenarios/capture_file.h"
#include "tests/scenarios/program.h"

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace espgate::test {
namespace {

const std::filesystem::path session =
    std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures/aes256-sha1-mtu1460";
constexpr std::size_t ethernet = 14;

struct Result {
  nlohmann::json report;
  std::vector<Record> inner;
};

Result decap(const std::vector<Record>& records, const CaptureForm& form = {},
             const std::vector<std::string>& more = {}) {
  const TemporaryFolder folder;
  write_capture(folder / "in", records, form);
  std::vector<std::string> command = {ESPGATE_REPLAY,       "decap",       "--json",  "--keys",
                                      session / "xfrm.txt", folder / "in", "--write", folder / "inner.pcap"};
  command.insert(command.end(), more.begin(), more.end());
  const ProgramResult result = run(command);
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return {nlohmann::json::parse(result.output), read_capture(folder / "inner.pcap")};
}

std::vector<Record> outer() { return read_capture(session / "outer.pcap"); }
std::vector<Record> expected() { return read_capture(session / "expected.pcap"); }

// Every frame rewritten; frames for which the rewriter returns nothing are left out.
std::vector<Record> rewritten(const std::function<std::string(const std::string&)>& rewrite) {
  std::vector<Record> records;
  for (Record& record : outer()) {
    record.bytes = rewrite(record.bytes);
    record.original_length = static_cast<std::uint32_t>(record.bytes.size());
    if (!record.bytes.empty()) records.push_back(std::move(record));
  }
  return records;
}

using namespace std::string_literals;

TEST(DecapForms, every_container_and_byte_order) {
  for (const auto container : {CaptureForm::Container::pcap, CaptureForm::Container::pcapng})
    for (const bool nanoseconds : {false, true})
      for (const bool big_endian : {false, true})
        EXPECT_EQ(decap(outer(), {container, 1, nanoseconds, big_endian}).inner, expected())
            << (container == CaptureForm::Container::pcap ? "pcap" : "pcapng") << nanoseconds << big_endian;
}

TEST(DecapForms, nanoseconds_are_kept) {
  auto records = outer();
  for (Record& record : records) record.nanoseconds += 7;
  auto shifted = expected();
  for (Record& record : shifted) record.nanoseconds += 7;
  EXPECT_EQ(decap(records, {.nanoseconds = true}).inner, shifted);
}

TEST(DecapForms, a_vlan_tag) {
  const auto tagged = rewritten(
      [](const std::string& frame) { return frame.substr(0, 12) + "\x81\x00\x00\x2a"s + frame.substr(12); });
  EXPECT_EQ(decap(tagged).inner, expected());
}

TEST(DecapForms, linux_cooked_version_1) {
  const auto cooked = rewritten([](const std::string& frame) {
    return "\0\0\0\1\0\6"s + frame.substr(6, 6) + "\0\0"s + frame.substr(12);
  });
  EXPECT_EQ(decap(cooked, {.link_type = 113}).inner, expected());
}

TEST(DecapForms, linux_cooked_version_2) {
  const auto cooked = rewritten([](const std::string& frame) {
    return frame.substr(12, 2) + "\0\0\0\0\0\2\0\1\0\6"s + frame.substr(6, 6) + "\0\0"s + frame.substr(14);
  });
  EXPECT_EQ(decap(cooked, {.link_type = 276}).inner, expected());
}

TEST(DecapForms, raw_ip) {
  const auto raw = rewritten([](const std::string& frame) {
    const bool ip = frame.substr(12, 2) == "\x08\x00"s || frame.substr(12, 2) == "\x86\xdd"s;
    return ip ? frame.substr(ethernet) : ""s;
  });
  EXPECT_EQ(decap(raw, {.link_type = 101}).inner, expected());
}

TEST(DecapForms, frames_cut_by_a_snap_length_are_counted_and_dropped_by_name) {
  auto records = outer();
  std::uint64_t cut = 0;
  for (Record& record : records) {
    if (record.bytes.size() <= 200) continue;
    record.bytes.resize(200);
    ++cut;
  }
  const Result result = decap(records);
  EXPECT_EQ(result.report["cut"], cut);
  EXPECT_EQ(result.report["drops"]["frame_cut"], cut);
  EXPECT_GT(result.inner.size(), 100u);
}

TEST(DecapForms, another_destination_address_is_found_by_spi) {
  // As captured before the Elastic IP's translation.
  const auto translated = rewritten([](std::string frame) {
    for (std::size_t at : {ethernet + 12, ethernet + 16})
      if (frame.substr(at, 4) == "\x0a\x14\x00\x0a"s) frame.replace(at, 4, "\xcb\x00\x71\x0a"s);
    return frame;
  });
  EXPECT_EQ(decap(translated).inner, expected());
}

TEST(DecapForms, pcapng_output_holds_the_same_packets) {
  const TemporaryFolder folder;
  const ProgramResult written = run({ESPGATE_REPLAY, "decap", "--keys", session / "xfrm.txt",
                                     session / "outer.pcap", "--write", folder / "inner.pcapng"});
  ASSERT_EQ(written.exit_code, 0) << written.errors;
  EXPECT_EQ(read_file(folder / "inner.pcapng").substr(0, 4), "\x0a\x0d\x0d\x0a");
}

bool is_esp(const Record& record) { return record.bytes.size() > 100 && record.bytes[ethernet + 9] == 17; }

TEST(DecapHostile, duplicates_come_out_once) {
  std::vector<Record> twice;
  for (const Record& record : outer()) {
    twice.push_back(record);
    if (is_esp(record)) twice.push_back(record);
  }
  const Result result = decap(twice);
  EXPECT_EQ(result.inner, expected());
  EXPECT_GT(result.report["drops"]["esp_replayed"], 1000);
}

TEST(DecapHostile, a_whole_session_played_again_gives_nothing_more) {
  auto records = outer();
  const auto again = records;
  records.insert(records.end(), again.begin(), again.end());
  EXPECT_EQ(decap(records).inner, expected());
}

TEST(DecapHostile, reordering_within_the_window_loses_nothing) {
  auto records = outer();
  std::mt19937 random(4);
  for (std::size_t at = 0; at + 16 <= records.size(); at += 16)
    std::shuffle(records.begin() + static_cast<std::ptrdiff_t>(at),
                 records.begin() + static_cast<std::ptrdiff_t>(at) + 16, random);
  EXPECT_EQ(decap(records, {}, {"--replay-window", "64"}).inner.size(), expected().size());
}

TEST(DecapHostile, reordering_beyond_the_window_is_dropped_by_name) {
  auto records = outer();
  std::rotate(records.begin(), records.begin() + 600, records.end());
  const Result result = decap(records, {}, {"--replay-window", "32"});
  EXPECT_GT(result.report["drops"]["esp_too_old"], 100);
}

TEST(DecapHostile, flipped_bits_let_no_wrong_packet_out) {
  std::set<std::string> right;
  for (const Record& record : expected()) right.insert(record.bytes);
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    std::mt19937 random(seed);
    auto records = outer();
    for (Record& record : records)
      for (auto flips = random() % 3; flips > 0; --flips) {
        const std::size_t bit = random() % (record.bytes.size() * 8);
        record.bytes[bit / 8] = static_cast<char>(record.bytes[bit / 8] ^ (1 << bit % 8));
      }
    const Result result = decap(records);
    EXPECT_GT(result.report["drops"]["esp_bad_icv"], 100);
    for (const Record& record : result.inner) EXPECT_TRUE(right.contains(record.bytes));
  }
}

TEST(DecapHostile, noise_is_no_session) {
  std::mt19937 random(5);
  auto records = outer();
  for (Record& record : records)
    for (std::size_t i = ethernet; i < record.bytes.size(); ++i)
      record.bytes[i] = static_cast<char>(random());
  EXPECT_TRUE(decap(records).inner.empty());
}

}  // namespace
}  // namespace espgate::test
