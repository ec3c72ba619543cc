// SPDX-License-Identifier: Apache-2.0
#include "channel/json_socket.h"
#include "channel/unix_socket.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>

namespace espgate::channel {
namespace {

using Json = nlohmann::json;
using Clock = std::chrono::steady_clock;

// An answer beyond this is none of ours.
constexpr std::size_t most_bytes = std::size_t{256} << 20;

// False: the deadline has passed.
bool wait_for(int socket, short what, Clock::time_point deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting = {.fd = socket, .events = what, .revents = 0};
    if (::poll(&waiting, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

Expected<void> send_all(int socket, std::string_view text, Clock::time_point deadline) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      text.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno != EAGAIN && errno != EINTR) {
      return tl::unexpected(fmt::format("the connection broke: {}", std::strerror(errno)));
    } else if (!wait_for(socket, POLLOUT, deadline)) {
      return tl::unexpected(std::string("nobody reads the request; is the program stopped or overloaded?"));
    }
  }
  return {};
}

// Appends what has come. Error: the connection is over.
Expected<void> receive_some(int socket, std::string& into) {
  std::array<char, 65536> chunk;
  const ssize_t got = ::recv(socket, chunk.data(), chunk.size(), MSG_DONTWAIT);
  if (got > 0) {
    into.append(chunk.data(), static_cast<std::size_t>(got));
  } else if (got == 0) {
    return tl::unexpected(std::string("the program at the other end closed the connection"));
  } else if (errno != EAGAIN && errno != EINTR) {
    return tl::unexpected(fmt::format("the connection broke: {}", std::strerror(errno)));
  }
  return {};
}

}  // namespace

Expected<JsonClient> JsonClient::connect(const std::filesystem::path& socket) {
  auto connected = connect_unix(socket, SOCK_STREAM);
  if (connected) return JsonClient(connected->release());
  return tl::unexpected(fmt::format(
      "{}; is espgate running (espgate up -c FILE), and is this its runtime_directory?", connected.error()));
}

JsonClient::JsonClient(JsonClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffered_(std::move(other.buffered_)) {}

JsonClient::~JsonClient() { Descriptor(descriptor_).reset(); }

Expected<Json> JsonClient::ask(const Json& request, std::chrono::milliseconds patience) {
  const std::string text = request.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
  if (auto sent = send_all(descriptor_, text, Clock::now() + patience); !sent)
    return tl::unexpected(sent.error());
  auto answer = next(patience);
  if (!answer) return answer;
  if (!answer->is_object())
    return tl::unexpected(std::string("the answer is not an object; is this espgate's socket?"));
  if (const auto ok = answer->find("ok"); ok != answer->end() && *ok == false) {
    const auto error = answer->find("error");
    const bool said = error != answer->end() && error->is_string();
    return tl::unexpected(said ? error->get<std::string>()
                               : std::string("it failed, and the answer does not say why"));
  }
  return answer;
}

Expected<Json> JsonClient::next(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  std::size_t searched = 0;
  while (true) {
    const std::size_t end = buffered_.find('\n', searched);
    if (end != std::string::npos) {
      Json line = Json::parse(buffered_.begin(), buffered_.begin() + static_cast<std::ptrdiff_t>(end),
                              nullptr, false);
      buffered_.erase(0, end + 1);
      if (line.is_discarded())
        return tl::unexpected(std::string("the answer is no JSON; is this espgate's socket?"));
      return line;
    }
    searched = buffered_.size();
    if (searched > most_bytes) return tl::unexpected(std::string("the answer does not end"));
    if (!wait_for(descriptor_, POLLIN, deadline)) {
      return tl::unexpected(
          fmt::format("no answer within {} ms; is the program stopped or overloaded?", patience.count()));
    }
    if (auto received = receive_some(descriptor_, buffered_); !received)
      return tl::unexpected(received.error());
  }
}

}  // namespace espgate::channel
