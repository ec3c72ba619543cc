// SPDX-License-Identifier: Apache-2.0
#include "control/gateway/installer.h"

#include <spdlog/spdlog.h>

namespace espgate::control {
namespace {

using channel::Command;
using channel::CommandType;
using channel::Result;

constexpr unsigned retry_seconds = 5;

// What the data plane says, and what to do about it.
std::string_view sentence(Result result) {
  switch (result) {
    case Result::ok:
      return "done";
    case Result::no_such_peer:
      return "the data plane does not have the peer";
    case Result::no_such_sa:
      return "the data plane does not have the SA";
    case Result::no_such_session:
      return "the data plane does not have the session";
    case Result::slot_taken:
      return "another SA has the slot, bits 10 to 27 of the inbound SPI; change the SPI";
    case Result::address_taken:
      return "another session has the inner address; change one of them";
    case Result::bad_address:
      return "the address is not IPv4, or not in clients.pool; change one of them";
    case Result::bad_suite:
      return "the data plane does not have the suite, or its keys have another length; choose another suite, "
             "or restart "
             "both programs from one package";
    case Result::table_full:
      return "the data plane's table is full; it needs more memory, or fewer clients";
    case Result::unknown_command:
      return "the data plane does not know the command; restart both programs from one package";
    case Result::busy:
      return "the peer still has SAs or sessions";
  }
  return "an answer of another version; restart both programs from one package";
}

// That something is gone already is no error of its removal.
bool is_gone(Result result) {
  return result == Result::no_such_peer || result == Result::no_such_sa || result == Result::no_such_session;
}

std::string sa_name(channel::Direction direction, std::uint32_t spi) {
  return fmt::format("{} SA {:#010x}", direction == channel::Direction::inbound ? "inbound" : "outbound",
                     spi);
}

std::string session_name(std::uint16_t tunnel, std::uint16_t session) {
  return fmt::format("session {}/{}", tunnel, session);
}

// All bytes defined: the record goes to another process.
Command command_of(CommandType type) {
  Command command = {};
  command.type = type;
  return command;
}

}  // namespace

void Installer::disconnect() {
  send_ = nullptr;
  pending_.clear();
}

void Installer::send(Command& command, Pending pending) {
  if (pending.target != nullptr) *pending.target = Installed::pending;
  pending_.emplace(send_(command), std::move(pending));
}

void Installer::dump() {
  Command command = command_of(CommandType::dump);
  send_(command);
}

void Installer::add_peer(const std::shared_ptr<Peer>& peer) {
  Command command = command_of(CommandType::peer_update);
  command.peer_update = peer->update;
  send(command, {"address", peer, &peer->installed});
}

void Installer::add_sa(const std::shared_ptr<Peer>& peer, WantedSa& sa) {
  Command command = command_of(CommandType::sa_add);
  command.sa_add = sa.add;
  send(command, {sa_name(sa.add.direction, sa.add.spi), peer, &sa.installed});
}

void Installer::update_sa(const std::shared_ptr<Peer>& peer, WantedSa& sa) {
  Command command = command_of(CommandType::sa_update);
  command.sa_update = {.slot = sa.add.slot, .spi = sa.add.spi, .last_sequence = sa.add.last_sequence};
  send(command, {"numbers of " + sa_name(sa.add.direction, sa.add.spi), peer, nullptr});
}

void Installer::set_session(const std::shared_ptr<Peer>& peer, WantedSession& session) {
  Command command = command_of(CommandType::session_update);
  command.session_update = session.update;
  send(command, {session_name(session.update.tunnel, session.update.session), peer, &session.installed});
}

void Installer::remove_session(const SessionKey& key) {
  Command command = command_of(CommandType::session_delete);
  command.session_delete = {.peer_id = key.peer_id, .tunnel = key.tunnel, .session = key.session};
  send(command,
       {fmt::format("{} of peer {}", session_name(key.tunnel, key.session), key.peer_id), nullptr, nullptr});
}

void Installer::remove_sa(const SaKey& key) {
  Command command = command_of(CommandType::sa_delete);
  command.sa_delete = {.slot = key.slot, .spi = key.spi, .direction = key.direction};
  send(command, {sa_name(key.direction, key.spi), nullptr, nullptr});
}

void Installer::remove_peer(std::uint32_t peer_id) {
  Command command = command_of(CommandType::peer_delete);
  command.peer_delete.peer_id = peer_id;
  send(command, {fmt::format("peer {}", peer_id), nullptr, nullptr});
}

void Installer::forget(const Installed& target) {
  for (auto& [sequence, pending] : pending_)
    if (pending.target == &target) pending.target = nullptr;
}

std::shared_ptr<Peer> Installer::complete(const channel::Event& completion) {
  const auto found = pending_.find(completion.command);
  if (found == pending_.end()) return nullptr;
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  const bool ok = completion.result == Result::ok;
  if (pending.target != nullptr) *pending.target = ok ? Installed::yes : Installed::no;
  if (pending.peer == nullptr) {
    if (!ok && !is_gone(completion.result)) {
      spdlog::error("{}, which is not wanted any more, can't be removed: {}", pending.what,
                    sentence(completion.result));
    }
    return nullptr;
  }
  Peer& peer = *pending.peer;
  if (ok) {
    if (peer.is_installed()) {
      peer.problem.clear();
      spdlog::debug("peer \"{}\": installed", peer.name);
    }
    return pending.peer;
  }
  std::string problem = fmt::format("{}: {}", pending.what, sentence(completion.result));
  if (problem != peer.problem) spdlog::error("peer \"{}\": {}", peer.name, problem);
  peer.problem = std::move(problem);
  peer.retry_in_seconds = retry_seconds;
  return pending.peer;
}

}  // namespace espgate::control
