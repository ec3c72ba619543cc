// SPDX-License-Identifier: Apache-2.0
// A whole data plane in this process, on DPDK's null devices: the outside one brings frames of zeros without
// end. What the API answers is asked as people do, with the command `espgate`.
#include "dataplane/live/manager.h"
#include "tests/scenarios/program.h"
#include "tests/unit/cli/command_line.h"
#include "wire/ip_address.h"

#include <csignal>
#include <filesystem>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace espgate::dataplane::live {
namespace {

using cli::Answer;
using cli::espgate;
using nlohmann::json;
using testing::HasSubstr;

constexpr std::uint32_t peer_address = 0xc6336407;   // 198.51.100.7
constexpr std::uint32_t inner_address = 0x0a280002;  // 10.40.0.2

channel::Address address(std::uint32_t ipv4) { return wire::IpAddress::v4(ipv4).bytes(); }

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    config_.outside.device = "net_null0,size=64";
    config_.outside.address = *wire::Ipv4Prefix::from_string("10.20.0.10/24");
    config_.inside.emplace();
    config_.inside->device = "net_null1,no-rx=1";
    config_.inside->address = *wire::Ipv4Prefix::from_string("10.30.0.1/24");
    config_.client_pool = *wire::Ipv4Prefix::from_string("10.40.0.0/24");
    config_.workers.idle = config::Idle::adaptive;
    config_.hugepages = config::Hugepages::off;
    config_.runtime_directory = folder_ / "run";
    config_.file = "made-up.toml";
    std::filesystem::create_directory(config_.runtime_directory);
    auto gateway = Gateway::create(config_);
    if (!gateway) throw std::runtime_error(gateway.error());
    gateway_ = std::move(*gateway);
    auto manager = Manager::create(*gateway_, [](std::string_view, const std::string&) {});
    if (!manager) throw std::runtime_error(manager.error());
    manager_ = std::move(*manager);
    install(1, peer_address, inner_address);
    install(2, peer_address + 1, inner_address + 1);
  }
  ~ApiTest() override {
    gateway_->stop_workers();
    manager_.reset();
  }

  // Asks while the gateway works: the manager needs the main thread, as DPDK knows no other.
  void run(const std::function<void()>& questions) {
    gateway_->start_workers();
    std::thread asking([&] {
      questions();
      ::kill(::getpid(), SIGTERM);
    });
    manager_->run();
    asking.join();
  }

  // The manager notices that a client has gone when it looks the next time.
  void wait_until_nobody_looks() const {
    while (gateway_->workers[0]->stats().observer.load() != nullptr)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }

  Answer ask(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--runtime-directory", config_.runtime_directory.string()});
    return espgate(arguments);
  }
  json ask_json(std::vector<std::string> arguments) const {
    arguments.emplace_back("--json");
    const Answer answer = ask(arguments);
    EXPECT_EQ(answer.exit_code, cli::success) << answer.err;
    return json::parse(answer.out);
  }

 private:
  void apply(channel::CommandType type, const std::function<void(channel::Command&)>& fill) {
    channel::Command command{};
    command.type = type;
    fill(command);
    ASSERT_EQ(gateway_->installation->apply(command, Manager::now_nanoseconds()), channel::Result::ok);
  }

  void install(std::uint32_t id, std::uint32_t remote, std::uint32_t inner) {
    apply(channel::CommandType::peer_update, [&](channel::Command& command) {
      command.peer_update = {.peer_id = id,
                             .remote_port = 61234,
                             .local_port = 4500,
                             .remote = address(remote),
                             .local = address(0x0a14000a)};
    });
    for (const auto direction : {channel::Direction::outbound, channel::Direction::inbound})
      apply(channel::CommandType::sa_add, [&](channel::Command& command) {
        channel::SaAdd& add = command.sa_add;
        add.peer_id = id;
        add.slot = id;
        add.direction = direction;
        add.spi = direction == channel::Direction::inbound ? Spi::make(1, id, 7) : 0xc0000000 + id;
        add.window_packets = 256;
        std::string_view("aes128-sha1").copy(add.suite.data(), add.suite.size());
        add.sequence = direction == channel::Direction::inbound ? 500 : 40;
        add.last_sequence = 1000;
        add.hard_bytes = 1'000'000;
        add.keys.cipher_key_bytes = 16;
        add.keys.integrity_key_bytes = 20;
      });
    apply(channel::CommandType::session_update, [&](channel::Command& command) {
      channel::SessionUpdate& update = command.session_update;
      update.peer_id = id;
      update.tunnel = 11;
      update.session = 12;
      update.peer_tunnel = 21;
      update.peer_session = 22;
      update.inner = address(inner);
      update.outbound_slot = id;
      update.mru = 1400;
      update.open = true;
    });
  }

 protected:
  espgate::test::TemporaryFolder folder_;
  config::Config config_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<Manager> manager_;
};

TEST_F(ApiTest, tells_what_is_installed) {
  run([&] {
    const json status = ask_json({"status"});
    EXPECT_EQ(status.at("pid"), ::getpid());
    EXPECT_EQ(status.at("configuration"), "made-up.toml");
    EXPECT_EQ(status.at("control").at("connected"), false);
    EXPECT_EQ(status.at("workers").size(), 1u);
    EXPECT_EQ(status.at("installed"), (json{{"peers", 2}, {"sessions", 2}, {"sas_in", 2}, {"sas_out", 2}}));

    const json sas = ask_json({"sa"}).at("sas");
    ASSERT_EQ(sas.size(), 4u);
    const json& in = sas.at(0);
    EXPECT_EQ(in.at("direction"), "in");
    EXPECT_EQ(in.at("spi"), "0x10000407");
    EXPECT_EQ(in.at("suite"), "aes128-sha1");
    EXPECT_EQ(in.at("mode"), "transport");
    EXPECT_EQ(in.at("encapsulation"), "l2tp, udp-encap");
    EXPECT_EQ(in.at("local"), "10.20.0.10:4500");
    EXPECT_EQ(in.at("remote"), "198.51.100.7:61234");
    EXPECT_EQ(in.at("replay_window"), 256);
    EXPECT_EQ(in.at("highest"), 500);
    EXPECT_EQ(in.at("hard_bytes"), 1'000'000);
    const json& out = sas.at(1);
    EXPECT_EQ(out.at("direction"), "out");
    EXPECT_EQ(out.at("spi"), "0xc0000001");
    EXPECT_EQ(out.at("next_sequence"), 40);
    EXPECT_EQ(out.at("last_sequence"), 1000);

    const json sessions = ask_json({"session", "--match", "peer_id=2"}).at("sessions");
    ASSERT_EQ(sessions.size(), 1u);
    EXPECT_EQ(sessions.at(0).at("address"), "10.40.0.3");
    EXPECT_EQ(sessions.at(0).at("tunnel"), 11);
    EXPECT_EQ(sessions.at(0).at("peer_session"), 22);
    EXPECT_EQ(sessions.at(0).at("state"), "open");
    EXPECT_EQ(sessions.at(0).at("spi_out"), "0xc0000002");

    EXPECT_EQ(ask_json({"peer"}).at("peers").at(0).at("spis_in"), json({"0x10000407"}));
    const json policies = ask_json({"policy"});
    EXPECT_EQ(policies.at("policies").size(), 4u);
    EXPECT_EQ(policies.at("policies").at(0).at("destination").at("port"), 1701);
    EXPECT_FALSE(policies.at("defaults").empty());
  });
}

TEST_F(ApiTest, every_table_can_be_printed) {
  run([&] {
    const std::pair<const char*, const char*> cases[] = {
        {"status", "WORKER"},
        {"port", "net_null0"},
        {"peer", "198.51.100.8:61234"},
        {"sa", "aes128-sha1"},
        {"policy", "10.20.0.10 udp/1701"},
        {"session", "10.40.0.2"},
        {"route", "10.30.0.0/24"},
        {"neighbour", "ADDRESS"},
        {"buffers", "ordinary"},
    };
    for (const auto& [command, expected] : cases) {
      const Answer answer = ask({command});
      EXPECT_EQ(answer.exit_code, cli::success) << answer.err;
      EXPECT_THAT(answer.out, HasSubstr(expected)) << command;
    }
  });
}

TEST_F(ApiTest, long_lists_come_in_pages_that_belong_together) {
  run([&] {
    auto connection = channel::JsonClient::connect(config_.runtime_directory / "dataplane.sock");
    ASSERT_TRUE(connection);
    const auto first = connection->ask({{"command", "sa"}, {"limit", 1}});
    ASSERT_TRUE(first);
    EXPECT_EQ(first->at("sas").size(), 2u);  // a pair is not torn apart
    EXPECT_EQ(first->at("next"), 1);
    const auto second = connection->ask({{"command", "sa"}, {"limit", 1}, {"after", 1}});
    ASSERT_TRUE(second);
    EXPECT_EQ(second->at("sas").at(0).at("slot"), 2);
    EXPECT_FALSE(second->contains("next"));
  });
}

TEST_F(ApiTest, wrong_requests_are_answered_as_errors) {
  run([&] {
    auto connection = channel::JsonClient::connect(config_.runtime_directory / "dataplane.sock");
    ASSERT_TRUE(connection);
    for (const char* request :
         {R"({"command": "sas"})", R"({"command": 3})", R"({"x": 1})", R"({"command": "trace", "count": 0})",
          R"({"command": "trace", "spi": "0xzz"})", R"({"command": "trace", "inner": "fe80::1"})",
          R"({"command": "capture", "point": "nowhere"})", R"({"command": "capture"})",
          R"({"command": "capture", "point": "decrypted", "snap": 1})",
          R"({"command": "perf", "seconds": -1})", R"({"command": "perf", "seconds": "x"})",
          R"({"command": "sa", "after": "x"})"}) {
      const auto answer = connection->ask(json::parse(request));
      EXPECT_FALSE(answer) << request << " " << *answer;
    }
    EXPECT_TRUE(connection->ask({{"command", "status"}}));
  });
}

// The frames of zeros are for nobody.
TEST_F(ApiTest, drops_perf_trace_and_capture_show_what_the_worker_does) {
  run([&] {
    const json measured = ask_json({"perf", "--seconds", "0.2"});
    const json& stages = measured.at("workers").at(0).at("stages");
    ASSERT_GE(stages.size(), 2u);
    EXPECT_EQ(stages.at(0).at("stage"), "rx");
    EXPECT_GT(stages.at(0).at("packets"), 0);
    EXPECT_GT(stages.at(1).at("cycles"), 0);
    EXPECT_FALSE(gateway_->workers[0]->stats().time_stages);

    const Answer drops = ask({"drops"});
    EXPECT_THAT(drops.out, HasSubstr("foreign_destination"));
    EXPECT_THAT(drops.out, HasSubstr("-> nothing: broadcasts and what a switch floods"));

    const Answer trace = ask({"trace", "-n", "3"});
    EXPECT_EQ(trace.exit_code, cli::success) << trace.err;
    EXPECT_THAT(trace.out, HasSubstr("#3"));
    EXPECT_THAT(trace.out, HasSubstr("dropped: foreign_destination"));
    EXPECT_EQ(ask({"trace", "--spi", "0x7", "--seconds", "0.1"}).exit_code, cli::failure);

    const std::string file = folder_ / "zeros.pcapng";
    const Answer captured = ask({"capture", "--point", "outside-rx", "-n", "5", "-w", file});
    EXPECT_EQ(captured.exit_code, cli::success) << captured.err;
    EXPECT_THAT(captured.err, HasSubstr("5 packets written, 0 did not match the filter"));
    EXPECT_GT(std::filesystem::file_size(file), 5 * 64u);
    wait_until_nobody_looks();
  });
}

TEST_F(ApiTest, a_client_that_hangs_up_ends_its_trace) {
  run([&] {
    {
      auto connection = channel::JsonClient::connect(config_.runtime_directory / "dataplane.sock");
      ASSERT_TRUE(connection);
      ASSERT_TRUE(connection->ask({{"command", "trace"}, {"count", 1}, {"spi", 9}}));
      EXPECT_NE(gateway_->workers[0]->stats().observer.load(), nullptr);
    }
    wait_until_nobody_looks();
  });
}

}  // namespace
}  // namespace espgate::dataplane::live
