// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/suite.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace espgate::crypto {

// Most jobs that one call takes: a burst of the packet path.
inline constexpr std::size_t max_batch = 64;

enum class Direction : std::uint8_t { decrypt, encrypt };

// The expanded keys of one SA, in one engine's own form: what the engine derives from this. Its memory is
// wiped when it goes, kept out of core dumps, and locked as far as the system lets us. Immutable once made,
// but an engine may keep scratch contexts in it, so one thread at a time uses a key. Any engine of the same
// name in this process can use it, and it may outlive the engine that made it.
class Key {
 public:
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;
  virtual ~Key() = default;

  // The bytes that every packet touches, most urgent first, for prefetching ahead of a batch.
  [[nodiscard]] virtual std::span<const std::byte> hot_memory() const = 0;
  // The same, of one direction: often half of it.
  [[nodiscard]] virtual std::span<const std::byte> hot_memory_of(Direction) const { return hot_memory(); }

 protected:
  Key() = default;
};

// One packet's work, done in place. [esp, esp + length) is contiguous and writable and reaches from the ESP
// header's SPI to the last byte of the ICV (RFC 4303 §2):
//
//   | SPI 4 | sequence 4 | IV | ciphertext: payload, padding, pad length, next header | ICV |
//
// decrypt: sets `ok`; when false, the bytes behind the IV are undefined and must not be used.
// encrypt: the caller has written everything but the ICV, the plaintext being aligned as the suite wants it.
// In the IV
//          field it has put the IV itself for an AEAD (the 64-bit sequence number), and for CBC a block that
//          is unique under this key (the sequence number): the engine sends that block encrypted as the IV,
//          so IVs are unpredictable and never repeat (NIST SP 800-38A, appendix C). `ok` is set true.
struct Job {
  const Key* key;
  std::byte* esp;
  std::uint32_t length;  // bytes, at least 8 + IV + ICV; otherwise undefined: the caller checks
  std::uint32_t
      sequence_high;  // upper half of an extended sequence number (RFC 4303 §2.2.1); only with `esn`
  SuiteId suite;      // must be the suite the key was made for
  bool esn;
  bool ok;
};
static_assert(sizeof(Job) == 32);

// Whether the keys have the lengths that the suite takes. Error: "aes256-sha1 takes a cipher key of 32 bytes,
// got 16".
[[nodiscard]] tl::expected<void, std::string> check_key_lengths(SuiteId suite, std::size_t cipher_key_bytes,
                                                                std::size_t integrity_key_bytes);

// Does the cryptography of a burst. One engine per thread: calls are not synchronised. Jobs of many SAs and
// suites may be mixed in one call; order in the span is kept. decrypt and encrypt allocate nothing and throw
// nothing.
class Engine {
 public:
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  virtual ~Engine() = default;

  // "ipsec_mb" or "openssl".
  [[nodiscard]] virtual std::string_view name() const = 0;
  // For people: library version and instruction set, "libipsec-mb 1.3.0, AVX512".
  [[nodiscard]] virtual std::string description() const = 0;
  // Name of the engine that really does this suite: another engine's where this one lacks it.
  [[nodiscard]] virtual std::string_view does(SuiteId suite) const = 0;

  // Expands keys. `cipher_key` includes the salt for AEADs. Error: a text that names the length that was
  // wrong.
  [[nodiscard]] virtual tl::expected<std::unique_ptr<Key>, std::string> make_key(
      SuiteId suite, std::span<const std::byte> cipher_key, std::span<const std::byte> integrity_key) = 0;

  // At most max_batch jobs.
  virtual void decrypt(std::span<Job> jobs) noexcept = 0;
  virtual void encrypt(std::span<Job> jobs) noexcept = 0;

 protected:
  Engine() = default;
};

enum class EngineChoice : std::uint8_t { automatic, ipsec_mb, openssl };

// Makes an engine for the calling thread. automatic: ipsec_mb where it is built in and the CPU runs it, else
// openssl. Error: a text for the user (built without libipsec-mb, self-test failed, …).
[[nodiscard]] tl::expected<std::unique_ptr<Engine>, std::string> make_engine(EngineChoice choice);
// "auto", "ipsec_mb", "openssl".
[[nodiscard]] tl::expected<EngineChoice, std::string> parse_engine_choice(std::string_view text);

}  // namespace espgate::crypto
