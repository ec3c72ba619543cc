// SPDX-License-Identifier: Apache-2.0
// espgate-control as a process, and a client that dials: IKE by the channel's packets.
#include "channel/json_socket.h"
#include "control/dh_pool.h"
#include "control/ike/negotiator.h"
#include "tests/unit/control/control_process_fixture.h"

#include <algorithm>
#include <csignal>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

namespace espgate::control::test {
namespace {

using json = nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view key = "the key of this test";

// The client's side: a negotiator of ours, whose datagrams go through the data plane's packet rings.
class Client {
 public:
  explicit Client(std::string_view psk)
      : negotiator_(settings(psk),
                    {.random =
                         [this](std::span<std::byte> bytes) {
                           for (std::byte& byte : bytes) byte = std::byte(random_() & 0xffU);
                         },
                     .inbound_highest = [](std::uint32_t) { return std::uint64_t{0}; }},
                    now()) {
    negotiator_.set_slots(64, {});
  }

  void dial() {
    negotiator_.connect(
        {.local = {wire::IpAddress::v4(0xc6336402), 500}, .remote = {wire::IpAddress::v4(0x0a14000a), 500}},
        now());
  }
  // Sends what it has to say and hears what control has sent.
  void step(FakeDataplane& dataplane) {
    for (const channel::PacketRecord& packet : std::exchange(dataplane.sent, {})) {
      const ike::Path path = {.local = {wire::IpAddress(packet.remote), packet.remote_port},
                              .remote = {wire::IpAddress(packet.local), packet.local_port},
                              .natt = packet.natt};
      negotiator_.on_datagram(path, std::span(packet.bytes).first(packet.length), now());
    }
    negotiator_.advance(now());
    for (ike::Action& action : negotiator_.take_actions()) perform(action, dataplane);
  }
  [[nodiscard]] ike::Negotiator& negotiator() { return negotiator_; }
  [[nodiscard]] const ike::Peer* gateway() const {
    return negotiator_.peers().empty() ? nullptr : negotiator_.peers().begin()->second.get();
  }
  [[nodiscard]] std::size_t live_pairs() const {
    if (gateway() == nullptr) return 0;
    return static_cast<std::size_t>(std::ranges::count_if(
        gateway()->pairs, [](const auto& pair) { return pair->state == ike::SaPair::State::live; }));
  }

 private:
  static ike::TimePoint now() { return std::chrono::steady_clock::now(); }
  static ike::Settings settings(std::string_view psk) {
    ike::Settings settings;
    settings.local = wire::IpAddress::v4(0xc6336402);
    settings.public_address = settings.local;
    settings.psks.push_back({crypto::SecretBytes(std::as_bytes(std::span(psk))), {}, "test"});
    settings.own_offer = {{.group = crypto::DhGroup::curve25519}};
    settings.dpd_delay = std::chrono::seconds(0);
    return settings;
  }
  void perform(ike::Action& action, FakeDataplane& dataplane) {
    if (const auto* datagram = std::get_if<ike::SendDatagram>(&action)) {
      channel::PacketRecord header;
      header.natt = datagram->path.natt;
      header.remote = datagram->path.local.address.bytes();
      header.remote_port = datagram->path.local.port;
      header.local = datagram->path.remote.address.bytes();
      header.local_port = datagram->path.remote.port;
      (void)dataplane.deliver(header, datagram->bytes);  // lost like any packet when nobody is there
    } else if (const auto* job = std::get_if<ike::ComputeDiffieHellman>(&action)) {
      negotiator_.on_diffie_hellman(compute(*job), now());
    } else if (const auto* pair = std::get_if<ike::InstallPair>(&action)) {
      negotiator_.on_installed(pair->slot, true, "", now());
    }
  }

  std::mt19937_64 random_{std::random_device()()};
  ike::Negotiator negotiator_;
};

class ControlProcessIkeTest : public ControlProcessFixture {
 protected:
  ControlProcessIkeTest() : ControlProcessFixture(ESPGATE_CONTROL) {
    write_config(fmt::format("[ike]\npsk = \"{}\"\n", key));
  }
  void start() {
    start_dataplane();
    start_control();
    step_until([&] { return dataplane_->count(channel::CommandType::dump) == 1; });
  }
  void until(Client& client, const std::function<bool()>& done) {
    step_until([&] {
      client.step(*dataplane_);
      return done();
    });
  }
  void connect(Client& client) {
    client.dial();
    until(client, [&] { return client.gateway() != nullptr; });
    ASSERT_TRUE(client.negotiator().begin_quick_mode(client.gateway()->id, std::chrono::steady_clock::now()));
    until(client, [&] { return client.live_pairs() == 1; });
  }
  void replace_control() {
    EXPECT_EQ(end_control(SIGKILL), 128 + SIGKILL);
    step_until([&] { return !dataplane_->is_connected(); });
    dataplane_->forget_commands();
    start_control();
    step_until([&] { return dataplane_->count(channel::CommandType::dump) == 1; });
  }
  json ask(const json& request) {
    auto client = channel::JsonClient::connect(socket("control.sock"));
    if (!client) throw std::runtime_error(client.error());
    auto answer = client->ask(request);
    if (!answer) throw std::runtime_error(answer.error());
    return *answer;
  }
};

TEST_F(ControlProcessIkeTest, a_client_gets_its_sas_in_the_data_plane_with_the_keys_that_it_has) {
  start();
  Client client(key);
  connect(client);
  ASSERT_EQ(dataplane_->sas.size(), 2u);
  const ike::SaPair& pair = *client.gateway()->pairs.front();
  for (const auto& [sa_key, sa] : dataplane_->sas) {
    const bool inbound = sa_key.direction == channel::Direction::inbound;
    EXPECT_EQ(sa_key.spi, inbound ? pair.spi_out : pair.spi_in);
    const auto& theirs = inbound ? pair.key_out : pair.key_in;
    EXPECT_TRUE(std::ranges::equal(std::span(sa.add.keys.cipher_key).first(sa.add.keys.cipher_key_bytes),
                                   theirs.bytes().first(sa.add.keys.cipher_key_bytes)));
  }
  EXPECT_EQ(dataplane_->peers.begin()->second.local_port, 4500);
  EXPECT_THAT(log(), HasSubstr("IKE SA with 198.51.100.2"));
  EXPECT_THAT(log(), Not(HasSubstr(std::string(key))));
}

TEST_F(ControlProcessIkeTest, the_second_quick_mode_message_waits_for_the_data_plane) {
  start();
  Client client(key);
  client.dial();
  until(client, [&] { return client.gateway() != nullptr; });
  dataplane_->answers[channel::CommandType::sa_add] = channel::Result::table_full;
  ASSERT_TRUE(client.negotiator().begin_quick_mode(client.gateway()->id, std::chrono::steady_clock::now()));
  until(client, [&] { return dataplane_->count(channel::CommandType::sa_add) >= 1; });
  until(client, [&] { return log().find("does not take the SAs") != std::string::npos; });
  EXPECT_EQ(client.live_pairs(), 0u);
  EXPECT_TRUE(dataplane_->sas.empty());
}

// Killed without warning, control is followed by one that has every key: nothing is pushed again, the client
// notices nothing, and both can rekey and hang up.
TEST_F(ControlProcessIkeTest, a_killed_control_process_is_followed_by_one_that_goes_on_with_its_clients) {
  start();
  Client client(key);
  connect(client);
  replace_control();
  until(client, [&] { return log().find("1 clients go on") != std::string::npos; });
  EXPECT_EQ(dataplane_->changes(), 0u);
  ASSERT_TRUE(client.negotiator().begin_quick_mode(client.gateway()->id, std::chrono::steady_clock::now()));
  until(client, [&] { return client.live_pairs() == 2; });
  EXPECT_EQ(dataplane_->sas.size(), 4u);
  EXPECT_EQ(dataplane_->peers.size(), 1u) << "it is still the same peer";
  replace_control();
  client.negotiator().disconnect(client.gateway()->id, "test", std::chrono::steady_clock::now());
  until(client, [&] { return dataplane_->peers.empty(); });
  EXPECT_TRUE(dataplane_->sas.empty());
}

TEST_F(ControlProcessIkeTest, the_operator_sees_a_client_and_takes_it_down) {
  start();
  Client client(key);
  connect(client);
  // The answers come from the process's loop, which needs the data plane's end of the channel for nothing.
  const json list = ask({{"command", "ike"}});
  ASSERT_EQ(list["clients"].size(), 1u);
  EXPECT_EQ(list["clients"][0]["identity"], "198.51.100.2");
  EXPECT_EQ(list["clients"][0]["ike_sas"][0]["suite"], "aes256-sha256-curve25519");
  EXPECT_EQ(list["clients"][0]["sa_pairs"].size(), 1u);
  EXPECT_EQ(ask({{"command", "ike down"}, {"peer_id", list["clients"][0]["peer_id"]}})["ok"], true);
  until(client, [&] { return dataplane_->sas.empty() && client.negotiator().peers().empty(); });
  EXPECT_EQ(ask({{"command", "ike"}})["clients"].size(), 0u);
}

TEST_F(ControlProcessIkeTest, a_wrong_key_is_told_with_its_place_and_never_said) {
  start();
  Client client("another key");
  client.dial();
  until(client, [&] { return log().find("another pre-shared key") != std::string::npos; });
  const json why = ask({{"command", "why"}, {"address", "198.51.100.2"}});
  EXPECT_THAT(why["negotiations"][0]["text"].get<std::string>(), HasSubstr("gateway.toml"));
  EXPECT_EQ(why["negotiations"][0]["good"], false);
  EXPECT_THAT(log() + why.dump(), Not(HasSubstr(std::string(key))));
  EXPECT_EQ(ask({{"command", "status"}})["ike"]["refusals"]["authentication_failed"], 1);
}

}  // namespace
}  // namespace espgate::control::test
