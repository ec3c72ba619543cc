// SPDX-License-Identifier: Apache-2.0
#include "channel/json_line.h"
#include "channel/json_socket.h"
#include "channel/unix_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/epoll.h>

namespace espgate::channel {
namespace {

constexpr std::size_t most_clients = 64;
constexpr std::size_t most_request_bytes = std::size_t{1} << 20;
constexpr std::size_t most_waiting_bytes = std::size_t{4} << 20;
constexpr JsonServer::ClientId listener_id = 0;

struct Client {
  Descriptor socket;
  std::string received;  // of the line that is not complete
  std::string waiting;   // to be sent
  bool reading = true;   // false: it has said all it wants to
  bool writing = false;  // epoll watches for room
};

}  // namespace

struct JsonServer::State {
  State(Descriptor made_epoll, UnixListener made_listener, Answer given)
      : epoll(std::move(made_epoll)), listener(std::move(made_listener)), answer(std::move(given)) {
    watch(listener.descriptor(), EPOLL_CTL_ADD, EPOLLIN, listener_id);
  }

  void watch(int descriptor, int operation, std::uint32_t what, ClientId id) const {
    epoll_event event = {.events = what, .data = {.u64 = id}};
    (void)::epoll_ctl(epoll.get(), operation, descriptor, &event);
  }
  void accept();
  // These return false when the client is over.
  bool receive(ClientId id, Client& client);
  bool answer_lines(ClientId id, Client& client);
  bool flush(ClientId id, Client& client) const;

  Descriptor epoll;
  UnixListener listener;
  Answer answer;
  std::map<ClientId, Client> clients;
  ClientId last_id = listener_id;
  ClientId current = listener_id;
};

Expected<std::unique_ptr<JsonServer>> JsonServer::listen(const std::filesystem::path& socket, Answer answer) {
  Descriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return tl::unexpected(fmt::format("can't make an epoll descriptor: {}", std::strerror(errno)));
  auto listener = UnixListener::listen(socket, SOCK_STREAM);
  if (!listener) return tl::unexpected(listener.error());
  auto state = std::make_unique<State>(std::move(epoll), std::move(*listener), std::move(answer));
  return std::unique_ptr<JsonServer>(new JsonServer(std::move(state)));
}

JsonServer::JsonServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
JsonServer::~JsonServer() = default;

int JsonServer::descriptor() const { return state_->epoll.get(); }
JsonServer::ClientId JsonServer::current_client() const { return state_->current; }
bool JsonServer::is_connected(ClientId client) const { return state_->clients.contains(client); }

void JsonServer::State::accept() {
  for (std::size_t i = 0; i < most_clients; ++i) {
    Client client;
    client.socket = listener.accept();
    if (!client.socket) return;
    if (clients.size() == most_clients) continue;  // hung up on
    watch(client.socket.get(), EPOLL_CTL_ADD, EPOLLIN, ++last_id);
    clients.emplace(last_id, std::move(client));
  }
}

// One chunk a step, so that no client keeps the others waiting.
bool JsonServer::State::receive(ClientId id, Client& client) {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(client.socket.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  if (got == 0) {
    client.reading = false;
    watch(client.socket.get(), EPOLL_CTL_MOD, client.writing ? EPOLLOUT : 0U, id);
    return !client.waiting.empty();
  }
  client.received.append(chunk.data(), static_cast<std::size_t>(got));
  return answer_lines(id, client);
}

bool JsonServer::State::answer_lines(ClientId id, Client& client) {
  std::size_t start = 0;
  bool fits = true;
  current = id;
  for (std::size_t end = 0; fits && (end = client.received.find('\n', start)) != std::string::npos;
       start = end + 1) {
    client.waiting += answer_json_line(std::string_view(client.received).substr(start, end - start), answer);
    fits = client.waiting.size() <= most_waiting_bytes;
  }
  current = listener_id;
  client.received.erase(0, start);
  return fits && client.received.size() <= most_request_bytes;
}

bool JsonServer::State::flush(ClientId id, Client& client) const {
  std::size_t done = 0;
  while (done < client.waiting.size()) {
    const ssize_t sent = ::send(client.socket.get(), client.waiting.data() + done,
                                client.waiting.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent < 0) break;
    done += static_cast<std::size_t>(sent);
  }
  client.waiting.erase(0, done);
  const bool writing = !client.waiting.empty();
  if (writing != client.writing) {
    client.writing = writing;
    watch(client.socket.get(), EPOLL_CTL_MOD, (writing ? EPOLLOUT : 0U) | (client.reading ? EPOLLIN : 0U),
          id);
  }
  return writing || client.reading;
}

void JsonServer::step() {
  State& state = *state_;
  std::array<epoll_event, 16> events = {};
  const int count = ::epoll_wait(state.epoll.get(), events.data(), static_cast<int>(events.size()), 0);
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const ClientId id = event.data.u64;
    if (id == listener_id) {
      state.accept();
      continue;
    }
    const auto found = state.clients.find(id);
    if (found == state.clients.end()) continue;
    Client& client = found->second;
    const bool hung_up = !client.reading && (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    const bool read = !client.reading || (event.events & ~EPOLLOUT) == 0 || state.receive(id, client);
    if (hung_up || !read || !state.flush(id, client)) state.clients.erase(found);
  }
}

bool JsonServer::send(ClientId id, const nlohmann::json& line) {
  const auto found = state_->clients.find(id);
  if (found == state_->clients.end()) return false;
  Client& client = found->second;
  const std::string text = json_line(line);
  if (client.waiting.size() + text.size() > most_waiting_bytes) return false;
  client.waiting += text;
  // While its request is being answered, the answer goes out first; step() sends both.
  if (id != state_->current && !state_->flush(id, client)) {
    state_->clients.erase(found);
    return false;
  }
  return true;
}

}  // namespace espgate::channel
