// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/engine.h"
#include "dataplane/stages/esp_decrypt.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace espgate::bench {

// Stands in for an engine and only notes what it was asked, batch by batch: so the very calls that a path
// makes can be made again, and timed, without the path around them.
class JobRecorder final : public crypto::Engine {
 public:
  explicit JobRecorder(std::size_t batches) { batches_.reserve(batches); }

  [[nodiscard]] std::string_view name() const override { return "recorder"; }
  [[nodiscard]] std::string description() const override { return "recorder"; }
  [[nodiscard]] std::string_view does(crypto::SuiteId) const override { return name(); }
  [[nodiscard]] tl::expected<std::unique_ptr<crypto::Key>, std::string> make_key(
      crypto::SuiteId, std::span<const std::byte>, std::span<const std::byte>) override {
    return tl::unexpected(std::string("a recorder makes no keys"));
  }

  // Fails them all, so that the rest of the inbound path leaves the SAs alone.
  void decrypt(std::span<crypto::Job> jobs) noexcept override { record(jobs, false); }
  void encrypt(std::span<crypto::Job> jobs) noexcept override { record(jobs, true); }

  void clear() { batches_.clear(); }
  [[nodiscard]] const std::vector<dataplane::JobBatch>& batches() const { return batches_; }

 private:
  void record(std::span<crypto::Job> jobs, bool ok) {
    dataplane::JobBatch& batch = batches_.emplace_back();
    batch.count = static_cast<unsigned>(jobs.size());
    std::copy(jobs.begin(), jobs.end(), batch.jobs.begin());
    for (crypto::Job& job : jobs) job.ok = ok;
  }

  std::vector<dataplane::JobBatch> batches_;
};

}  // namespace espgate::bench
