// SPDX-License-Identifier: Apache-2.0
// Any content of a lease file, also with its checksum made right; a pool takes what comes out of it.
#include "control/pool/lease_file.h"
#include "control/state/digest.h"
#include "tests/fuzz/invariant.h"

#include <cstdint>
#include <vector>

namespace {

using namespace espgate;
using fuzz::require;

void read(std::span<const std::byte> content) {
  const auto leases = control::parse_leases(content);
  if (!leases) {
    require(!leases.error().empty());
    return;
  }
  const auto back = control::parse_leases(control::format_leases(*leases));
  require(back && *back == *leases);
  control::AddressPool pool({"pool", {1, 16}, {{4, 5}}, {}});
  for (const control::Lease& lease : *leases) pool.remember(lease);
  for (unsigned i = 0; i < 14; ++i) require(pool.allocate("user").has_value());
  require(!pool.allocate("user"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto content = fuzz::as_bytes(data, size);
  read(content);
  constexpr std::size_t digest_bytes = std::tuple_size_v<control::Digest>;
  if (size < digest_bytes) return 0;
  std::vector<std::byte> summed(content.begin(), content.end() - digest_bytes);
  const control::Digest sum = control::digest({summed});
  summed.insert(summed.end(), sum.begin(), sum.end());
  read(summed);
  return 0;
}
