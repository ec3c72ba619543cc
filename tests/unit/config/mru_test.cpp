// SPDX-License-Identifier: Apache-2.0
#include "config/mru.h"

#include <gtest/gtest.h>

namespace espgate::config {
namespace {

unsigned largest(std::string_view suite, unsigned outer_mtu = 1500) {
  return largest_mru(crypto::suite(crypto::find_suite(suite).value()), outer_mtu);
}

// What IP, UDP, ESP, UDP, L2TP and PPP make of an inner packet of `mru` bytes.
unsigned outer_bytes(const crypto::Suite& suite, unsigned mru) {
  const unsigned alignment = suite.alignment_bytes < 4 ? 4 : suite.alignment_bytes;
  const unsigned clear = 8 + 6 + 4 + mru + 2;
  return 20 + 8 + 8 + suite.iv_bytes + (clear + alignment - 1) / alignment * alignment + suite.icv_bytes;
}

TEST(Mru, IsWhatTheSuiteLeaves) {
  EXPECT_EQ(largest("aes256-sha512"), 1388U);
  EXPECT_EQ(largest("aes256-sha256"), 1404U);
  EXPECT_EQ(largest("aes256-sha1"), 1404U);
  EXPECT_EQ(largest("3des-md5"), 1420U);
  EXPECT_EQ(largest("aes256gcm16"), 1420U);
}

TEST(Mru, FitsAndOneMoreByteWouldNot) {
  for (const crypto::Suite& suite : crypto::suites()) {
    for (const unsigned outer_mtu : {576U, 1280U, 1499U, 1500U, 9001U}) {
      const unsigned mru = largest_mru(suite, outer_mtu);
      EXPECT_LE(outer_bytes(suite, mru), outer_mtu) << suite.name;
      EXPECT_GT(outer_bytes(suite, mru + 1), outer_mtu) << suite.name;
    }
  }
}

TEST(Mru, IsZeroWhereNothingFits) {
  EXPECT_EQ(largest("aes256-sha256", 80), 0U);
  EXPECT_EQ(largest("aes256-sha256", 0), 0U);
}

}  // namespace
}  // namespace espgate::config
