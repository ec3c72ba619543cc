// SPDX-License-Identifier: Apache-2.0
#include "client/dial/many.h"

#include "client/dial/line.h"
#include "client/dial/tally.h"
#include "client/signals.h"
#include "wire/ethernet.h"
#include "wire/icmp.h"

#include <array>
#include <cstdio>
#include <queue>

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/resource.h>

namespace espgate::client::dial {
namespace {

constexpr std::uint32_t signals_index = 0xffff'ffff;
constexpr std::chrono::seconds ping_interval{1}, redial_after{1};
constexpr unsigned most_pings = 10;
constexpr std::uint16_t ping_identifier = 0x6573;

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

struct Caller {
  std::unique_ptr<Line> line;
  TimePoint began{}, pinged{};
  TimePoint scheduled = TimePoint::max();  // in the queue of what is due
  std::uint32_t inner_address = 0;         // 0: not up
  bool settling = false;                   // being set up, or ending
  bool hung_up = false, answered = false;
  unsigned pings = 0;
};

class Many {
 public:
  Many(const Options& options, const DialOptions& dial, const Settings& settings, crypto::Engine& engine,
       std::vector<ppp::Credentials> users)
      : options_(options),
        dial_(dial),
        users_(std::move(users)),
        nowhere_(engine),
        path_(engine, nowhere_),
        workshop_{engine,   settings, path_,
                  buffers_, burst_,   [this](crypto::DhGroup group) { return key_pair(group); }},
        callers_(dial.count) {}

  Expected<void> run() {
    if (auto ready = prepare(); !ready) return ready;
    first_call_ = TimePoint::clock::now();
    while (!is_done()) {
      std::array<epoll_event, 256> events{};
      const int count =
          ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), wait_milliseconds());
      if (count < 0 && errno != EINTR) return system_failure("", "wait for packets", errno);
      const auto now = TimePoint::clock::now();
      for (int i = 0; i < count; ++i) serve(events[static_cast<std::size_t>(i)].data.u32, now);
      serve_due(now);
      if (auto begun = begin_calls(now); !begun) return begun;
      end_calls(now);
      tell_when_settled(now);
    }
    print(report());
    const std::size_t missing = dial_.count - came_up_;
    if (missing == 0) return {};
    return fail(
        {fmt::format("{} of {} clients had no tunnel", missing, dial_.count), {}, {}, ErrorKind::some});
  }

 private:
  Expected<void> prepare() {
    if (!dial_.source_network.empty()) {
      const auto prefix = wire::Ipv4Prefix::from_string(dial_.source_network);
      if (!prefix || prefix->network() != *prefix)
        return fail({"expected an IPv4 network, as 10.50.0.0/16, got \"" + dial_.source_network + "\"",
                     "--source-network", "", ErrorKind::usage});
      sources_ = *prefix;
    }
    if (!dial_.ping.empty()) {
      const auto address = read_address("--ping", dial_.ping);
      if (!address) return fail(address.error());
      ping_ = *address;
    }
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = dial_.count + 64U;
    limit.rlim_cur = std::max(limit.rlim_cur, std::min(wanted, limit.rlim_max));
    if (wanted > limit.rlim_max || ::setrlimit(RLIMIT_NOFILE, &limit) != 0)
      return fail(
          {fmt::format("{} clients need {} descriptors, {} are allowed", dial_.count, wanted, limit.rlim_max),
           "--count", "raise the limit: ulimit -Hn", ErrorKind::system});
    signals_ = take_signals();
    poll_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!signals_.is_open() || !poll_.is_open()) return system_failure("", "wait for packets", errno);
    return watch(signals_.get(), signals_index);
  }

  Expected<void> watch(int descriptor, std::uint32_t index) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = index;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0) return {};
    return system_failure("", "wait for packets", errno);
  }

  std::shared_ptr<const crypto::DhKeyPair> key_pair(crypto::DhGroup group) {
    if (!dial_.share_dh) return std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
    auto& shared = shared_[group];
    if (!shared) shared = std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
    return shared;
  }

  // Host parts 1, 2, 3, …; of a network with one address, that.
  [[nodiscard]] Endpoint source(std::uint32_t index) const {
    if (!sources_) return options_.local;
    const std::uint64_t size = std::uint64_t{1} << (32U - sources_->length);
    const std::uint64_t host = size <= 2 ? index % size : 1 + index % (size - 2);
    return {sources_->address + static_cast<std::uint32_t>(host), 0};
  }

  Expected<void> begin_calls(TimePoint now) {
    if (ending_) return {};
    while (settling_ < dial_.at_once) {
      std::uint32_t index = 0;
      if (!redials_.empty() && redials_.front().first <= now) {
        index = redials_.front().second;
        redials_.pop();
      } else if (next_ < dial_.count && now >= next_call_) {
        index = next_++;
        if (dial_.rate > 0)
          next_call_ =
              std::max(next_call_, now - std::chrono::milliseconds(100)) +
              std::chrono::duration_cast<TimePoint::duration>(std::chrono::duration<double>(1 / dial_.rate));
      } else {
        break;
      }
      if (auto begun = begin_call(index, now); !begun) return begun;
    }
    return {};
  }

  Expected<void> begin_call(std::uint32_t index, TimePoint now) {
    auto line = Line::open(workshop_, users_[index % users_.size()], source(index),
                           workshop_.settings.ike.server.as_v4(), 0);
    if (!line) {
      if (sources_) line.error().where = "--source-network";
      return fail(std::move(line.error()));
    }
    Caller& caller = callers_[index];
    caller = {};
    caller.line = std::move(*line);
    caller.began = now;
    caller.settling = true;
    ++settling_;
    ++lines_;
    tally_.began();
    if (auto watching = watch(caller.line->socket().descriptor(), index); !watching) return watching;
    caller.line->start(now);
    follow(index, now);
    return {};
  }

  void serve(std::uint32_t index, TimePoint now) {
    if (index == signals_index) {
      for (unsigned left = pending_signals(signals_); left > 0; --left) hang_up_all(now);
      return;
    }
    Caller& caller = callers_[index];
    if (!caller.line) return;
    while (caller.line->receive(now)) {
      for (const dataplane::Packet& packet : burst_.live()) take_inner(caller, packet, now);
      caller.line->count_received();
      if (burst_.count() < dataplane::max_burst) break;
    }
    caller.line->on_timer(now);
    follow(index, now);
  }

  void take_inner(Caller& caller, const dataplane::Packet& packet, TimePoint now) {
    const auto ip = wire::Ipv4Packet::parse(packet.bytes());
    if (!ip || ip->protocol() != wire::ip_protocol_icmp || caller.answered || ping_ == 0) return;
    const auto icmp = wire::IcmpMessage::parse(ip->payload());
    const bool ours = icmp && icmp->type() == wire::icmp_echo_reply &&
                      icmp->identifier() == ping_identifier && icmp->sequence() == caller.pings &&
                      ip->source() == ping_ && ip->destination() == caller.inner_address;
    if (!ours) return;
    caller.answered = true;
    --pinging_;
    tally_.answered(now - caller.pinged);
  }

  void serve_due(TimePoint now) {
    while (!due_.empty() && due_.top().first <= now) {
      const auto [time, index] = due_.top();
      due_.pop();
      Caller& caller = callers_[index];
      if (!caller.line || caller.scheduled != time) continue;  // it was moved
      caller.scheduled = TimePoint::max();
      caller.line->on_timer(now);
      ping(caller, now);
      follow(index, now);
    }
  }

  void ping(Caller& caller, TimePoint now) {
    if (ping_ == 0 || caller.inner_address == 0 || caller.answered || now < caller.pinged + ping_interval)
      return;
    if (caller.pings == most_pings || caller.hung_up) {
      caller.answered = true;  // nothing more is expected
      --pinging_;
      return;
    }
    caller.pinged = now;
    ++caller.pings;
    constexpr std::size_t length = sizeof(wire::Ipv4Header) + sizeof(wire::IcmpHeader) + 32;
    const std::span buffer(buffers_.start(0), length);
    const std::array<std::byte, 32> data{};
    const std::size_t header = wire::build_ipv4(buffer, {.total_length = length,
                                                         .protocol = wire::ip_protocol_icmp,
                                                         .source = caller.inner_address,
                                                         .destination = ping_});
    wire::build_icmp(buffer.subspan(header),
                     wire::echo_request(ping_identifier, static_cast<std::uint16_t>(caller.pings)), data);
    burst_.reset(1);
    buffers_.attach(burst_, 0, length, wire::ether_type_ipv4);
    caller.line->send_inner(now);
  }

  void follow(std::uint32_t index, TimePoint now) {
    Caller& caller = callers_[index];
    for (auto& event : caller.line->take_events()) {
      if (const auto* reached = std::get_if<Reached>(&event)) {
        tally_.reached(reached->step, now - caller.began);
        if (reached->step == Step::ip) came_up(caller, now);
      } else if (const auto* up = std::get_if<ppp::IpUp>(&event)) {
        caller.inner_address = up->given.address;
      } else if (const auto* ended = std::get_if<Ended>(&event)) {
        has_ended(index, *ended, now);
        return;
      }
    }
    schedule(index);
  }

  void schedule(std::uint32_t index) {
    Caller& caller = callers_[index];
    TimePoint due = caller.line->next_due();
    if (ping_ != 0 && caller.inner_address != 0 && !caller.answered)
      due = std::min(due, caller.pinged + ping_interval);
    if (due == caller.scheduled || due == TimePoint::max()) return;
    caller.scheduled = due;
    due_.emplace(due, index);
  }

  void came_up(Caller& caller, TimePoint now) {
    if (caller.settling) --settling_;
    caller.settling = false;
    if (ping_ != 0) {
      ++pinging_;
      ping(caller, now);
    }
    ++came_up_;
  }

  void has_ended(std::uint32_t index, const Ended& ended, TimePoint now) {
    Caller& caller = callers_[index];
    const bool was_up = caller.inner_address != 0;
    if (caller.settling) --settling_;
    if (was_up && ping_ != 0 && !caller.answered) --pinging_;
    if (was_up && ended.failure) tally_.lost(*ended.failure), --came_up_;
    if (!was_up && ended.failure) tally_.failed(*ended.failure);
    if (dial_.redial && ended.failure && !ending_) redials_.emplace(now + redial_after, index);
    --lines_;
    caller = {};
  }

  void hang_up_all(TimePoint now) {
    if (std::exchange(ending_, true)) {  // once more: at once
      for (std::uint32_t i = 0; i < callers_.size(); ++i)
        for (int times = 0; times < 2 && callers_[i].line; ++times)
          callers_[i].line->hang_up(now), follow(i, now);
      return;
    }
    settled_ = settled_ == TimePoint{} ? now : settled_;
  }

  // So many at a time as when they were set up.
  void end_calls(TimePoint now) {
    if (!ending_ && hold_until_ != TimePoint{} && now >= hold_until_) ending_ = true;
    if (!ending_) return;
    while (next_to_end_ < callers_.size() && settling_ < dial_.at_once) {
      const std::uint32_t index = next_to_end_++;
      Caller& caller = callers_[index];
      if (!caller.line) continue;
      if (!caller.settling) ++settling_;
      caller.settling = caller.hung_up = true;
      caller.line->hang_up(now);
      follow(index, now);
    }
  }

  [[nodiscard]] bool is_done() const {
    if (ending_) return lines_ == 0;
    return settled_ != TimePoint{} && lines_ == 0 && redials_.empty();  // none came up, or all were lost
  }

  void tell_when_settled(TimePoint now) {
    if (settled_ != TimePoint{} || next_ < dial_.count || settling_ != 0 || pinging_ != 0 ||
        !redials_.empty())
      return;
    settled_ = now;
    print(report());
    if (dial_.hold_seconds) hold_until_ = now + std::chrono::seconds(*dial_.hold_seconds);
  }

  [[nodiscard]] std::string report() {
    const auto elapsed = (settled_ == TimePoint{} ? TimePoint::clock::now() : settled_) - first_call_;
    return options_.json ? tally_.json(dial_.count, elapsed, ping_ != 0)
                         : tally_.text(dial_.count, elapsed, ping_ != 0);
  }

  [[nodiscard]] int wait_milliseconds() const {
    TimePoint due = due_.empty() ? TimePoint::max() : due_.top().first;
    if (!ending_ && settling_ < dial_.at_once) {
      if (next_ < dial_.count) due = std::min(due, next_call_);
      if (!redials_.empty()) due = std::min(due, redials_.front().first);
    }
    if (!ending_ && hold_until_ != TimePoint{}) due = std::min(due, hold_until_);
    const auto now = TimePoint::clock::now();
    if (due <= now) return 0;
    if (due == TimePoint::max()) return -1;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(due - now).count());
  }

  using Due = std::pair<TimePoint, std::uint32_t>;

  const Options& options_;
  const DialOptions& dial_;
  std::vector<ppp::Credentials> users_;
  std::optional<wire::Ipv4Prefix> sources_;
  std::uint32_t ping_ = 0;
  PacketBuffers buffers_;
  dataplane::Burst burst_;
  Tunnel nowhere_;  // what the path is bound to before the first call
  DataPath path_;
  std::map<crypto::DhGroup, std::shared_ptr<const crypto::DhKeyPair>> shared_;
  Workshop workshop_;
  std::vector<Caller> callers_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::queue<Due> redials_;
  FileDescriptor signals_, poll_;
  Tally tally_;
  TimePoint first_call_{}, next_call_{}, settled_{}, hold_until_{};
  std::uint32_t next_ = 0, next_to_end_ = 0;
  std::size_t settling_ = 0, lines_ = 0, pinging_ = 0, came_up_ = 0;
  bool ending_ = false;
};

Expected<std::vector<ppp::Credentials>> users_of(const DialOptions& dial) {
  if (dial.users.empty()) {
    if (dial.user.empty())
      return fail(
          {"is missing", "--users", "--count needs it, or --user with --reuse-users", ErrorKind::usage});
    auto password = read_secret("--password-file", dial.password_file);
    if (!password) return fail(std::move(password.error()));
    std::vector<ppp::Credentials> one;
    one.push_back({dial.user, std::move(*password)});
    return one;
  }
  return read_users(dial.users);
}

}  // namespace

Expected<void> run_many(const Options& options, const DialOptions& dial) {
  auto settings = read_settings(dial);
  if (!settings) return fail(std::move(settings.error()));
  auto users = users_of(dial);
  if (!users) return fail(std::move(users.error()));
  if (users->size() < dial.count && !dial.reuse_users)
    return fail({fmt::format("{} clients and {} users", dial.count, users->size()), "--count",
                 "name more, or give --reuse-users", ErrorKind::usage});
  auto engine = crypto::make_engine(crypto::EngineChoice::automatic);
  if (!engine) return fail({.what = engine.error(), .where = {}, .hint = {}, .kind = ErrorKind::system});
  Many many(options, dial, *settings, **engine, std::move(*users));
  return many.run();
}

}  // namespace espgate::client::dial
