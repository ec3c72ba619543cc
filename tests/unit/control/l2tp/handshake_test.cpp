// SPDX-License-Identifier: Apache-2.0
// Tunnels and calls as real clients set them up, and as they should not.
#include "tests/unit/control/l2tp/lns_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace espgate::test {
namespace {

using l2tp::ErrorCode;
using l2tp::StopResult;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// What xl2tpd 1.3.18 sends, from its first message to the last.
constexpr std::string_view xl2tpd_sccrq =
    "c80200680000000000000000 8008000000000001 8008000000020100 800a00000003 00000003 800a00000004 00000000"
    "0008000000060690 800d00000007636c69656e7431 00130000000878656c6572616e63652e636f6d 8008000000096e94"
    "80080000000a0004";
constexpr std::string_view xl2tpd_scccn = "c8020014fcf0000000010001 8008000000000003";
constexpr std::string_view xl2tpd_icrq =
    "c8020030fcf0000000020001 800800000000000a 80080000000ed014 800a0000000f00000001 800a0000001200000000";
constexpr std::string_view xl2tpd_iccn =
    "c8020032fcf086bf00030002 800800000000000c 800a0000001800000000 800a0000001300000001 "
    "000a0000002600000000";
constexpr std::string_view xl2tpd_stopccn =
    "c802002efcf0000000040002 8008000000000004 8008000000096e94 80120000000100010000476f6f6462796521";

TEST(Handshake, OfXl2tpdAsItCameOverTheWire) {
  LnsLab lab;
  lab.next_random = {0xfcf0, 0x86bf};
  lab.give(from_hex(xl2tpd_sccrq));
  ASSERT_EQ(lab.sent.size(), 1U);
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::sccrp);
  EXPECT_EQ(lab.last_header().tunnel_id(), 0x6e94);
  EXPECT_EQ(lab.last_header().nr(), 1);
  EXPECT_EQ(lab.last_message().number16(L2tpAttribute::assigned_tunnel_id), 0xfcf0);
  EXPECT_EQ(lab.last_message().number16(L2tpAttribute::receive_window_size), 8);
  EXPECT_FALSE(lab.last_message().fault());
  lab.sent.clear();
  // Both before an acknowledgement of the first.
  lab.give(from_hex(xl2tpd_scccn));
  lab.give(from_hex(xl2tpd_icrq));
  EXPECT_EQ(lab.last_ids, (l2tp::SessionIds{0xfcf0, 0x86bf, 0x6e94, 0xd014}));
  EXPECT_THAT(lab.events, ElementsAre("starting"));
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::icrp);
  // But for its numbers, the ICRP that this client's session was built on.
  EXPECT_EQ(to_hex(wire::Bytes(lab.sent.back().bytes).subspan(12)), "800800000000000b80080000000e86bf");
  EXPECT_EQ(to_hex(wire::Bytes(lab.sent.back().bytes).first(12)), "c802001c6e94d01400010003");
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB", "ZLB", "ICRP"));
  lab.give(from_hex(xl2tpd_iccn));
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  EXPECT_THAT(lab.events, ElementsAre("starting", "up"));
  EXPECT_EQ(lab.ups.back().client_host, "client1");
  EXPECT_FALSE(lab.ups.back().sequencing_required);
  lab.give(from_hex(xl2tpd_stopccn));
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  EXPECT_THAT(lab.events, ElementsAre("starting", "up", HasSubstr("Goodbye!"),
                                      HasSubstr("result 1 (cleared): Goodbye!")));
  EXPECT_THAT(lab.reports, Contains(HasSubstr("tunnel")));
}

TEST(Handshake, TheIcrpWaitsForTheDataPlane) {
  LnsLab lab;
  lab.install_at_once = false;
  Lac client(lab);
  client.open_tunnel();
  lab.sent.clear();
  client.send(client.icrq(5));
  EXPECT_THAT(lab.take_names(), ElementsAre("ZLB"));
  lab.lns->on_session_installed(lab.last_ids.session, true, lab.now);
  lab.settle();
  EXPECT_THAT(lab.take_names(), ElementsAre("ICRP"));
  lab.lns->on_session_installed(lab.last_ids.session, true, lab.now);
  lab.settle();
  EXPECT_THAT(lab.take_names(), IsEmpty()) << "a second answer changes nothing";
}

TEST(Handshake, ADataPlaneThatTakesNoSessionEndsTheCall) {
  LnsLab lab;
  lab.install_succeeds = false;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::cdn);
  EXPECT_EQ(lab.last_message().result().error, static_cast<unsigned>(ErrorCode::no_resources));
  EXPECT_EQ(lab.lns->session_count(), 0U);
}

TEST(Handshake, AnInstallationThatComesTooLateChangesNothing) {
  LnsLab lab;
  lab.install_at_once = false;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  client.send(client.message(L2tpMessageType::stopccn)
                  .number16(L2tpAttribute::assigned_tunnel_id, true, client.tunnel)
                  .avp(L2tpAttribute::result_code, true, from_hex("0001")));
  lab.sent.clear();
  lab.lns->on_session_installed(lab.last_ids.session, true, lab.now);
  lab.settle();
  EXPECT_THAT(lab.sent, IsEmpty());
}

TEST(Handshake, TakesWhatWindowsAndAndroidSay) {
  LnsLab lab;
  Lac client(lab, 1);  // Windows counts its tunnels from 1
  wire::L2tpMessageBuilder windows(0, 0, L2tpMessageType::sccrq);
  windows.number16(L2tpAttribute::protocol_version, true, 0x0100)
      .number32(L2tpAttribute::framing_capabilities, true, 1)
      .number32(L2tpAttribute::bearer_capabilities, true, 0)
      .number16(L2tpAttribute::firmware_revision, false, 0x0a00)
      .text(L2tpAttribute::host_name, true, "DESKTOP-1")
      .text(L2tpAttribute::vendor_name, false, "Microsoft")
      .number16(L2tpAttribute::assigned_tunnel_id, true, 1)
      .number16(L2tpAttribute::receive_window_size, true, 8);
  client.send(windows);
  client.send(client.message(L2tpMessageType::scccn));
  client.open_session(1);
  Lac android(lab, 0x1234);
  wire::L2tpMessageBuilder mtpd(0, 0, L2tpMessageType::sccrq);
  mtpd.number16(L2tpAttribute::protocol_version, true, 0x0100)
      .text(L2tpAttribute::host_name, true, "anonymous")
      .number32(L2tpAttribute::framing_capabilities, true, 3)
      .number16(L2tpAttribute::assigned_tunnel_id, true, 0x1234)
      .number16(L2tpAttribute::receive_window_size, true, 1);
  android.send(mtpd);
  android.send(android.message(L2tpMessageType::scccn));
  android.open_session(1);
  EXPECT_THAT(lab.events, ElementsAre("starting", "up", "starting", "up"));
  EXPECT_NE(lab.ups[0].ids.session, lab.ups[1].ids.session);
  EXPECT_NE(lab.ups[0].ids.tunnel, lab.ups[1].ids.tunnel);
}

TEST(Handshake, SaysWhetherTheClientWantsSequenceNumbers) {
  LnsLab lab;
  Lac client(lab);
  client.open_tunnel();
  client.send(client.icrq(5));
  client.send(client.iccn(lab.last_ids.session).avp(L2tpAttribute::sequencing_required, true, {}));
  ASSERT_EQ(lab.ups.size(), 1U);
  EXPECT_TRUE(lab.ups[0].sequencing_required);
  EXPECT_EQ(lab.ups[0].connect_speed_bps, 10'000'000U);
}

struct RefusedSccrq {
  std::string_view sentence;
  std::string_view avps;  // behind the message type
  StopResult result;
  std::uint16_t error;
};

TEST(Handshake, RefusesAnSccrqAndSaysWhy) {
  const std::string good = "8008000000020100 800a0000000300000003 800700000007 61 8008000000096e94";
  const RefusedSccrq cases[] = {
      {"version 2 of the protocol", "8008000000020200 8008000000096e94", StopResult::bad_version, 0x0100},
      {"no version", "8008000000096e94", StopResult::general_error, 6},
      {"a mandatory AVP that nobody knows", "8008000000020100 8008000000096e94 800800000063ffff",
       StopResult::general_error, 8},
      {"a mandatory AVP of a vendor", "8008000000020100 8008000000096e94 800800090001ffff",
       StopResult::general_error, 8},
      {"a reserved bit in a mandatory AVP", "8008000000020100 8008000000096e94 a0080000000a0004",
       StopResult::general_error, 8},
      {"framing capabilities of two bytes", "8008000000020100 8008000000096e94 8008000000030003",
       StopResult::general_error, 2},
      {"an AVP behind the end of the message", "8008000000020100 8008000000096e94 80200000000a0004",
       StopResult::general_error, 2},
      {"an AVP shorter than its header", "8008000000020100 8008000000096e94 80050000000a",
       StopResult::general_error, 2},
      {"a mandatory hidden AVP without a secret", "8008000000020100 8008000000096e94 c00a00000003 00000003",
       StopResult::general_error, 8},
      {"a challenge without a secret",
       "8008000000020100 8008000000096e94 80160000000b 00112233445566778899aabbccddeeff",
       StopResult::not_authorized, 0},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    LnsLab lab;
    auto bytes = from_hex("c802000000000000000000008008000000000001" + std::string(c.avps));
    wire::store_big_endian(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size()));
    lab.give(bytes);
    ASSERT_EQ(lab.sent.size(), 1U);
    EXPECT_EQ(lab.last_message().type(), L2tpMessageType::stopccn);
    EXPECT_EQ(lab.last_header().tunnel_id(), 0x6e94);
    EXPECT_EQ(lab.last_header().nr(), 1);
    EXPECT_NE(lab.last_message().number16(L2tpAttribute::assigned_tunnel_id), 0);
    EXPECT_EQ(lab.last_message().result().result, static_cast<unsigned>(c.result));
    EXPECT_EQ(lab.last_message().result().error, c.error);
    EXPECT_TRUE(lab.lns->done()) << "nothing is kept of it";
    EXPECT_FALSE(lab.reports.empty());
  }
  LnsLab lab;
  auto bytes = from_hex("c802000000000000000000008008000000000001" + good);
  wire::store_big_endian(bytes.data() + 2, static_cast<std::uint16_t>(bytes.size()));
  lab.give(bytes);
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::sccrp) << "but this one is good";
  LnsLab drained;
  drained.settings.draining = true;
  drained.give(bytes);
  EXPECT_EQ(drained.last_message().result().result, static_cast<unsigned>(StopResult::shutting_down));
  EXPECT_TRUE(drained.lns->done());
  drained.settings.draining = false;
  drained.give(bytes);
  EXPECT_EQ(drained.last_message().type(), L2tpMessageType::sccrp) << "when it takes clients again";
}

TEST(Handshake, PassesOverWhatIsNotMandatory) {
  LnsLab lab;
  Lac client(lab);
  client.send(client.sccrq()
                  .avp(L2tpAttribute{99}, false, from_hex("ffff"))
                  .avp(L2tpAttribute::firmware_revision, false, from_hex("ff"))          // wrong length
                  .avp(L2tpAttribute::tie_breaker, false, from_hex("0000000000000001"))  // we never began
                  .avp(L2tpAttribute::call_serial_number, true, from_hex("00000001")));  // of another message
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::sccrp);
  EXPECT_TRUE(lab.reports.empty()) << lab.reports.front();
}

TEST(Handshake, DropsWhatIsNoControlMessage) {
  LnsLab lab;
  for (const std::string_view hex :
       {"", "c802", "0002fcf086bfff03c021", "c802000cfcf0000000000000",
        "c8020014000000000000000080080000000000ff", "c803000c0000000000000000"}) {
    lab.give(from_hex(hex));
  }
  EXPECT_THAT(lab.sent, IsEmpty());
  EXPECT_TRUE(lab.lns->done());
}

struct Secrets {
  std::string_view sentence;
  std::string_view ours, theirs;
  bool we_challenge, they_challenge;
  bool opens;
};

void put_secret(crypto::SecretBytes& secret, std::string_view text) {
  secret = crypto::SecretBytes(std::as_bytes(std::span(text.data(), text.size())));
}

TEST(Handshake, ChallengesBothWays) {
  const Secrets cases[] = {
      {"both ends know it", "tunnel", "tunnel", true, true, true},
      {"only the client is asked", "tunnel", "tunnel", true, false, true},
      {"only we are asked", "tunnel", "tunnel", false, true, true},
      {"the client knows another", "tunnel", "Tunnel", true, false, false},
  };
  const auto challenge = from_hex("00112233445566778899aabbccddeeff");
  for (const auto& c : cases) {
    SCOPED_TRACE(std::string(c.sentence));
    l2tp::Settings settings;
    put_secret(settings.secret, c.ours);
    settings.require_challenge = c.we_challenge;
    LnsLab lab(std::move(settings));
    Lac client(lab);
    const auto theirs = std::as_bytes(std::span(c.theirs.data(), c.theirs.size()));
    auto sccrq = client.sccrq();
    if (c.they_challenge) sccrq.avp(L2tpAttribute::challenge, true, challenge);
    client.send(sccrq);
    const auto sccrp = lab.last_message();
    EXPECT_EQ(sccrp.has(L2tpAttribute::challenge), c.we_challenge);
    EXPECT_EQ(to_hex(sccrp.bytes(L2tpAttribute::challenge_response)),
              c.they_challenge ? to_hex(l2tp::challenge_response(2, theirs, challenge)) : "");
    auto scccn = client.message(L2tpMessageType::scccn);
    if (c.we_challenge)
      scccn.avp(L2tpAttribute::challenge_response, true,
                l2tp::challenge_response(3, theirs, sccrp.bytes(L2tpAttribute::challenge)));
    lab.sent.clear();
    client.send(scccn);
    if (c.opens) {
      EXPECT_EQ(lab.lns->tunnels().begin()->second.state, l2tp::Tunnel::State::established);
    } else {
      EXPECT_EQ(lab.last_message().type(), L2tpMessageType::stopccn);
      EXPECT_EQ(lab.last_message().result().result, static_cast<unsigned>(StopResult::not_authorized));
    }
  }
}

TEST(Handshake, AClientThatDoesNotAnswerAChallengeIsRefused) {
  l2tp::Settings settings;
  put_secret(settings.secret, "tunnel");
  settings.require_challenge = true;
  LnsLab lab(std::move(settings));
  Lac client(lab);
  client.open_tunnel();
  EXPECT_EQ(lab.last_message().result().result, static_cast<unsigned>(StopResult::not_authorized));
  EXPECT_THAT(lab.events, ElementsAre(HasSubstr("secret")));
}

TEST(Handshake, ReadsHiddenAvps) {
  l2tp::Settings settings;
  put_secret(settings.secret, "tunnel");
  LnsLab lab(std::move(settings));
  const auto secret = lab.settings.secret.bytes();
  const auto vector = from_hex("0102030405060708");
  Lac client(lab);
  wire::L2tpMessageBuilder message(0, 0, L2tpMessageType::sccrq);
  message.number16(L2tpAttribute::protocol_version, true, 0x0100)
      .text(L2tpAttribute::host_name, true, "client")
      .avp(L2tpAttribute::random_vector, true, vector)
      .avp(L2tpAttribute::assigned_tunnel_id, true,
           l2tp::hide_avp(9, from_hex("6e94"), from_hex("aaaa"), vector, secret), true);
  client.send(message);
  EXPECT_EQ(lab.last_message().type(), L2tpMessageType::sccrp);
  EXPECT_EQ(lab.last_header().tunnel_id(), 0x6e94);
}

}  // namespace
}  // namespace espgate::test
