// SPDX-License-Identifier: Apache-2.0
#include "control/dial/admission.h"

#include <gtest/gtest.h>

namespace espgate::control::test {
namespace {

TEST(AdmissionRecord, comes_back_as_it_was_written) {
  Admission admission;
  admission.may_have_address = false;
  admission.address = 0x0a280007;
  admission.pool = "staff";
  admission.terms = {config::Sessions::several, 3600, 600, 512, 2048};
  admission.dns = {1, 2};
  admission.nbns = {3, 0};
  admission.classes = {{std::byte{0}, std::byte{0xff}}, {}};
  admission.interim_seconds = 300;
  admission.accounting_name = "alice@example.com";
  SecretEncoder out;
  encode(out, admission);
  const auto bytes = out.result();
  Decoder in(bytes);
  const Admission read = decode_admission(in);
  ASSERT_TRUE(in.ok());
  EXPECT_FALSE(read.may_have_address);
  EXPECT_EQ(read.address, admission.address);
  EXPECT_EQ(read.pool, "staff");
  EXPECT_EQ(read.terms.sessions, config::Sessions::several);
  EXPECT_EQ(read.terms.session_limit_seconds, 3600U);
  EXPECT_EQ(read.terms.idle_limit_seconds, 600U);
  EXPECT_EQ(read.terms.rate_from_client_kbit, 512U);
  EXPECT_EQ(read.terms.rate_to_client_kbit, 2048U);
  EXPECT_EQ(read.dns, admission.dns);
  EXPECT_EQ(read.nbns, admission.nbns);
  EXPECT_EQ(read.classes, admission.classes);
  EXPECT_EQ(read.interim_seconds, 300U);
  EXPECT_EQ(read.accounting_name, "alice@example.com");
}

TEST(AdmissionRecord, cut_anywhere_is_noticed) {
  Admission admission;
  admission.pool = "staff";
  admission.classes = {{std::byte{1}}};
  SecretEncoder out;
  encode(out, admission);
  const auto bytes = out.result();
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    Decoder in{std::span<const std::byte>(bytes).first(length)};
    (void)decode_admission(in);
    EXPECT_FALSE(in.ok()) << length;
  }
}

}  // namespace
}  // namespace espgate::control::test
