// SPDX-License-Identifier: Apache-2.0
// What an operator writes for espgate-client: files with users, and proposals, which are written as they are
// read.
#include "client/dial/dial_options.h"
#include "tests/fuzz/invariant.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace espgate::client;
  const std::string text(data, data + size);
  if (const auto users = dial::parse_users(text, "users"))
    for (const auto& user : *users) espgate::fuzz::require(!user.user.empty() && !user.password.empty());
  if (const auto proposal = ike::IkeProposal::from_string(text))
    espgate::fuzz::require(proposal->to_string() == text);
  if (const auto proposal = ike::EspProposal::from_string(text))
    espgate::fuzz::require(proposal->to_string() == text);
  return 0;
}
