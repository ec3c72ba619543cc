// SPDX-License-Identifier: Apache-2.0
// Any bytes as a capture file: every byte of every frame that is delivered must be there, and so must the
// network packet's start.
#include "dataplane/replay/capture_reader.h"
#include "tests/fuzz/invariant.h"

#include <cstdint>
#include <cstdio>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::replay;
  if (size == 0) return 0;
  // fmemopen's "r" doesn't write to the buffer.
  std::FILE* file = ::fmemopen(const_cast<std::uint8_t*>(data), size, "r");
  if (file == nullptr) return 0;
  auto reader = CaptureReader::from_file(file, "fuzz");
  if (!reader) return 0;
  static volatile unsigned sum = 0;
  while (true) {
    const auto frame = reader->next();
    if (!frame || !*frame) break;
    for (const std::byte byte : (*frame)->bytes) sum = sum + std::to_integer<unsigned>(byte);
    const auto packet = reader->link_layer().locate((*frame)->bytes);
    espgate::fuzz::require(!packet || packet->offset <= (*frame)->bytes.size());
  }
  const auto after = reader->next();
  espgate::fuzz::require(after && !*after);
  return 0;
}
