// SPDX-License-Identifier: Apache-2.0
// What real peers have sent without encryption, taken apart and put together again.
#include "tests/ike_messages.h"
#include "tests/isakmp_reencode.h"
#include "tests/unit/wire/bytes.h"
#include "wire/isakmp_vendor_id.h"

#include <set>

namespace espgate::wire {
namespace {

using test::IkeDatagram;
using test::to_hex;

struct Capture {
  const char* name;
  std::size_t ike_messages, clear_messages;  // as tshark 4.0.17 counts them
};

constexpr Capture captures[] = {
    {"aes128-sha1", 46, 8},
    {"aes128gcm16", 45, 8},
    {"aes256-sha1-mtu1460", 20, 4},
    {"aes256-sha256", 44, 8},
    {"dh2-3des", 2, 2},
    {"ls-client-rekey", 63, 8},
    {"nat-random-ports", 45, 8},
    {"ss-default-proposals", 2, 2},
    {"two-clients-one-nat", 41, 8},
};

std::vector<IkeDatagram> datagrams_of(const Capture& capture) {
  return test::read_ike_datagrams(std::filesystem::path(ESPGATE_SOURCE_DIR) / "tests/captures" /
                                  capture.name / "outer.pcap");
}

TEST(IsakmpCaptures, EveryUnencryptedMessageParsesAndIsBuiltAgainByteForByte) {
  for (const Capture& capture : captures) {
    SCOPED_TRACE(capture.name);
    const auto datagrams = datagrams_of(capture);
    EXPECT_EQ(datagrams.size(), capture.ike_messages);
    std::size_t clear = 0;
    for (const IkeDatagram& datagram : datagrams) {
      const auto message = IsakmpMessage::parse(datagram.message);
      ASSERT_TRUE(message);
      EXPECT_EQ(message->payload().size() + sizeof(IsakmpHeader), datagram.message.size());
      if (message->is_encrypted()) continue;
      ++clear;
      const auto again = test::reencode(message->header(), message->payload());
      ASSERT_TRUE(again) << to_string(again.error()) << " in " << to_hex(datagram.message);
      EXPECT_EQ(to_hex(*again), to_hex(datagram.message));
    }
    EXPECT_EQ(clear, capture.clear_messages);
  }
}

TEST(IsakmpCaptures, EveryVendorIdInThemIsRecognised) {
  std::set<IsakmpVendor> seen;
  for (const Capture& capture : captures) {
    for (const IkeDatagram& datagram : datagrams_of(capture)) {
      const auto message = IsakmpMessage::parse(datagram.message);
      if (message->is_encrypted()) continue;
      IsakmpPayloadWalk walk = message->payloads();
      for (auto payload = walk.next(); payload && *payload; payload = walk.next()) {
        if ((*payload)->type == IsakmpPayloadType::vendor_id) seen.insert(recognise((*payload)->body));
      }
    }
  }
  const std::set<IsakmpVendor> sent{IsakmpVendor::rfc3947,
                                    IsakmpVendor::nat_t_draft_02,
                                    IsakmpVendor::nat_t_draft_02_newline,
                                    IsakmpVendor::nat_t_draft_03,
                                    IsakmpVendor::dpd,
                                    IsakmpVendor::fragmentation,
                                    IsakmpVendor::xauth};
  EXPECT_EQ(seen, sent);
}

}  // namespace
}  // namespace espgate::wire
