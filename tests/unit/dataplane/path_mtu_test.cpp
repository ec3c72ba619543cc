// SPDX-License-Identifier: Apache-2.0
#include "dataplane/path_mtu.h"

#include "dataplane/session.h"
#include "tests/packet_builder.h"
#include "tests/unit/dataplane/test_gateway.h"

#include <array>

#include <gtest/gtest.h>

namespace espgate::dataplane::test {
namespace {

using espgate::test::PacketBuilder;

constexpr std::uint32_t own_outside = 0x0a140001;  // 10.20.0.1

struct QuoteOptions {
  std::string_view source = "10.20.0.1";
  bool udp = true;
  std::uint16_t source_port = 4500;
  std::uint32_t spi = 0xc0ffee00;
  bool dont_fragment = true;
  std::size_t fragment_offset = 0;
  std::uint16_t total_length = 1500;
  std::size_t kept = 100;  // bytes that the router quotes
};

Datagram quote(const QuoteOptions& options = {}) {
  PacketBuilder builder;
  builder.ipv4(options.source, "198.51.100.7",
               {.dont_fragment = options.dont_fragment,
                .fragment_offset = options.fragment_offset,
                .protocol = static_cast<std::uint8_t>(options.udp ? 17 : 50)});
  if (options.udp) builder.udp_without_checksum(options.source_port, 61000);
  Datagram packet = builder.esp(options.spi, 77).payload(100).build();
  wire::store_big_endian(packet.data() + 2, options.total_length);
  packet.resize(options.kept);
  return packet;
}

Datagram error(const Datagram& quoted, const wire::IcmpFields& fields = wire::fragmentation_needed(1400)) {
  return PacketBuilder().ipv4("203.0.113.1", "10.20.0.1").icmp(fields).payload(wire::Bytes(quoted)).build();
}

TEST(PathMtu, is_read_from_an_error_about_esp_in_udp) {
  EXPECT_EQ(parse_path_mtu(error(quote()), own_outside),
            (PathMtu{.destination = 0xc6336407, .destination_port = 61000, .spi = 0xc0ffee00, .mtu = 1400}));
}

TEST(PathMtu, is_read_from_an_error_about_plain_esp) {
  EXPECT_EQ(parse_path_mtu(error(quote({.udp = false})), own_outside),
            (PathMtu{.destination = 0xc6336407, .destination_port = 0, .spi = 0xc0ffee00, .mtu = 1400}));
}

TEST(PathMtu, needs_no_more_of_the_packet_than_its_spi) {
  EXPECT_TRUE(parse_path_mtu(error(quote({.kept = 32})), own_outside));
  EXPECT_FALSE(parse_path_mtu(error(quote({.kept = 31})), own_outside));
  EXPECT_FALSE(parse_path_mtu(error(quote({.kept = 27})), own_outside));
  EXPECT_FALSE(parse_path_mtu(error(quote({.kept = 19})), own_outside));
  EXPECT_FALSE(parse_path_mtu(error(quote({.kept = 0})), own_outside));
  EXPECT_TRUE(parse_path_mtu(error(quote({.udp = false, .kept = 24})), own_outside));
  EXPECT_FALSE(parse_path_mtu(error(quote({.udp = false, .kept = 23})), own_outside));
}

TEST(PathMtu, a_router_that_names_none_is_taken_to_have_the_next_common_one) {
  struct Case {
    std::uint16_t length, mtu;
  };
  for (const Case& each : {Case{1500, 1492}, Case{1492, 1006}, Case{9001, 8166}, Case{1006, 576},
                           Case{600, 576}, Case{65535, 32000}, Case{2003, 2002}}) {
    const auto read = parse_path_mtu(
        error(quote({.total_length = each.length}), wire::fragmentation_needed(0)), own_outside);
    ASSERT_TRUE(read) << each.length;
    EXPECT_EQ(read->mtu, each.mtu);
  }
}

TEST(PathMtu, never_goes_below_what_every_path_carries) {
  EXPECT_EQ(parse_path_mtu(error(quote(), wire::fragmentation_needed(68)), own_outside)->mtu, 576);
  EXPECT_EQ(parse_path_mtu(error(quote(), wire::fragmentation_needed(575)), own_outside)->mtu, 576);
  EXPECT_FALSE(
      parse_path_mtu(error(quote({.total_length = 576}), wire::fragmentation_needed(68)), own_outside));
}

TEST(PathMtu, an_error_that_can_not_be_about_a_packet_of_ours_is_not_believed) {
  const auto wrong_checksum = [] {
    auto packet = error(quote());
    packet.back() ^= std::byte{1};
    return packet;
  }();
  auto with_options = quote();
  with_options[0] = std::byte{0x46};
  const auto fragment = PacketBuilder()
                            .ipv4("203.0.113.1", "10.20.0.1", {.more_fragments = true})
                            .icmp(wire::fragmentation_needed(1400))
                            .payload(wire::Bytes(quote()))
                            .build();
  struct Case {
    const char* sentence;
    Datagram packet;
  };
  const std::vector<Case> cases = {
      {"another's packet", error(quote({.source = "10.20.0.2"}))},
      {"not from port 4500", error(quote({.source_port = 500}))},
      {"an IKE message", error(quote({.spi = 0}))},
      {"a reserved SPI", error(quote({.spi = 255}))},
      {"without DF", error(quote({.dont_fragment = false}))},
      {"a fragment", error(quote({.fragment_offset = 8}))},
      {"with IP options, which we never send", error(with_options)},
      {"the packet would have fitted", error(quote(), wire::fragmentation_needed(1500))},
      {"port unreachable", error(quote(), wire::destination_unreachable(3))},
      {"time exceeded", error(quote(), wire::time_exceeded_in_transit())},
      {"a wrong ICMP checksum", wrong_checksum},
      {"the error is a fragment", fragment},
      {"no ICMP",
       PacketBuilder().ipv4("203.0.113.1", "10.20.0.1").udp(1, 2).payload(wire::Bytes(quote())).build()},
      {"half an ICMP header",
       PacketBuilder().ipv4("203.0.113.1", "10.20.0.1", {.protocol = 1}).payload(7).build()},
  };
  for (const Case& each : cases) EXPECT_FALSE(parse_path_mtu(each.packet, own_outside)) << each.sentence;
  EXPECT_FALSE(parse_path_mtu(error(quote()), 0x0a140002)) << "not for us";
  EXPECT_FALSE(parse_path_mtu({}, own_outside));
}

// ---- what an outer MTU leaves for an inner packet

std::uint16_t limit(std::string_view suite, bool length_field, std::uint16_t outer_mtu,
                    std::uint16_t mru = 9000, bool udp = true) {
  OutboundSa sa;
  set_suite(sa, *crypto::find_suite(suite));
  set_outer_header(sa, {.ethernet = false, .udp = udp});
  return inner_limit(sa, make_session_header({.length_field = length_field}), outer_mtu, mru);
}

TEST(InnerLimit, is_what_the_table_says) {
  EXPECT_EQ(limit("aes256-sha1", false, 1500), 1404);
  EXPECT_EQ(limit("aes256-sha1", true, 1500), 1402);
  EXPECT_EQ(limit("aes256-sha256", false, 1500), 1404);
  EXPECT_EQ(limit("aes128gcm16", false, 1500), 1420);
  EXPECT_EQ(limit("aes256-sha512", false, 1500), 1388);
  EXPECT_EQ(limit("aes128gcm16", false, 1500, 1400), 1400) << "the client's MRU";
  EXPECT_EQ(limit("aes128gcm16", false, 1500, 9000, false), 1428) << "without UDP";
}

TEST(InnerLimit, a_packet_of_that_size_fits_and_one_byte_more_does_not) {
  for (const crypto::Suite& suite : crypto::suites())
    for (const bool length_field : {false, true})
      for (const std::uint16_t outer_mtu : std::array<std::uint16_t, 4>{576, 1400, 1499, 1500}) {
        TestGateway gateway(crypto::EngineChoice::openssl);
        Client& client = gateway.add_client(
            {.suite = suite.name, .l2tp = {.tunnel = 1, .session = 2, .length_field = length_field}});
        client.client_sa.max_packet_bytes = outer_mtu;
        const std::size_t most = inner_limit(client.client_sa, client.client_session.header, outer_mtu, 9000);
        ASSERT_GT(most, 28u);
        const auto sent =
            gateway.send(client, {inner_packet(1, 2, most - 28), inner_packet(1, 2, most - 27)});
        ASSERT_EQ(sent.size(), 1u) << suite.name << " in " << outer_mtu;
        EXPECT_LE(sent[0].size() - 14, outer_mtu);
      }
}

TEST(InnerLimit, where_nothing_fits_it_is_zero) {
  EXPECT_EQ(limit("aes256-sha512", false, 0), 0);
  EXPECT_EQ(limit("aes256-sha512", false, 90), 0);
  EXPECT_EQ(limit("aes128gcm16", true, 80), 0);
}

}  // namespace
}  // namespace espgate::dataplane::test
