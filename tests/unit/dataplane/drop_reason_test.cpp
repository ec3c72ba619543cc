// SPDX-License-Identifier: Apache-2.0
#include "dataplane/drop_reason.h"

#include "dataplane/worker_stats.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace espgate::dataplane {
namespace {

TEST(DropReasons, each_has_a_name_of_its_own_and_a_sentence) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (const DropReasonInfo& info : drop_reasons) {
    EXPECT_TRUE(names.insert(info.name).second) << info.name;
    EXPECT_TRUE(sentences.insert(info.sentence).second) << info.name;
    EXPECT_GT(info.sentence.size(), 20u) << info.name;
  }
  EXPECT_EQ(describe(DropReason::clear_l2tp).name, "clear_l2tp");
}

TEST(DropReasons, the_manual_lists_every_one) {
  std::ifstream file(ESPGATE_SOURCE_DIR "/docs/drops.md");
  const std::string manual((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  for (const DropReasonInfo& info : drop_reasons) {
    const std::string row = "| `" + std::string(info.name) + "` | " + std::string(info.sentence) + " |";
    EXPECT_NE(manual.find(row), std::string::npos) << row;
  }
}

TEST(DropReasons, exits_of_a_burst_are_counted_once) {
  Burst burst;
  burst.reset(4);
  burst.drop(burst[0], DropReason::esp_bad_icv);
  burst.drop(burst[2], DropReason::esp_bad_icv);
  burst.punt(burst[3], Punt::ike);
  WorkerStats stats;
  stats.count_exits(burst);
  EXPECT_EQ(stats.drops[static_cast<std::size_t>(DropReason::esp_bad_icv)], 2u);
  EXPECT_EQ(stats.punts[static_cast<std::size_t>(Punt::ike)], 1u);
  EXPECT_EQ(burst.live_count(), 1u);
  EXPECT_TRUE(burst.is_live(1));
}

TEST(Burst, a_full_burst_has_64_live_packets) {
  Burst burst;
  burst.reset(max_burst);
  EXPECT_EQ(burst.live_count(), 64u);
  unsigned visited = 0;
  for (const Packet& packet : burst.live()) EXPECT_EQ(burst.index_of(packet), visited++);
  EXPECT_EQ(visited, 64u);
  burst.reset(0);
  EXPECT_EQ(burst.live_count(), 0u);
}

}  // namespace
}  // namespace espgate::dataplane
