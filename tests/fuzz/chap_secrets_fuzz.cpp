// SPDX-License-Identifier: Apache-2.0
// Any file of users: it is read to its end, every user that it has is found, and no two own one address.
#include "control/aaa/chap_secrets.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using espgate::fuzz::require;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto file = espgate::control::UserFile::parse(text, "file");
  if (!file) {
    require(file.error().starts_with("file: "));
    return 0;
  }
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  require(file->size() <= lines);
  require(file->size() != 0 || file->problems().empty());
  for (const std::string& problem : file->problems()) require(problem.starts_with("file:"));
  for (const auto& [address, owner] : file->fixed_addresses()) {
    const auto* user = file->find(owner);
    require(user != nullptr && user->name == owner && owner != "*" && address != 0);
    require(!user->secret.empty());
  }
  const auto* any = file->find("a user that no file names but by a star");
  require(any == nullptr || (any->name == "*" && !any->address));
  return 0;
}
