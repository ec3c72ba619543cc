// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/sa_table.h"
#include "dataplane/session_table.h"
#include "dataplane/table_memory.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace espgate::bench {

// A fixed number of objects in huge pages, as the gateway's own tables lie.
template <typename T>
class TableArray {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit TableArray(std::size_t count)
      : bytes_(count * sizeof(T)), objects_(static_cast<T*>(dataplane::map_table(bytes_))) {
    for (std::size_t i = 0; i < count; ++i) new (&objects_[i]) T();
  }
  TableArray(const TableArray&) = delete;
  TableArray& operator=(const TableArray&) = delete;
  ~TableArray() { dataplane::unmap_table(objects_, bytes_); }

  [[nodiscard]] T& operator[](std::size_t index) { return objects_[index]; }

 private:
  std::size_t bytes_;
  T* objects_;
};

// Inner addresses of tunnel number i: packets go from one client to another, so that the same tunnels serve
// both directions: the receiver checks the source, the sender looks the destination up. Host order.
inline constexpr std::uint32_t first_source = 0x0a40'0000;       // 10.64.0.0
inline constexpr std::uint32_t first_destination = 0x0a80'0000;  // 10.128.0.0

// The end that encrypts: a client when the inbound path is measured, the gateway when the outbound path is.
struct Sender {
  Sender(std::unique_ptr<crypto::Engine> engine, std::uint32_t count);

  std::unique_ptr<crypto::Engine> engine;
  std::vector<std::unique_ptr<crypto::Key>> keys;
  std::vector<dataplane::HotKey> hot_keys;
  TableArray<dataplane::OutboundSa> sas;
  TableArray<dataplane::Session> sessions;
  dataplane::SessionTable table;
};

// The end that decrypts.
struct Receiver {
  Receiver(std::unique_ptr<crypto::Engine> engine, std::uint32_t count);

  std::unique_ptr<crypto::Engine> engine;
  std::vector<std::unique_ptr<crypto::Key>> keys;
  std::vector<dataplane::HotKey> hot_keys;
  std::vector<dataplane::InboundSa*> sas;
  TableArray<dataplane::Peer> peers;
  TableArray<dataplane::Session> sessions;
  dataplane::SaTable table;
};

// `count` peers with one L2TP session each, from a sender to a receiver: own keys, ids, addresses and ports
// for each, UDP encapsulation, replay windows on. Throws std::runtime_error when the engine can't be made.
class Tunnels {
 public:
  Tunnels(crypto::EngineChoice engine, crypto::SuiteId suite, std::uint32_t count);

  [[nodiscard]] Sender& sender() { return sender_; }
  [[nodiscard]] Receiver& receiver() { return receiver_; }
  [[nodiscard]] std::uint32_t count() const { return count_; }
  // From the start of a frame to its inner packet.
  [[nodiscard]] std::size_t inner_offset() const;

 private:
  std::uint32_t count_;
  crypto::SuiteId suite_;
  Sender sender_;
  Receiver receiver_;
};

}  // namespace espgate::bench
