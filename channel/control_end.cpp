// SPDX-License-Identifier: Apache-2.0
#include "channel/control_end.h"

#include "channel/connection.h"
#include "channel/handshake.h"
#include "channel/secret_allocator.h"
#include "channel/unix_socket.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <deque>

#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>

namespace espgate::channel {
namespace {

constexpr std::chrono::milliseconds patience = std::chrono::seconds(1);

using CommandQueue = std::deque<Command, SecretAllocator<Command>>;

// The first message that comes within `patience`.
Message await_message(int socket) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (true) {
    Message message = receive_message(socket);
    if (message.kind != Message::Kind::nothing_yet) return message;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return message;
    pollfd waiting = {.fd = socket, .events = POLLIN, .revents = 0};
    (void)::poll(&waiting, 1, static_cast<int>(left.count()));
  }
}

Expected<void> check_user(int socket) {
  const ucred other = peer_credentials(socket);
  if (other.uid == ::geteuid() || other.uid == 0) return {};
  return tl::unexpected(
      fmt::format("process {} that listens there belongs to user {}; this is user {}, and keys go only to "
                  "its own processes or root's",
                  other.pid, other.uid, ::geteuid()));
}

Expected<Message> shake_hands(int socket) {
  if (auto ours = check_user(socket); !ours) return tl::unexpected(ours.error());
  (void)send_message(socket,
                     message_bytes(Hello()));  // one that hangs up at once has left a message that says why
  Message answer = await_message(socket);
  if (answer.kind == Message::Kind::nothing_yet) {
    return tl::unexpected(fmt::format(
        "the data plane did not answer within {} ms; is it overloaded or stopped?", patience.count()));
  }
  if (answer.kind == Message::Kind::closed) {
    return tl::unexpected(std::string("the data plane hung up without a reason; its log has one"));
  }
  if (answer.cut)
    return tl::unexpected(std::string("the data plane's answer is longer than any that is known"));
  return answer;
}

}  // namespace

struct ControlEnd::State {
  // Fills in what the data plane sent with its welcome.
  Expected<void> take(const Welcome& welcome, std::vector<Descriptor>& descriptors);
  Expected<void> watch() const;
  bool push(const Command& command) const;
  void send_waiting();
  void take_events(const Handler& handler) const;
  void take_packets(const Handler& handler) const;

  Descriptor epoll;
  Connection dataplane;
  Segment counters;
  Descriptor predecessor_state;
  unsigned workers = 0;
  std::uint32_t slots = 0;
  std::uint64_t last_sequence = 0;
  CommandQueue waiting;
};

Expected<void> ControlEnd::State::take(const Welcome& welcome, std::vector<Descriptor>& descriptors) {
  workers = welcome.workers;
  slots = welcome.slots;
  auto memory = Segment::map(std::move(descriptors[0]), Rings::bytes(workers));
  if (!memory) return tl::unexpected(memory.error());
  auto shared_counters = Segment::map(std::move(descriptors[1]), slots * sizeof(SaProgress));
  if (!shared_counters) return tl::unexpected(shared_counters.error());
  dataplane.memory = std::move(*memory);
  dataplane.rings = &Rings::attach(dataplane.memory.data());
  counters = std::move(*shared_counters);
  dataplane.wakes_control = Bell(std::move(descriptors[2]));
  dataplane.wakes_dataplane = Bell(std::move(descriptors[3]));
  if (descriptors.size() > Welcome::descriptors_without_state) predecessor_state = std::move(descriptors[4]);
  return watch();
}

Expected<void> ControlEnd::State::watch() const {
  epoll_event event = {.events = EPOLLIN, .data = {}};
  for (const int descriptor : {dataplane.socket.get(), dataplane.wakes_control.descriptor()}) {
    if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event) != 0) {
      return tl::unexpected(fmt::format("can't watch the channel: {}", std::strerror(errno)));
    }
  }
  return {};
}

Expected<std::unique_ptr<ControlEnd>> ControlEnd::connect(const std::filesystem::path& socket) {
  const auto failed = [&](const std::string& why) {
    return tl::unexpected(fmt::format("{}: {}", socket.string(), why));
  };
  auto state = std::make_unique<State>();
  auto connected = connect_unix(socket, SOCK_SEQPACKET);
  if (!connected) return tl::unexpected(connected.error());
  state->dataplane.socket = std::move(*connected);
  state->dataplane.pid = peer_credentials(state->dataplane.socket.get()).pid;
  state->epoll.reset(::epoll_create1(EPOLL_CLOEXEC));
  auto answer = shake_hands(state->dataplane.socket.get());
  if (!answer) return failed(answer.error());
  const auto welcome = parse_welcome(answer->bytes, answer->descriptors.size());
  if (!welcome) return failed(welcome.error());
  if (auto taken = state->take(*welcome, answer->descriptors); !taken) return failed(taken.error());
  return std::unique_ptr<ControlEnd>(new ControlEnd(std::move(state)));
}

ControlEnd::ControlEnd(std::unique_ptr<State> state) : state_(std::move(state)) {}
ControlEnd::~ControlEnd() = default;

int ControlEnd::take_predecessor_state() { return state_->predecessor_state.release(); }

Expected<void> ControlEnd::hand_over_state(int descriptor) {
  if (!send_message(state_->dataplane.socket.get(), message_bytes(StateHandover()), {&descriptor, 1})) {
    return tl::unexpected(fmt::format("the data plane does not take our state: {}", std::strerror(errno)));
  }
  return {};
}

int ControlEnd::descriptor() const { return state_->epoll.get(); }
unsigned ControlEnd::workers() const { return state_->workers; }

std::span<const SaProgress> ControlEnd::progress() const {
  return {reinterpret_cast<const SaProgress*>(state_->counters.data()), state_->slots};
}

bool ControlEnd::State::push(const Command& command) const {
  CommandRing& ring = dataplane.rings->commands;
  if (!ring.push(command) && (ring.wait_for_room() || !ring.push(command))) return false;
  if (ring.take_reader_sleeps()) dataplane.wakes_dataplane.ring();
  return true;
}

void ControlEnd::State::send_waiting() {
  while (!waiting.empty() && push(waiting.front())) {
    wipe_record(waiting.front());
    waiting.pop_front();
  }
}

std::uint64_t ControlEnd::send(Command& command) {
  const std::uint64_t sequence = ++state_->last_sequence;
  command.sequence = sequence;
  if (!state_->waiting.empty() || !state_->push(command)) state_->waiting.push_back(command);
  wipe_record(command);
  return sequence;
}

bool ControlEnd::send_packet(const PacketRecord& header, std::span<const std::byte> bytes) {
  const Connection& dataplane = state_->dataplane;
  return push_packet(dataplane.rings->to_dataplane, dataplane.wakes_dataplane, header, bytes);
}

void ControlEnd::State::take_events(const Handler& handler) const {
  EventRing& ring = dataplane.rings->events;
  const std::size_t taken = ring.consume(EventRing::capacity, [&](const Event& event) {
    if (handler.event) handler.event(event);
  });
  if (taken > 0 && ring.take_writer_waits()) dataplane.wakes_dataplane.ring();
  if (!ring.sleep()) dataplane.wakes_control.ring();  // more are there: come back
}

void ControlEnd::State::take_packets(const Handler& handler) const {
  for (unsigned worker = 0; worker < workers; ++worker) {
    PacketRing& ring = dataplane.rings->from_worker(worker);
    ring.consume(PacketRing::capacity, [&](PacketSlot& slot) {
      if (handler.packet) handler.packet(worker, slot.record);
      wipe_record(slot);
    });
    if (!ring.sleep()) dataplane.wakes_control.ring();
  }
}

// What the data plane sent before it died is still read.
bool ControlEnd::step(const Handler& handler) {
  const Message message = receive_message(state_->dataplane.socket.get());
  state_->dataplane.wakes_control.clear();
  state_->take_events(handler);
  state_->take_packets(handler);
  state_->send_waiting();
  return message.kind == Message::Kind::nothing_yet;
}

}  // namespace espgate::channel
