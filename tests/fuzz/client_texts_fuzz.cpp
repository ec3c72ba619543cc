// SPDX-License-Identifier: Apache-2.0
// Texts that espgate-client reads: what one of its parsers takes it writes again as the same value.
#include "client/endpoint.h"
#include "client/sequence_file.h"
#include "tests/fuzz/invariant.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::client;
  const std::string text(data, data + size);  // of exactly that size, so that a byte too far is noticed
  if (const auto next = parse_sequence_file(text)) {
    espgate::fuzz::require(*next != 0);
    espgate::fuzz::require(parse_sequence_file(sequence_file_text(*next)) == next);
  }
  if (const auto endpoint = Endpoint::from_string(text, 4500))
    espgate::fuzz::require(Endpoint::from_string(endpoint->to_string(), 0) == endpoint);
  return 0;
}
