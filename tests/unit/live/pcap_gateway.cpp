// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/live/pcap_gateway.h"

#include "channel/json_socket.h"
#include "dataplane/sa_table.h"
#include "dataplane/stages/esp_encrypt.h"
#include "dataplane/stages/esp_push.h"
#include "dataplane/stages/outer_push.h"
#include "tests/scenarios/capture_file.h"
#include "tests/unit/live/installed.h"
#include "wire/arp.h"
#include "wire/l2tp.h"
#include "wire/udp.h"

#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>

namespace espgate::dataplane::live::test {
namespace {

using espgate::test::Record;

constexpr std::uint32_t router = 0x0a14'0001, own_outside = gateway_address, own_inside = 0x0a1e'0001;
constexpr auto patience = std::chrono::seconds(30);

constexpr wire::MacAddress mac(unsigned a, unsigned b, unsigned c, unsigned d, unsigned e, unsigned f) {
  return {{std::byte(a), std::byte(b), std::byte(c), std::byte(d), std::byte(e), std::byte(f)}};
}
constexpr wire::MacAddress router_mac = mac(2, 0, 0, 0, 0, 1), host_mac = mac(2, 0, 0, 0, 0, 2);

Datagram arp_reply(const wire::MacAddress& from, std::uint32_t ip, const wire::MacAddress& to,
                   std::uint32_t to_ip) {
  Datagram frame(60);
  const std::size_t link =
      wire::build(frame, {.destination = to, .source = from, .ether_type = wire::ether_type_arp});
  wire::build_arp(wire::MutableBytes(frame).subspan(link), {wire::ArpOperation::reply, from, ip, to, to_ip});
  return frame;
}

Record record_of(const Datagram& frame) {
  Record record;
  record.bytes.assign(reinterpret_cast<const char*>(frame.data()), frame.size());
  record.original_length = static_cast<std::uint32_t>(frame.size());
  return record;
}

std::string device(unsigned number, const std::string& rx, const std::string& tx) {
  return fmt::format("net_pcap{},rx_pcap={},tx_pcap={},infinite_rx=1", number, rx, tx);
}

}  // namespace

const wire::MacAddress PcapGateway::outside_mac = mac(2, 0x70, 0x63, 0x61, 0x70, 0);
const wire::MacAddress PcapGateway::inside_mac = mac(2, 0x70, 0x63, 0x61, 0x70, 1);

PcapGateway::PcapGateway(const Options& options) {
  std::filesystem::create_directory(runtime_);
  std::filesystem::permissions(runtime_, std::filesystem::perms::owner_all);
  std::vector<Record> outside = {record_of(arp_reply(router_mac, router, outside_mac, own_outside))};
  for (const Datagram& frame : options.outside) outside.push_back(record_of(frame));
  espgate::test::write_capture(folder_ / "outside-rx.pcap", outside);
  espgate::test::write_capture(folder_ / "inside-rx.pcap",
                               {record_of(arp_reply(host_mac, host, inside_mac, own_inside))});
  const std::string config = folder_ / "gateway.toml";
  espgate::test::write_file(
      config, fmt::format("[outside]\ndevice = \"{}\"\naddress = \"10.20.0.10/24\"\ngateway = \"10.20.0.1\"\n"
                          "[inside]\ndevice = \"{}\"\naddress = \"10.30.0.1/24\"\ngateway = \"10.30.0.10\"\n"
                          "[clients]\npool = \"10.40.0.0/24\"\n[workers]\ncount = {}\nidle = \"{}\"\n"
                          "[memory]\nhugepages = \"off\"\n[runtime]\ndirectory = \"{}\"\n",
                          device(0, folder_ / "outside-rx.pcap", folder_ / "outside-tx.pcap"),
                          device(1, folder_ / "inside-rx.pcap", folder_ / "inside-tx.pcap"), options.workers,
                          options.idle, runtime_));
  std::filesystem::permissions(config, std::filesystem::perms(0600));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const std::string log = folder_ / "log";
  posix_spawn_file_actions_addopen(&actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  std::vector<std::string> words = {ESPGATE_DATAPLANE, "-c", config};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const int error = posix_spawn(&process_, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::runtime_error("can't start " + words[0]);
  const auto end = std::chrono::steady_clock::now() + patience;
  while (control_ == nullptr) {
    if (auto connected = channel::ControlEnd::connect(runtime_ + "/channel.sock"); connected) {
      control_ = std::move(*connected);
    } else if (std::chrono::steady_clock::now() > end || waitpid(process_, nullptr, WNOHANG) != 0) {
      throw std::runtime_error(connected.error() + "\n" + espgate::test::read_file(log));
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
}

PcapGateway::~PcapGateway() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void PcapGateway::step() {
  pollfd waiting = {control_->descriptor(), POLLIN, 0};
  (void)::poll(&waiting, 1, 10);
  EXPECT_TRUE(control_->step(
      {.event = [&](const channel::Event& event) { events.push_back(event); },
       .packet =
           [&](unsigned worker, const channel::PacketRecord& record) {
             packets.push_back(
                 {worker, record, Datagram(record.bytes.begin(), record.bytes.begin() + record.length)});
           }}))
      << "the data plane has gone: " << espgate::test::read_file(folder_ / "log");
}

void PcapGateway::wait_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!done() && !testing::Test::HasFailure()) {
    ASSERT_LT(std::chrono::steady_clock::now(), end)
        << "in vain; " << ask({{"command", "drops"}}).dump() << espgate::test::read_file(folder_ / "log");
    step();
  }
}

channel::Result PcapGateway::apply(channel::Command command) {
  const std::uint64_t number = control_->send(command);
  channel::Result result = channel::Result::unknown_command;
  wait_until([&] {
    for (const channel::Event& event : events) {
      if (event.type != channel::EventType::completion || event.command != number) continue;
      result = event.result;
      return true;
    }
    return false;
  });
  return result;
}

void PcapGateway::send(const channel::PacketRecord& header, const Datagram& bytes) {
  wait_until([&] { return control_->send_packet(header, bytes); });
}

nlohmann::json PcapGateway::ask(const nlohmann::json& request) const {
  auto client = channel::JsonClient::connect(runtime_ + "/dataplane.sock");
  if (!client) throw std::runtime_error(client.error());
  auto answer = client->ask(request, patience);
  if (!answer) throw std::runtime_error(answer.error());
  return *answer;
}

std::uint64_t PcapGateway::drops(const std::string& reason) const {
  const nlohmann::json answer = ask({{"command", "drops"}});
  for (const auto& row : answer.at("drops"))
    if (row.at("reason") == reason) return row.at("packets").get<std::uint64_t>();
  return 0;
}

void PcapGateway::stop() {
  control_.reset();
  ASSERT_EQ(::kill(process_, SIGTERM), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(process_, &status, 0), process_);
  process_ = -1;
  EXPECT_EQ(status, 0) << espgate::test::read_file(folder_ / "log");
}

std::vector<Datagram> PcapGateway::sent(const std::string& side) const {
  std::vector<Datagram> frames;
  for (const Record& record : espgate::test::read_capture(folder_ / (side + "-tx.pcap"))) {
    const auto* bytes = reinterpret_cast<const std::byte*>(record.bytes.data());
    if (wire::load_big_endian<std::uint16_t>(bytes + 12) != wire::ether_type_arp)
      frames.emplace_back(bytes, bytes + record.bytes.size());
  }
  return frames;
}

PcapClient::PcapClient(std::uint32_t slot, std::string_view suite) {
  const auto key = [&](channel::Direction direction) {
    const channel::SaKeys keys = sa_command(1, slot, direction, suite).sa_add.keys;
    return std::move(*stages_.engine->make_key(
        *crypto::find_suite(suite), std::span(keys.cipher_key).first(keys.cipher_key_bytes),
        std::span(keys.integrity_key).first(keys.integrity_key_bytes)));
  };
  send_key_ = key(channel::Direction::inbound);
  receive_key_ = key(channel::Direction::outbound);
  set_suite(outbound_, *crypto::find_suite(suite));
  outbound_.spi = spi_of(slot, channel::Direction::inbound);
  outbound_.key = send_key_.get();
  set_outer_header(outbound_, {.destination_mac = PcapGateway::outside_mac.bytes,
                               .source_mac = router_mac.bytes,
                               .source = client_address,
                               .destination = gateway_address,
                               .source_port = 61234});
  InboundSa& inbound = stages_.sas.add(spi_of(slot, channel::Direction::outbound), 1024);
  set_suite(inbound, *crypto::find_suite(suite));
  inbound.key = receive_key_.get();
  inbound.peer = &peer_;
  inbound.observed = true;
  inbound.l2tp_port = L2tpPort::source;
}

Datagram PcapClient::frame(const Datagram& payload, std::uint16_t port) {
  Datagram datagram(sizeof(wire::UdpHeader) + payload.size());
  wire::build_udp(datagram,
                  {.source_port = port, .destination_port = 1701, .payload_length = payload.size()});
  std::copy(payload.begin(), payload.end(), datagram.begin() + sizeof(wire::UdpHeader));
  Burst burst;
  dataplane::test::Buffers buffers;
  buffers.fill(burst, {datagram}, 0);
  burst[0].outbound_sa = &outbound_;
  JobBatch jobs;
  esp_push(burst);
  esp_encrypt(burst, jobs, *stages_.engine);
  outer_push(burst);
  return dataplane::test::live_bytes(burst).at(0);
}

Datagram PcapClient::open(const Datagram& frame) {
  Burst burst;
  dataplane::test::Buffers buffers;
  buffers.fill(burst, {frame});
  // Its UDP is to the client's own port, as on the way back through a NAT.
  InboundPath path(
      {.sas = stages_.sas, .engine = *stages_.engine, .stats = stages_.stats, .both_directions = true});
  path.run(burst);
  if (burst.is_dropped(0)) return {};
  const Packet& packet = burst[0];
  const std::byte* udp = packet.outer + 28 + 8 + packet.inbound_sa->iv_bytes;
  const std::byte* end = packet.data + packet.length;
  return {udp, end};
}

Datagram l2tp_control_message(std::uint16_t tunnel, std::uint16_t ns) {
  const Datagram avps = bytes_of({0x80, 0x08, 0, 0, 0, 0, 0, 6});
  Datagram message(wire::l2tp_control_header_length + avps.size());
  wire::build_l2tp_control(message, {.tunnel_id = tunnel, .ns = ns}, avps.size());
  std::copy(avps.begin(), avps.end(), message.begin() + wire::l2tp_control_header_length);
  return message;
}

Datagram l2tp_data_message(std::uint16_t tunnel, std::uint16_t session, const Datagram& ppp) {
  Datagram message(6 + ppp.size());
  wire::build_l2tp_data(message, {.tunnel_id = tunnel, .session_id = session}, ppp.size());
  std::copy(ppp.begin(), ppp.end(), message.begin() + 6);
  return message;
}

Datagram bytes_of(std::initializer_list<unsigned> values) {
  Datagram all;
  for (const unsigned value : values) all.push_back(std::byte(value));
  return all;
}

}  // namespace espgate::dataplane::live::test
