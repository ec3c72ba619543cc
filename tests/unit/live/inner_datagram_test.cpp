// SPDX-License-Identifier: Apache-2.0
#include "dataplane/live/inner_datagram.h"

#include "tests/unit/live/installed.h"
#include "wire/l2tp.h"
#include "wire/ppp.h"
#include "wire/udp.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include <gtest/gtest.h>

namespace espgate::dataplane::live::test {
namespace {

using channel::PacketKind;
using channel::PacketRecord;
using Bytes = std::vector<std::byte>;

class InnerDatagramTest : public testing::Test {
 protected:
  InnerDatagramTest()
      : engine(*crypto::make_engine(crypto::EngineChoice::automatic)),
        installation({.sas = sas,
                      .clients = clients,
                      .outbound = outbound,
                      .engine = *engine,
                      .progress = progress,
                      .workers = 2,
                      .synchronize = [] {}}) {
    for (const auto& command :
         {peer_command(1), sa_command(1, 5, channel::Direction::outbound, "aes256-sha256"),
          session_command(1, 3, pool_start + 9, 5)})
      apply(command);
  }

  void apply(const channel::Command& command) { ASSERT_EQ(installation.apply(command), channel::Result::ok); }
  void set_session(const std::function<void(channel::SessionUpdate&)>& change) {
    channel::Command command = session_command(1, 3, pool_start + 9, 5);
    change(command.session_update);
    apply(command);
  }

  static PacketRecord record(PacketKind kind, std::initializer_list<unsigned> bytes) {
    PacketRecord made;
    made.kind = kind;
    made.peer_id = 1;
    made.slot = kind == PacketKind::l2tp_control ? 5 : 0;
    made.tunnel = 3;
    made.session = 1;
    made.length = static_cast<std::uint16_t>(bytes.size());
    std::ranges::transform(bytes, made.bytes.begin(), [](unsigned value) { return std::byte(value); });
    return made;
  }
  // Behind the ticket, which is kept.
  Bytes written(const PacketRecord& from) {
    const auto datagram = InnerDatagram::plan(installation, from);
    if (!datagram) {
      ADD_FAILURE() << describe(datagram.error()).name;
      return {};
    }
    EXPECT_EQ(datagram->owner(), 1u);
    Bytes all(datagram->bytes(), std::byte{0xa5});
    datagram->write(all);
    std::memcpy(&ticket, all.data(), sizeof ticket);
    EXPECT_NE(outbound.find(ticket.sa).sa, nullptr);
    EXPECT_EQ(outbound.find(ticket.sa).peer, &installation.peers().at(1)->peer);
    return {all.begin() + sizeof ticket, all.end()};
  }
  DropReason refused(const PacketRecord& from) {
    const auto datagram = InnerDatagram::plan(installation, from);
    EXPECT_FALSE(datagram);
    return datagram ? DropReason::no_headroom : datagram.error();
  }
  static Bytes bytes(std::initializer_list<unsigned> values) {
    Bytes all;
    for (const unsigned value : values) all.push_back(std::byte(value));
    return all;
  }

  SaTable sas{64};
  SessionTable clients{pool_start, 256};
  OutboundTable outbound{64};
  std::unique_ptr<crypto::Engine> engine;
  std::vector<channel::SaProgress> progress = std::vector<channel::SaProgress>(64);
  Installation installation;
  ControlTicket ticket;
};

TEST_F(InnerDatagramTest, an_l2tp_message_goes_from_1701_to_the_clients_port_without_a_checksum) {
  PacketRecord message = record(PacketKind::l2tp_control, {0xc8, 0x02, 0x00, 0x0c});
  EXPECT_EQ(written(message), bytes({0x06, 0xa5, 0x06, 0xa5, 0, 12, 0, 0, 0xc8, 0x02, 0x00, 0x0c}));
  message.remote_port = 0x1234;
  EXPECT_EQ(written(message), bytes({0x06, 0xa5, 0x12, 0x34, 0, 12, 0, 0, 0xc8, 0x02, 0x00, 0x0c}));
}

TEST_F(InnerDatagramTest, without_a_port_it_goes_where_the_peers_last_one_came_from) {
  installation.peers().at(1)->peer.l2tp_port = 0x4321;
  const Bytes sent = written(record(PacketKind::l2tp_control, {0xc8, 0x02}));
  EXPECT_EQ(wire::load_big_endian<std::uint16_t>(sent.data() + 2), 0x4321);
}

TEST_F(InnerDatagramTest, a_ppp_frame_goes_in_its_session_with_the_clients_ids) {
  EXPECT_EQ(written(record(PacketKind::ppp_control, {0xc0, 0x23, 0x02, 0x01})),
            bytes({0x06, 0xa5, 0x06, 0xa5, 0,    20,  0, 0,  // UDP
                   0x00, 0x02, 0,    77,   0,    88,         // L2TP
                   0xff, 0x03, 0xc0, 0x23, 0x02, 0x01}));    // PPP
}

TEST_F(InnerDatagramTest, ports_and_length_field_are_the_sessions) {
  set_session([](channel::SessionUpdate& update) {
    update.destination_port = 0x1111;
    update.length_field = true;
  });
  EXPECT_EQ(written(record(PacketKind::ppp_control, {0xc0, 0x23, 0x02, 0x01})),
            bytes({0x06, 0xa5, 0x11, 0x11, 0,  22,   0,    0,    0x40, 0x02, 0,
                   14,   0,    77,   0,    88, 0xff, 0x03, 0xc0, 0x23, 0x02, 0x01}));
}

// The number itself is the owner worker's, see control_push.
TEST_F(InnerDatagramTest, a_frame_has_room_for_its_number_where_the_client_wants_one) {
  set_session([](channel::SessionUpdate& update) { update.sequencing = true; });
  const PacketRecord frame = record(PacketKind::ppp_control, {0xc0, 0x23, 0x02, 0x01});
  EXPECT_EQ(written(frame), bytes({0x06, 0xa5, 0x06, 0xa5, 0,    24,  0, 0,        // UDP
                                   0x08, 0x02, 0,    77,   0,    88,  0, 0, 0, 0,  // L2TP
                                   0xff, 0x03, 0xc0, 0x23, 0x02, 0x01}));
  EXPECT_EQ(ticket.tunnel_and_session, tunnel_and_session(3, 1));
  EXPECT_EQ(ticket.ns_offset, 14u);
  set_session([](channel::SessionUpdate& update) { update.sequencing = update.length_field = true; });
  EXPECT_EQ(written(frame), bytes({0x06, 0xa5, 0x06, 0xa5, 0,    26,  0, 0,               // UDP
                                   0x48, 0x02, 0,    18,   0,    77,  0, 88, 0, 0, 0, 0,  // L2TP
                                   0xff, 0x03, 0xc0, 0x23, 0x02, 0x01}));
  EXPECT_EQ(ticket.ns_offset, 16u);
  (void)written(record(PacketKind::l2tp_control, {0xc8, 0x02}));
  EXPECT_EQ(ticket.ns_offset, 0u) << "control messages have numbers of their own";
}

TEST_F(InnerDatagramTest, address_and_control_are_left_out_where_negotiated_but_never_for_lcp) {
  set_session([](channel::SessionUpdate& update) { update.address_control = false; });
  const auto ppp = [&](std::initializer_list<unsigned> frame) {
    const Bytes sent = written(record(PacketKind::ppp_control, frame));
    return Bytes(sent.begin() + 14, sent.end());
  };
  EXPECT_EQ(ppp({0xc2, 0x23, 0x01}), bytes({0xc2, 0x23, 0x01}));
  EXPECT_EQ(ppp({0x80, 0x21, 0x01}), bytes({0x80, 0x21, 0x01}));
  EXPECT_EQ(ppp({0xc0, 0x21, 0x09}), bytes({0xff, 0x03, 0xc0, 0x21, 0x09}));
}

TEST_F(InnerDatagramTest, a_frame_goes_before_the_user_has_an_address) {
  channel::Command early = session_command(1, 4, 0, 5);
  early.session_update.inner = {};
  early.session_update.open = false;
  apply(early);
  PacketRecord frame = record(PacketKind::ppp_control, {0xc0, 0x21, 0x01});
  frame.tunnel = 4;
  EXPECT_EQ(written(frame).size(), 8u + 6 + 5);
}

TEST_F(InnerDatagramTest, what_is_gone_is_named) {
  const PacketRecord message = record(PacketKind::l2tp_control, {0xc8, 0x02});
  const PacketRecord frame = record(PacketKind::ppp_control, {0xc0, 0x21, 0x01});
  PacketRecord stranger = message;
  stranger.peer_id = 2;
  EXPECT_EQ(refused(stranger), DropReason::control_no_sa);
  PacketRecord other_session = frame;
  other_session.session = 2;
  EXPECT_EQ(refused(other_session), DropReason::control_no_sa);
  apply(sa_delete_command(5, channel::Direction::outbound));
  EXPECT_EQ(refused(message), DropReason::control_no_sa);
  EXPECT_EQ(refused(frame), DropReason::control_no_sa) << "its session is still there";
}

TEST_F(InnerDatagramTest, a_record_that_makes_no_sense_is_refused) {
  EXPECT_EQ(refused(record(PacketKind::ppp_control, {0xc0})), DropReason::local_unwanted);
  EXPECT_EQ(refused(record(PacketKind::l2tp_control, {})), DropReason::local_unwanted);
  PacketRecord longer = record(PacketKind::l2tp_control, {1});
  longer.length = PacketRecord::capacity + 1;
  EXPECT_EQ(refused(longer), DropReason::local_unwanted);
}

}  // namespace
}  // namespace espgate::dataplane::live::test
