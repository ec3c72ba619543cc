// SPDX-License-Identifier: Apache-2.0
// The ARP cache under whatever the links, the workers and time do: four bytes a step,
//
//   what happens | which address | which link address | how much time passes
//
// Every packet must come out exactly once, every hop be retired once, and every route lead to a hop that is
// resolved.
#include "dataplane/neighbours.h"
#include "tests/fuzz/invariant.h"
#include "tests/unit/dataplane/test_routes.h"

#include <memory>
#include <set>

using namespace espgate;
using namespace espgate::dataplane;

namespace {

constexpr std::uint32_t own = 0x0a1e0001;
constexpr std::uint8_t port = 1;

wire::MacAddress mac(unsigned last) { return {{std::byte{2}, {}, {}, {}, {}, std::byte(last)}}; }

class Rig : public NeighbourActions {
 public:
  Rig() : neighbours_(std::make_unique<Neighbours>(*hops_, routes_, *this)) {
    glean_ = neighbours_->add_port({port, mac(1), {own, 24}});
  }
  ~Rig() override {
    neighbours_.reset();
    fuzz::require(waiting_.empty());
  }

  void send_arp(std::uint8_t at, const wire::ArpMessage& message, const wire::MacAddress&) override {
    fuzz::require(at == port && message.sender_ip == own && message.sender_mac == mac(1));
  }
  void release(void* packet, NextHopId hop) override {
    fuzz::require(waiting_.erase(packet) == 1);
    fuzz::require(hops_->get(hop).state == NextHop::State::resolved);
  }
  void drop(void* packet, DropReason) override { fuzz::require(waiting_.erase(packet) == 1); }
  void retire(NextHopId hop) override {
    fuzz::require(hops_->get(hop).state == NextHop::State::incomplete);
    hops_->release(hop);
  }

  void step(const std::uint8_t* bytes) {
    const std::uint32_t address = (own & 0xffff'ff00) + bytes[1];
    const wire::MacAddress from = mac(bytes[2]);
    now_ += bytes[3] * (Neighbours::second / 8);
    switch (bytes[0] % 8) {
      case 0:
      case 1:
        return unresolved(glean_, address);
      case 2:
        return unresolved(bytes[2], address);
      case 3:
        return neighbours_->on_arp(port, {wire::ArpOperation::reply, from, address, mac(1), own}, now_);
      case 4:
        return neighbours_->on_arp(port, {wire::ArpOperation::request, from, address, {}, own}, now_);
      case 5:
        static_cast<void>(neighbours_->add_gateway(port, address));
        return;
      case 6:
        return neighbours_->remove_gateway(bytes[2]);
      default:
        return neighbours_->tick(now_);
    }
  }

  void check() const {
    for (const Route& route : routes_.list()) {
      const NextHop hop = hops_->get(route.next_hop);
      fuzz::require(hop.state == NextHop::State::resolved && hop.port == port);
      fuzz::require(route.prefix.address != own && !hop.destination.is_multicast());
    }
    std::size_t waiting = 0;
    for (const Neighbours::Row& row : neighbours_->list(now_)) {
      fuzz::require(row.address != own && row.waiting <= Neighbours::max_waiting_each);
      waiting += row.waiting;
    }
    fuzz::require(waiting == waiting_.size());
  }

 private:
  void unresolved(NextHopId hop, std::uint32_t destination) {
    void* packet = reinterpret_cast<void*>(++packets_);
    waiting_.insert(packet);
    neighbours_->on_unresolved(packet, hop, destination, now_);
  }

  std::unique_ptr<NextHopTable> hops_ = std::make_unique<NextHopTable>();
  test::TestRoutes routes_;
  std::unique_ptr<Neighbours> neighbours_;
  NextHopId glean_ = 0;
  std::set<void*> waiting_;
  std::uintptr_t packets_ = 0;
  std::uint64_t now_ = Neighbours::second;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Rig rig;
  for (; size >= 4; data += 4, size -= 4) {
    rig.step(data);
    rig.check();
  }
  return 0;
}
