// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "channel/json_socket.h"
#include "tests/scenarios/program.h"

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>
#include <poll.h>

namespace espgate::cli {

// The sockets of a gateway's two processes, answered by a thread of the test's.
class FakeGateway {
 public:
  using Answer = std::function<nlohmann::json(const nlohmann::json& request)>;

  FakeGateway() = default;
  FakeGateway(const FakeGateway&) = delete;
  FakeGateway& operator=(const FakeGateway&) = delete;
  ~FakeGateway() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] std::string directory() const { return folder_ / ""; }
  void dataplane(Answer answer) { listen("dataplane.sock", std::move(answer)); }
  void control(Answer answer) { listen("control.sock", std::move(answer)); }
  // Once everything that shall be is there.
  void run() {
    thread_ = std::thread([this] {
      while (!stop_) {
        std::vector<pollfd> waiting;
        waiting.reserve(servers_.size());
        for (const auto& server : servers_)
          waiting.push_back({.fd = server->descriptor(), .events = POLLIN, .revents = 0});
        (void)::poll(waiting.data(), waiting.size(), 10);
        for (const auto& server : servers_) server->step();
        for (const auto& [client, lines] : std::exchange(later_, {}))
          for (const nlohmann::json& line : lines) servers_.front()->send(client, line);
      }
    });
  }
  // From within an answer of the data plane's: lines that follow it.
  void follow_up(std::vector<nlohmann::json> lines) {
    later_[servers_.front()->current_client()] = std::move(lines);
  }

 private:
  void listen(const std::string& name, Answer answer) {
    auto server = channel::JsonServer::listen(folder_ / name, std::move(answer));
    if (!server) throw std::runtime_error(server.error());
    servers_.push_back(std::move(*server));
  }

  espgate::test::TemporaryFolder folder_;
  std::vector<std::unique_ptr<channel::JsonServer>> servers_;
  std::map<channel::JsonServer::ClientId, std::vector<nlohmann::json>> later_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace espgate::cli
