// SPDX-License-Identifier: Apache-2.0
#include "client/dial/single.h"

#include "client/dial/line.h"
#include "client/report.h"
#include "client/signals.h"
#include "client/tun_device.h"
#include "wire/udp.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/epoll.h>

namespace espgate::client::dial {
namespace {

using Json = nlohmann::ordered_json;

void tell(std::string_view text) { fmt::print(stderr, "espgate-client: {}\n", text); }

std::string dotted(std::uint32_t address) { return wire::IpAddress::v4(address).to_string(); }

void print(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  std::fflush(stdout);
}

std::vector<std::string> name_servers(const ppp::IpUp& up) {
  std::vector<std::string> all;
  for (const std::uint32_t each : up.given.dns)
    if (each != 0 && std::ranges::find(all, dotted(each)) == all.end()) all.push_back(dotted(each));
  return all;
}

// The loop of one client.
class Single {
 public:
  Single(const Options& options, const DialOptions& dial, const Settings& settings, crypto::Engine& engine,
         TunDevice& tun)
      : options_(options),
        dial_(dial),
        tun_(tun),
        nowhere_(engine),
        path_(engine, nowhere_),
        workshop_{engine, settings, path_, buffers_, burst_, [](crypto::DhGroup group) {
                    return std::make_shared<const crypto::DhKeyPair>(crypto::DhKeyPair::generate(group));
                  }} {}

  Expected<void> run(const ppp::Credentials& credentials, std::uint32_t server) {
    auto line = Line::open(workshop_, credentials, options_.local, server, GatewaySocket::usual_buffer_bytes);
    if (!line) return fail(std::move(line.error()));
    line_ = std::move(*line);
    if (auto watching = watch(); !watching) return watching;
    started_ = TimePoint::clock::now();
    line_->start(started_);
    if (auto looped = loop(); !looped) return looped;
    if (is_up_) print(options_.json ? report().json() : report().text());
    return std::move(result_);
  }

 private:
  Expected<void> watch() {
    signals_ = take_signals();
    poll_ = FileDescriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!signals_.is_open() || !poll_.is_open()) return system_failure("", "wait for packets", errno);
    if (auto watching = watch(signals_.get()); !watching) return watching;
    return watch(line_->socket().descriptor());
  }

  Expected<void> watch(int descriptor) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = descriptor;
    if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, descriptor, &event) == 0 || errno == EEXIST) return {};
    return system_failure("", "wait for packets", errno);
  }

  Expected<void> loop() {
    while (!line_->has_ended()) {
      std::array<epoll_event, 3> events{};
      const int count = ::epoll_wait(poll_.get(), events.data(), events.size(), wait_milliseconds());
      if (count < 0 && errno != EINTR) return system_failure("", "wait for packets", errno);
      const auto now = TimePoint::clock::now();
      for (int i = 0; i < count; ++i)
        if (auto done = serve(events[static_cast<std::size_t>(i)].data.fd, now); !done) return done;
      line_->on_timer(now);
      if (auto done = follow(now); !done) return done;
      report_in_between(now);
    }
    return {};
  }

  Expected<void> serve(int descriptor, TimePoint now) {
    if (descriptor == signals_.get())
      for (unsigned left = pending_signals(signals_); left > 0; --left) line_->hang_up(now);
    if (descriptor == line_->socket().descriptor() && line_->receive(now)) {
      if (is_up_) tun_.send(burst_);
      line_->count_received();
    }
    if (descriptor == tun_.descriptor() && is_up_) {
      if (auto received = tun_.receive(burst_, buffers_); !received) return received;
      if (burst_.count() != 0) line_->send_inner(now);
    }
    return {};
  }

  Expected<void> follow(TimePoint now) {
    for (auto& event : line_->take_events()) {
      if (const auto* reached = std::get_if<Reached>(&event)) tell_step(*reached, now);
      if (const auto* note = std::get_if<ike::Note>(&event)) tell("note: " + note->text);
      if (const auto* up = std::get_if<ppp::IpUp>(&event))
        if (auto done = set_up(*up); !done) return done;
      if (auto* ended = std::get_if<Ended>(&event)) finish(*ended, now);
    }
    return {};
  }

  void tell_step(const Reached& reached, TimePoint now) const {
    const auto milliseconds = std::chrono::duration<double, std::milli>(now - started_).count();
    if (!options_.json) {
      constexpr std::array<std::string_view, step_count> sentences = {
          "IKE SA", "ESP SAs", "L2TP session", "PPP link", "user accepted", "IP"};
      return tell(fmt::format("{:>7.0f} ms  {}{}{}", milliseconds,
                              sentences.at(static_cast<std::size_t>(reached.step)),
                              reached.detail.empty() ? "" : ": ", reached.detail));
    }
    const Json object = {{"event", "step"},
                         {"step", to_string(reached.step)},
                         {"detail", reached.detail},
                         {"milliseconds", milliseconds}};
    print(object.dump() + "\n");
  }

  Expected<void> set_up(const ppp::IpUp& up) {
    const auto fits = dataplane::inner_limit(line_->tunnel().outbound(), line_->tunnel().session().header,
                                             dial_.outer_mtu, up.server_mru);
    const std::uint16_t mtu = options_.mtu.value_or(fits);
    if (auto configured = tun_.configure(up.given.address, mtu); !configured) return configured;
    for (const wire::Ipv4Prefix& route : is_up_ ? std::vector<wire::Ipv4Prefix>{} : options_.routes)
      if (auto added = tun_.add_route(route); !added) return added;
    const Endpoint server{workshop_.settings.ike.server.as_v4(), wire::udp_port_natt};
    if (source_towards(server) == up.given.address)
      return fail(
          {.what =
               fmt::format("the way to the server {} would lead into its own tunnel", dotted(server.address)),
           .where = "--route",
           .hint = "route the server's address past the tunnel first (ip route add ADDRESS via ROUTER)",
           .kind = ErrorKind::usage});
    if (auto written = write_resolv_conf(up); !written) return written;
    if (auto watching = watch(tun_.descriptor()); !watching) return watching;
    is_up_ = true;
    tell_up(up, mtu);
    return {};
  }

  [[nodiscard]] Expected<void> write_resolv_conf(const ppp::IpUp& up) const {
    if (dial_.resolv_conf.empty()) return {};
    std::ofstream file(dial_.resolv_conf, std::ios::trunc);
    for (const std::string& server : name_servers(up)) file << "nameserver " << server << '\n';
    file.close();
    if (file) return {};
    return system_failure("--resolv-conf", "write " + dial_.resolv_conf, errno);
  }

  void tell_up(const ppp::IpUp& up, std::uint16_t mtu) const {
    const auto suite = crypto::suite(line_->tunnel().outbound().suite).name;
    if (!options_.json) {
      const auto dns = name_servers(up);
      return tell(fmt::format("{} has {}, MTU {}; server {}; DNS {}; {} by {}", tun_.name(),
                              dotted(up.given.address), mtu,
                              up.given.server_address == 0 ? "nameless" : dotted(up.given.server_address),
                              dns.empty() ? "none" : fmt::format("{}", fmt::join(dns, ", ")), suite,
                              workshop_.engine.does(line_->tunnel().outbound().suite)));
    }
    const Json object = {{"event", "up"},
                         {"interface", tun_.name()},
                         {"address", dotted(up.given.address)},
                         {"server_address", dotted(up.given.server_address)},
                         {"dns", name_servers(up)},
                         {"mtu", mtu},
                         {"suite", suite}};
    print(object.dump() + "\n");
  }

  void finish(const Ended& ended, TimePoint now) {
    const auto& ike = line_->dial().ike();
    if (options_.json) {
      Json object = {{"event", "down"},
                     {"seconds", std::chrono::duration<double>(now - started_).count()},
                     {"rekeys", ike.rekeys()},
                     {"reauthentications", ike.reauthentications()}};
      if (ended.failure) object["cause"] = to_string(ended.failure->cause);
      if (ended.failure) object["what"] = ended.failure->what;
      print(object.dump() + "\n");
    }
    if (!ended.failure) return;
    Error error = error_of(*ended.failure);
    if (ended.failure->cause == Cause::no_answer && line_->socket().last_error() != 0)
      error.what += fmt::format(" (the network says: {})", std::strerror(line_->socket().last_error()));
    result_ = fail(std::move(error));
  }

  void report_in_between(TimePoint now) {
    if (options_.stats_seconds == 0 || !is_up_) return;
    if (next_report_ == TimePoint{}) next_report_ = now + std::chrono::seconds(options_.stats_seconds);
    if (now < next_report_) return;
    print(options_.json ? report().json() : report().line());
    next_report_ = now + std::chrono::seconds(options_.stats_seconds);
  }

  [[nodiscard]] int wait_milliseconds() const {
    auto due = line_->next_due();
    if (next_report_ != TimePoint{}) due = std::min(due, next_report_);
    const auto now = TimePoint::clock::now();
    if (due <= now) return 0;
    if (due == TimePoint::max()) return -1;
    return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(due - now).count());
  }

  [[nodiscard]] Report report() const {
    return {.path = path_,
            .outbound = line_->tunnel().outbound(),
            .keepalives_sent = line_->keepalives_sent(),
            .ipv6_packets = tun_.ipv6_packets(),
            .unreachable = line_->socket().unreachable()};
  }

  const Options& options_;
  const DialOptions& dial_;
  TunDevice& tun_;
  PacketBuffers buffers_;
  dataplane::Burst burst_;
  Tunnel nowhere_;  // what the path is bound to before the first call
  DataPath path_;
  Workshop workshop_;
  std::unique_ptr<Line> line_;
  FileDescriptor signals_, poll_;
  TimePoint started_{}, next_report_{};
  bool is_up_ = false;
  Expected<void> result_;
};

}  // namespace

Error error_of(const Failure& failure) {
  const auto kind = [&] {
    switch (failure.cause) {
      case Cause::no_answer:
      case Cause::silent:
        return ErrorKind::silence;
      case Cause::no_proposal:
      case Cause::wrong_psk:
      case Cause::ike_refused:
        return ErrorKind::ike;
      case Cause::l2tp_refused:
      case Cause::ppp_refused:
        return ErrorKind::call;
      case Cause::wrong_password:
        return ErrorKind::user;
      case Cause::hung_up:
        break;
    }
    return ErrorKind::hung_up;
  }();
  return {.what = failure.what, .where = {}, .hint = failure.hint, .kind = kind};
}

Expected<void> run_single(const Options& options, const DialOptions& dial) {
  auto settings = read_settings(dial);
  if (!settings) return fail(std::move(settings.error()));
  if (dial.user.empty())
    return fail({"is missing", "--user", "--server needs it, or --count with --users", ErrorKind::usage});
  auto password = read_secret("--password-file", dial.password_file);
  if (!password) return fail(std::move(password.error()));
  const ppp::Credentials credentials{dial.user, std::move(*password)};
  auto engine = crypto::make_engine(crypto::EngineChoice::automatic);
  if (!engine) return fail({.what = engine.error(), .where = {}, .hint = {}, .kind = ErrorKind::system});
  auto tun = TunDevice::open(options.tun);
  if (!tun) return fail(std::move(tun.error()));
  Single single(options, dial, *settings, **engine, *tun);
  return single.run(credentials, settings->ike.server.as_v4());
}

}  // namespace espgate::client::dial
