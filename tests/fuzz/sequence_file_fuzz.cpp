// SPDX-License-Identifier: Apache-2.0
// Any content of a sequence file. With a wrong checksum nothing is taken; so that the rest is reached too,
// the content is also read with its checksum made right. What is taken comes back the same.
#include "control/state/sequence_table.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using namespace espgate;
using fuzz::require;

void read(std::span<const std::byte> content) {
  const auto table = control::parse_sequence_file(content);
  if (!table) {
    require(!table.error().empty());
    return;
  }
  const auto again = control::format_sequence_file(*table);
  const auto back = control::parse_sequence_file(again);
  require(back && *back == *table);
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
