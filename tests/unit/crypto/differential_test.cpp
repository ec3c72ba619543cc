// SPDX-License-Identifier: Apache-2.0
// Every engine against the oracle and against every other, with random packets of fixed seeds.
#include "tests/unit/crypto/esp_oracle.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

namespace espgate::crypto::test {
namespace {

using Random = std::mt19937_64;

std::size_t below(Random& random, std::size_t limit) { return random() % limit; }

Bytes random_bytes(Random& random, std::size_t count) {
  Bytes bytes(count);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// Small packets mostly, some of an ordinary MTU, few jumbo ones.
std::size_t random_text_bytes(Random& random, const Suite& its_suite) {
  const std::size_t kind = below(random, 20);
  const std::size_t bytes = below(random, kind < 12 ? 200 : kind < 19 ? 1500 : 9000);
  // A peer may send a text of any length where no cipher asks for blocks.
  const bool any_length = its_suite.cipher == Cipher::null || its_suite.is_aead();
  return any_length ? bytes : bytes / its_suite.alignment_bytes * its_suite.alignment_bytes;
}

EspPacket random_packet(Random& random, SuiteId id, std::size_t text_bytes) {
  const Suite& its_suite = suite(id);
  return {.suite = id,
          .cipher_key = random_bytes(random, std::size_t{its_suite.cipher_key_bytes} + its_suite.salt_bytes),
          .integrity_key = random_bytes(random, its_suite.integrity_key_bytes),
          .spi = static_cast<std::uint32_t>(random()),
          .sequence = static_cast<std::uint32_t>(random()),
          .sequence_high = static_cast<std::uint32_t>(random()),
          .esn = below(random, 2) == 1,
          .iv_field = random_bytes(random, its_suite.iv_bytes),
          .text = random_bytes(random, text_bytes)};
}

EspPacket random_packet(Random& random, SuiteId id) {
  return random_packet(random, id, random_text_bytes(random, suite(id)));
}

EspPacket random_packet(Random& random) {
  return random_packet(random, static_cast<SuiteId>(below(random, suites().size())));
}

// One call's worth of packets in one engine. Each lies between borders that the engine must leave alone.
class Batch {
 public:
  static constexpr std::uint32_t border = 64;

  Batch(Engine& engine, const std::vector<EspPacket>& packets) : engine_(engine), packets_(packets) {
    for (const EspPacket& packet : packets) keys_.push_back(key_for(engine, packet));
  }

  void put(const std::vector<Bytes>& contents) {
    buffers_.clear();
    jobs_.clear();
    const Bytes rim = repeated(0xb0, border);
    for (const Bytes& content : contents) buffers_.push_back(joined({rim, content, rim}));
    for (std::size_t i = 0; i < packets_.size(); ++i) {
      Job job = packets_[i].job(*keys_[i], buffers_[i]);
      job.esp += border;
      job.length -= 2 * border;
      jobs_.push_back(job);
    }
  }

  void encrypt() { engine_.encrypt(jobs_), check_borders(); }
  void decrypt() { engine_.decrypt(jobs_), check_borders(); }

  std::vector<Job>& jobs() { return jobs_; }
  [[nodiscard]] View bytes(std::size_t i) const { return {jobs_[i].esp, jobs_[i].length}; }
  [[nodiscard]] View text(std::size_t i) const {
    return bytes(i).subspan(8U + suite(packets_[i].suite).iv_bytes, packets_[i].text.size());
  }

 private:
  void check_borders() const {
    const Bytes rim = repeated(0xb0, border);
    for (const Bytes& buffer : buffers_) {
      ASSERT_EQ(std::memcmp(buffer.data(), rim.data(), border), 0);
      ASSERT_EQ(std::memcmp(buffer.data() + buffer.size() - border, rim.data(), border), 0);
    }
  }

  Engine& engine_;
  const std::vector<EspPacket>& packets_;
  std::vector<std::unique_ptr<Key>> keys_;
  std::vector<Bytes> buffers_;
  std::vector<Job> jobs_;
};

std::string print(const EspPacket& packet) {
  return std::string(suite(packet.suite).name) + ", text of " + std::to_string(packet.text.size()) +
         " bytes" + (packet.esn ? ", extended sequence number" : "");
}

class Differential : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { engine = engine_named(GetParam()); }

  // What the engine makes of the packets is what the oracle makes, and it opens what the oracle has sealed.
  void expect_agreement(const std::vector<EspPacket>& packets) const {
    Batch batch(*engine, packets);
    std::vector<Bytes> open;
    std::vector<Bytes> sealed;
    for (const EspPacket& packet : packets) {
      open.push_back(packet.open());
      sealed.push_back(packet.sealed());
    }
    batch.put(open);
    batch.encrypt();
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_TRUE(batch.jobs()[i].ok) << print(packets[i]);
      ASSERT_TRUE(std::ranges::equal(batch.bytes(i), sealed[i]))
          << print(packets[i]) << " of " << packets.size();
    }
    batch.put(sealed);
    batch.decrypt();
    for (std::size_t i = 0; i < packets.size(); ++i) {
      ASSERT_TRUE(batch.jobs()[i].ok) << print(packets[i]);
      ASSERT_TRUE(std::ranges::equal(batch.text(i), packets[i].text))
          << print(packets[i]) << " of " << packets.size();
    }
  }

  std::unique_ptr<Engine> engine;
};
INSTANTIATE_TEST_SUITE_P(Engine, Differential, testing::ValuesIn(engine_names()),
                         [](const auto& instance) { return instance.param; });

TEST_P(Differential, BatchesOfOneSuiteAgreeAtEverySize) {
  Random random(4303);
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const Suite& its_suite = suites()[id];
    const std::size_t step =
        its_suite.cipher == Cipher::null || its_suite.is_aead() ? 1 : its_suite.alignment_bytes;
    std::vector<EspPacket> packets;
    for (std::size_t bytes = 0; bytes <= 40 * step || bytes <= 320; bytes += step) {
      packets.push_back(random_packet(random, static_cast<SuiteId>(id), bytes));
      if (packets.size() == max_batch) {
        ASSERT_NO_FATAL_FAILURE(expect_agreement(packets));
        packets.clear();
      }
    }
    ASSERT_NO_FATAL_FAILURE(expect_agreement(packets));
  }
}

TEST_P(Differential, BatchesOfOneSuiteAgreeAtEveryCount) {
  Random random(2104);
  for (std::size_t count = 1; count <= max_batch; ++count) {
    const auto id = static_cast<SuiteId>(count % suites().size());
    std::vector<EspPacket> packets;
    for (std::size_t i = 0; i < count; ++i) packets.push_back(random_packet(random, id));
    ASSERT_NO_FATAL_FAILURE(expect_agreement(packets));
  }
}

TEST_P(Differential, MixedBatchesAgree) {
  Random random(3602);
  for (int round = 0; round < 60; ++round) {
    std::vector<EspPacket> packets;
    const std::size_t count = 1 + below(random, max_batch);
    for (std::size_t i = 0; i < count; ++i) packets.push_back(random_packet(random));
    ASSERT_NO_FATAL_FAILURE(expect_agreement(packets));
  }
}

TEST_P(Differential, ManyPacketsOfOneKeyInABatchAgree) {
  Random random(4106);
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const EspPacket model = random_packet(random, static_cast<SuiteId>(id));
    const auto key = key_for(*engine, model);
    std::vector<Bytes> buffers;
    std::vector<Bytes> sealed;
    for (std::size_t i = 0; i < max_batch; ++i) {
      EspPacket packet = model;
      packet.sequence += static_cast<std::uint32_t>(i);
      packet.iv_field = random_bytes(random, packet.iv_field.size());
      buffers.push_back(packet.open());
      sealed.push_back(packet.sealed());
    }
    std::vector<Job> jobs;
    for (Bytes& buffer : buffers) jobs.push_back(model.job(*key, buffer));
    engine->encrypt(jobs);
    EXPECT_EQ(buffers, sealed) << print(model);
    engine->decrypt(jobs);
    for (const Job& job : jobs) EXPECT_TRUE(job.ok) << print(model);
  }
}

// The regions of a packet, and the one that is not in it.
enum class Region { spi, sequence, iv, text, icv, sequence_high };

std::vector<Region> regions_of(const EspPacket& packet) {
  std::vector<Region> regions = {Region::spi, Region::sequence, Region::icv};
  if (!packet.iv_field.empty()) regions.push_back(Region::iv);
  if (!packet.text.empty()) regions.push_back(Region::text);
  if (packet.esn) regions.push_back(Region::sequence_high);
  return regions;
}

void flip_a_bit(Random& random, Job& job, const EspPacket& packet, Region region) {
  const Suite& its_suite = suite(packet.suite);
  const auto flip = [&](std::size_t begin, std::size_t bytes) {
    job.esp[begin + below(random, bytes)] ^= static_cast<std::byte>(1U << below(random, 8));
  };
  switch (region) {
    case Region::spi:
      return flip(0, 4);
    case Region::sequence:
      return flip(4, 4);
    case Region::iv:
      return flip(8, its_suite.iv_bytes);
    case Region::text:
      return flip(8U + its_suite.iv_bytes, packet.text.size());
    case Region::icv:
      return flip(job.length - its_suite.icv_bytes, its_suite.icv_bytes);
    case Region::sequence_high:
      job.sequence_high ^= 1U << below(random, 32);
  }
}

TEST_P(Differential, AFlippedBitAnywhereFailsThatPacketOnly) {
  Random random(4868);
  std::map<Region, int> flipped;
  for (int round = 0; round < 80; ++round) {
    std::vector<EspPacket> packets;
    std::vector<Bytes> sealed;
    const std::size_t count = 1 + below(random, max_batch);
    // Half of the batches are of one suite.
    const auto only = static_cast<SuiteId>(below(random, suites().size()));
    for (std::size_t i = 0; i < count; ++i) {
      packets.push_back(round % 2 == 0 ? random_packet(random) : random_packet(random, only));
      sealed.push_back(packets.back().sealed());
    }
    Batch batch(*engine, packets);
    batch.put(sealed);
    std::vector<bool> bad(count);
    for (std::size_t i = 0; i < count; ++i) {
      if (below(random, 3) != 0) continue;
      const auto regions = regions_of(packets[i]);
      const Region region = regions[below(random, regions.size())];
      flip_a_bit(random, batch.jobs()[i], packets[i], region);
      ++flipped[region];
      bad[i] = true;
    }
    batch.decrypt();
    for (std::size_t i = 0; i < count; ++i) {
      ASSERT_EQ(batch.jobs()[i].ok, !bad[i]) << print(packets[i]);
      ASSERT_TRUE(bad[i] || std::ranges::equal(batch.text(i), packets[i].text)) << print(packets[i]);
    }
  }
  for (Region region :
       {Region::spi, Region::sequence, Region::iv, Region::text, Region::icv, Region::sequence_high}) {
    EXPECT_GT(flipped[region], 50);
  }
}

TEST_P(Differential, EveryBitOfTheIcvCounts) {
  Random random(2403);
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const EspPacket packet = random_packet(random, static_cast<SuiteId>(id), 48);
    const auto key = key_for(*engine, packet);
    const Bytes sealed = packet.sealed();
    for (std::size_t bit = 0; bit < std::size_t{8} * suite(packet.suite).icv_bytes; ++bit) {
      Bytes buffer = sealed;
      buffer[buffer.size() - 1 - bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
      Job job = packet.job(*key, buffer);
      engine->decrypt({&job, 1});
      ASSERT_FALSE(job.ok) << print(packet) << ", bit " << bit;
    }
  }
}

// A mapping with a hole at either side, so that a touch outside the packet is the end of the test.
class FencedPages {
 public:
  static constexpr std::size_t usable = 8192;

  FencedPages()
      : pages_(static_cast<std::byte*>(
            ::mmap(nullptr, usable + 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    ::mprotect(begin(), usable, PROT_READ | PROT_WRITE);
  }
  FencedPages(const FencedPages&) = delete;
  FencedPages& operator=(const FencedPages&) = delete;
  ~FencedPages() { ::munmap(pages_, usable + 8192); }

  [[nodiscard]] std::byte* begin() const { return pages_ + 4096; }
  [[nodiscard]] std::byte* end() const { return begin() + usable; }

 private:
  std::byte* pages_;
};

TEST_P(Differential, NoByteOutsideThePacketIsTouched) {
  Random random(7634);
  const FencedPages pages;
  for (std::size_t id = 0; id < suites().size(); ++id) {
    const Suite& its_suite = suites()[id];
    const std::size_t step =
        its_suite.cipher == Cipher::null || its_suite.is_aead() ? 1 : its_suite.alignment_bytes;
    for (std::size_t bytes = 0; bytes < 20 * step || bytes < 160; bytes += step) {
      const EspPacket packet = random_packet(random, static_cast<SuiteId>(id), bytes);
      const auto key = key_for(*engine, packet);
      const Bytes open = packet.open();
      for (std::byte* at : {pages.begin(), pages.end() - open.size()}) {
        std::copy(open.begin(), open.end(), at);
        Job job{.key = key.get(),
                .esp = at,
                .length = static_cast<std::uint32_t>(open.size()),
                .sequence_high = packet.sequence_high,
                .suite = packet.suite,
                .esn = packet.esn,
                .ok = false};
        engine->encrypt({&job, 1});
        ASSERT_TRUE(job.ok) << print(packet);
        engine->decrypt({&job, 1});
        ASSERT_TRUE(job.ok) << print(packet);
      }
    }
  }
}

}  // namespace
}  // namespace espgate::crypto::test
