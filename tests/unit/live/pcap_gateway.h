// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/control_end.h"
#include "dataplane/sa.h"
#include "tests/scenarios/program.h"
#include "tests/unit/dataplane/test_gateway.h"
#include "wire/ethernet.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <sys/types.h>

namespace espgate::dataplane::live::test {

using dataplane::test::Datagram;

// espgate-dataplane as a process of its own, on two net_pcap devices: what it receives is a file each, again
// and again without end, and what it sends goes to a file each. The test is its control process.
//
//   outside-rx.pcap -> [ outside 10.20.0.10   inside 10.30.0.1 ] -> inside-tx.pcap
//   outside-tx.pcap <- [                                       ] <- inside-rx.pcap
//
// The router 10.20.0.1 and the host 10.30.0.10 answer ARP all the time.
class PcapGateway {
 public:
  static constexpr std::uint32_t host = 0x0a1e'000a;
  static const wire::MacAddress outside_mac, inside_mac;  // as the driver counts them

  struct Options {
    unsigned workers = 1;
    std::string idle = "adaptive";
    std::vector<Datagram> outside{};  // frames besides ARP
  };
  explicit PcapGateway(const Options& options);
  ~PcapGateway();

  // Sends a command and waits for its completion.
  channel::Result apply(channel::Command command);
  void send(const channel::PacketRecord& header, const Datagram& bytes);
  // Takes what the data plane says until `done`; fails the test after half a minute.
  void wait_until(const std::function<bool()>& done);
  [[nodiscard]] nlohmann::json ask(const nlohmann::json& request) const;
  [[nodiscard]] std::uint64_t drops(const std::string& reason) const;
  [[nodiscard]] const std::string& runtime_directory() const { return runtime_; }
  // Ends the process; asserts that it ends well.
  void stop();
  // Frames but ARP, behind stop().
  [[nodiscard]] std::vector<Datagram> sent(const std::string& side) const;

  std::vector<channel::Event> events;
  struct ControlPacket {
    unsigned worker;
    channel::PacketRecord header;
    Datagram bytes;
  };
  std::vector<ControlPacket> packets;

 private:
  void step();

  espgate::test::TemporaryFolder folder_;
  std::string runtime_ = folder_ / "run";
  pid_t process_ = -1;
  std::unique_ptr<channel::ControlEnd> control_;
};

// The client's end of the SA pair that sa_command() installs in `slot`.
class PcapClient {
 public:
  explicit PcapClient(std::uint32_t slot, std::string_view suite = "aes256-sha256");

  // A frame for the gateway with this UDP payload inside ESP, which goes from `port` to 1701.
  [[nodiscard]] Datagram frame(const Datagram& payload, std::uint16_t port = 1701);
  // The UDP datagram inside a frame of the gateway's; empty: it is not for us, or damaged.
  [[nodiscard]] Datagram open(const Datagram& frame);

 private:
  dataplane::test::TestGateway stages_;
  std::unique_ptr<crypto::Key> send_key_, receive_key_;
  OutboundSa outbound_;
  Peer peer_;
};

// L2TP: a control message, and a data message around a PPP frame (our ids: tunnel, session).
[[nodiscard]] Datagram l2tp_control_message(std::uint16_t tunnel, std::uint16_t ns);
[[nodiscard]] Datagram l2tp_data_message(std::uint16_t tunnel, std::uint16_t session, const Datagram& ppp);
[[nodiscard]] Datagram bytes_of(std::initializer_list<unsigned> values);

}  // namespace espgate::dataplane::live::test
