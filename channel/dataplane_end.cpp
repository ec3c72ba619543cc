// SPDX-License-Identifier: Apache-2.0
#include "channel/dataplane_end.h"

#include "channel/callers.h"
#include "channel/handshake.h"
#include "channel/secret_allocator.h"
#include "channel/worker_lanes.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <utility>

#include <fmt/format.h>
#include <sys/epoll.h>

namespace espgate::channel {
namespace {

constexpr std::size_t commands_a_step = 256;
// A whole dump of the largest table fits; a control process that leaves more than this unread is stuck.
constexpr std::size_t most_waiting_events = std::size_t{1} << 21;

enum Source : std::uint64_t { from_listener, from_callers, from_control, from_bell };

Expected<Descriptor> make_epoll() {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return tl::unexpected(fmt::format("can't make an epoll descriptor: {}", std::strerror(errno)));
  return epoll;
}

}  // namespace

struct DataplaneEnd::State {
  State(const Options& chosen, Descriptor made_epoll, UnixListener made_listener, Segment made_counters)
      : options(chosen),
        epoll(std::move(made_epoll)),
        listener(std::move(made_listener)),
        counters(std::move(made_counters)),
        callers(epoll.get(), from_callers, options.control_uid.value_or(::geteuid()), options.patience),
        lanes(options.workers) {
    watch(listener.descriptor(), from_listener);
  }

  void watch(int descriptor, Source source) const {
    epoll_event event = {.events = EPOLLIN, .data = {.u64 = source}};
    (void)::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, descriptor, &event);
  }

  Expected<std::unique_ptr<Connection>> make_connection(Callers::Accepted& caller) const;
  bool welcome(const Connection& made) const;
  void connect(Callers::Accepted caller, const Callers::Handler& callers_handler, const Handler& handler);
  void disconnect(const std::string& why, const Handler& handler);
  void read_socket(const Handler& handler);
  void take_commands(std::size_t most, const Handler& handler);
  void send_waiting();
  bool push(const Event& event) const;

  Options options;
  Descriptor epoll;
  UnixListener listener;
  Segment counters;
  Callers callers;
  WorkerLanes lanes;
  std::unique_ptr<Connection> control;  // null: nobody is connected
  Descriptor control_state;             // of the last control process, held for the next
  std::deque<Event> waiting;            // did not fit into the ring
};

Expected<std::unique_ptr<DataplaneEnd>> DataplaneEnd::listen(const Options& options) {
  if (options.workers < 1 || options.workers > Welcome::most_workers || options.slots < 1 ||
      options.slots > Welcome::most_slots) {
    return tl::unexpected(fmt::format("{} workers and {} slots; 1 to {} and 1 to {} are possible",
                                      options.workers, options.slots, Welcome::most_workers,
                                      Welcome::most_slots));
  }
  auto epoll = make_epoll();
  if (!epoll) return tl::unexpected(epoll.error());
  auto listener = UnixListener::listen(options.socket, SOCK_SEQPACKET, options.control_uid);
  if (!listener) return tl::unexpected(listener.error());
  auto counters = Segment::create("espgate-counters", options.slots * sizeof(SaProgress));
  if (!counters) return tl::unexpected(counters.error());
  auto state =
      std::make_unique<State>(options, std::move(*epoll), std::move(*listener), std::move(*counters));
  return std::unique_ptr<DataplaneEnd>(new DataplaneEnd(std::move(state)));
}

DataplaneEnd::DataplaneEnd(std::unique_ptr<State> state) : state_(std::move(state)) {}
DataplaneEnd::~DataplaneEnd() = default;

int DataplaneEnd::descriptor() const { return state_->epoll.get(); }
bool DataplaneEnd::is_connected() const { return state_->control != nullptr; }

std::span<SaProgress> DataplaneEnd::progress() const {
  return {reinterpret_cast<SaProgress*>(state_->counters.data()), state_->options.slots};
}

Expected<std::unique_ptr<Connection>> DataplaneEnd::State::make_connection(Callers::Accepted& caller) const {
  auto memory = Segment::create("espgate-rings", Rings::bytes(options.workers));
  if (!memory) return tl::unexpected(memory.error());
  auto made = std::make_unique<Connection>();
  if (!made->wakes_control || !made->wakes_dataplane) {
    return tl::unexpected(fmt::format("can't make an eventfd: {}", std::strerror(errno)));
  }
  made->memory = std::move(*memory);
  made->rings = &Rings::construct(made->memory.data(), options.workers);
  made->pid = caller.credentials.pid;
  return made;
}

bool DataplaneEnd::State::welcome(const Connection& made) const {
  Welcome message;
  message.workers = options.workers;
  message.slots = options.slots;
  const std::array descriptors = {made.memory.descriptor(), counters.descriptor(),
                                  made.wakes_control.descriptor(), made.wakes_dataplane.descriptor(),
                                  control_state.get()};
  const std::size_t count = descriptors.size() - (control_state ? 0 : 1);
  return send_message(made.socket.get(), message_bytes(message), std::span(descriptors).first(count));
}

void DataplaneEnd::State::connect(Callers::Accepted caller, const Callers::Handler& callers_handler,
                                  const Handler& handler) {
  if (control != nullptr) {
    Callers::refuse(std::move(caller),
                    fmt::format("another control process (pid {}) is connected; stop it first", control->pid),
                    callers_handler);
    return;
  }
  auto made = make_connection(caller);
  if (!made) {
    Callers::refuse(std::move(caller), made.error(), callers_handler);
    return;
  }
  (*made)->socket = std::move(caller.socket);
  if (!welcome(**made)) {
    if (handler.complaint) {
      handler.complaint(fmt::format("control (pid {}) left during the handshake", caller.credentials.pid));
    }
    return;
  }
  control = std::move(*made);
  watch(control->socket.get(), from_control);
  watch(control->wakes_dataplane.descriptor(), from_bell);
  lanes.publish(*control);
  if (handler.connected) handler.connected();
}

void DataplaneEnd::State::disconnect(const std::string& why, const Handler& handler) {
  std::unique_ptr<Connection> gone = std::exchange(control, nullptr);
  (void)::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, gone->socket.get(), nullptr);
  (void)::epoll_ctl(epoll.get(), EPOLL_CTL_DEL, gone->wakes_dataplane.descriptor(), nullptr);
  gone->socket.reset();  // the other side, if it lives, notices
  waiting.clear();
  lanes.retire(std::move(gone));
  if (handler.disconnected) handler.disconnected(why);
}

// After the hello only state arrives here, until the end.
void DataplaneEnd::State::read_socket(const Handler& handler) {
  while (control != nullptr) {
    Message message = receive_message(control->socket.get());
    if (message.kind == Message::Kind::nothing_yet) return;
    if (message.kind == Message::Kind::closed) {
      take_commands(CommandRing::capacity, handler);  // what it had sent before it went
      disconnect(fmt::format("control (pid {}) has gone", control->pid), handler);
    } else if (const auto fits = check_handover(message.bytes, message.descriptors.size()); !fits) {
      disconnect(fits.error(), handler);
    } else {
      control_state = std::move(message.descriptors[0]);
    }
  }
}

void DataplaneEnd::State::take_commands(std::size_t most, const Handler& handler) {
  CommandRing& ring = control->rings->commands;
  const std::size_t taken = ring.consume(most, [&](Command& command) {
    if (handler.command) handler.command(command);
    wipe_record(command);
  });
  if (taken > 0 && ring.take_writer_waits()) control->wakes_control.ring();
  if (!ring.sleep()) control->wakes_dataplane.ring();  // more are there: come back
}

bool DataplaneEnd::State::push(const Event& event) const {
  EventRing& ring = control->rings->events;
  if (!ring.push(event) && (ring.wait_for_room() || !ring.push(event))) return false;
  if (ring.take_reader_sleeps()) control->wakes_control.ring();
  return true;
}

void DataplaneEnd::State::send_waiting() {
  while (!waiting.empty() && push(waiting.front())) waiting.pop_front();
}

void DataplaneEnd::step(const Handler& handler) {
  State& state = *state_;
  std::array<epoll_event, 8> events = {};
  const int count = ::epoll_wait(state.epoll.get(), events.data(), static_cast<int>(events.size()), 0);
  std::array<bool, 4> ready = {};
  for (int i = 0; i < count; ++i) ready[events[static_cast<std::size_t>(i)].data.u64] = true;

  // The end of the old connection comes first, so that a successor that is already waiting is taken.
  if (ready[from_bell] && state.control != nullptr) state.control->wakes_dataplane.clear();
  if (ready[from_control] && state.control != nullptr) state.read_socket(handler);
  const Callers::Handler callers_handler = {[&](Callers::Accepted caller) {
                                              state.connect(std::move(caller), {nullptr, handler.complaint},
                                                            handler);
                                            },
                                            handler.complaint};
  if (ready[from_listener]) state.callers.accept(state.listener, callers_handler);
  if (ready[from_listener] || ready[from_callers]) state.callers.step(callers_handler);

  if (state.control != nullptr) state.send_waiting();
  if (state.control != nullptr) state.take_commands(commands_a_step, handler);
  if (state.waiting.size() > most_waiting_events) {
    state.disconnect(fmt::format("control (pid {}) leaves events unread; it is stuck", state.control->pid),
                     handler);
  }
  state.lanes.reclaim();
}

void DataplaneEnd::send(const Event& event) {
  State& state = *state_;
  if (state.control == nullptr) return;
  if (!state.waiting.empty() || !state.push(event)) state.waiting.push_back(event);
}

bool DataplaneEnd::send_packet(unsigned worker, const PacketRecord& header,
                               std::span<const std::byte> bytes) noexcept {
  return state_->lanes.with_connection(worker, [&](const Connection& control) {
    return push_packet(control.rings->from_worker(worker), control.wakes_control, header, bytes);
  });
}

void DataplaneEnd::receive_packets(unsigned most, const std::function<void(const PacketRecord&)>& receive) {
  Connection* control = state_->control.get();
  if (control == nullptr) return;
  PacketRing& ring = control->rings->to_dataplane;
  ring.consume(most, [&](PacketSlot& slot) {
    receive(slot.record);
    wipe_record(slot);
  });
  if (!ring.sleep()) control->wakes_dataplane.ring();
}

}  // namespace espgate::channel
