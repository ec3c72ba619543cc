// SPDX-License-Identifier: Apache-2.0
// Frames that have broken other PPP servers, from a client that has no password yet, and from one that is in.
// None logs anybody in, none is answered more than once, none takes a session down or away from its client.
#include "tests/unit/control/ppp/ppp_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

struct Hostile {
  std::string_view sentence;
  std::string frame;  // in hexadecimal
};

std::string repeated(std::string_view hex, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += hex;
  return all;
}

std::vector<Hostile> table() {
  return {
      {"nothing at all", ""},
      {"half a protocol field", "c0"},
      {"address and control, and no more", "ff03"},
      {"LCP without a packet", "c021"},
      {"a length of 0", "c02101010000"},
      {"a length of 3, shorter than its own header", "c02101010003"},
      {"a length beyond the frame", "c0210101ffff0104"},
      {"an option of length 0, on which a reader makes no step", "c021010100080500" + std::string("0104")},
      {"an option of length 1", "c0210101000801010578"},
      {"an option past the end of the packet", "c021010100080506aabb"},
      {"an option past the end, inside the frame's padding", "c021010100060506aabbccdd"},
      {"a magic number of two bytes", "c021010100080504aabb"},
      {"an authentication protocol of nothing", "c021010100060302"},
      {"300 options", "c02101010258" + repeated("6302", 298)},
      {"a nak of what was never asked for", "c021030100080d0306" + std::string("00")},
      {"a reject of half an option", "c02104010006050a"},
      {"a code that nobody knows", "c021ff010004"},
      {"a code-reject of nothing", "c02107010004"},
      {"a protocol-reject of nothing", "c02108010004"},
      {"an echo-request without its magic number", "c02109010004"},
      {"CHAP's success from the client", "c22303010004"},
      {"a CHAP response that is longer than its packet", "c223020100053f"},
      {"a CHAP response of no value and no name", "c2230201000500"},
      {"an MS-CHAPv2 response of 48 bytes where 49 belong",
       "c223020100363" + std::string("0") + repeated("00", 48) + "61"},
      {"a CHAP name of 1000 bytes",
       "c22302010" + std::string("41e31") + repeated("00", 49) + repeated("41", 1000)},
      {"an EAP response of 900 bytes", "c22702010384" + repeated("41", 896)},
      {"a PAP request whose name is beyond it", "c02301010008ff616263"},
      {"a PAP request whose password is beyond it", "c0230101000a026162ff63"},
      {"PAP's ack from the client", "c0230201000500"},
      {"IPCP with an option past the end", "80210101000803060a28"},
      {"IPCP with an address of one byte", "8021010100070303" + std::string("0a")},
      {"a CCP request of length 0", "80fd01010000"},
      {"an IP packet of one byte", "002145"},
      {"DHCP of one byte",
       "00214500001d0000000040110000000000000a2800010044004300090000" + std::string("01")},
  };
}

TEST(Hostile, FramesBeforeTheLoginLogNobodyIn) {
  for (const Hostile& each : table()) {
    SCOPED_TRACE(each.sentence);
    PppLab lab;
    lab.start();
    const auto greeting = lab.frames;
    lab.frames.clear();
    lab.give(each.frame);
    EXPECT_LE(lab.frames.size(), 2U) << "an answer, and a request anew";
    EXPECT_TRUE(lab.events.empty()) << lab.events.front();
    EXPECT_FALSE(lab.session->is_ip_up());
    EXPECT_FALSE(lab.session->lcp().is_opened());
    lab.frames.insert(lab.frames.begin(), greeting.begin(), greeting.end());
    PppClient client(PppClient::Options{});
    talk(lab, client);
    EXPECT_TRUE(lab.session->is_ip_up());
    EXPECT_THAT(client.address, HasSubstr("0a28000a"));
  }
}

TEST(Hostile, FramesOfAClientThatIsInLeaveItsSessionUp) {
  for (const Hostile& each : table()) {
    SCOPED_TRACE(each.sentence);
    // A Configure-Request negotiates anew (RFC 1661 §4.1); what is wrong in one is looked at before the
    // login.
    if (each.frame.starts_with("c0210101") || each.frame.starts_with("80210101")) continue;
    PppLab lab;
    lab.start();
    PppClient client(PppClient::Options{});
    talk(lab, client);
    ASSERT_TRUE(lab.session->is_ip_up());
    lab.frames.clear();
    lab.events.clear();
    lab.give(each.frame);
    EXPECT_LE(lab.frames.size(), 1U);
    EXPECT_TRUE(lab.session->is_ip_up());
    EXPECT_THAT(lab.events, Not(Contains(HasSubstr("down"))));
    EXPECT_THAT(lab.events, Not(Contains(HasSubstr("authenticate"))));
  }
}

}  // namespace
}  // namespace espgate::test
