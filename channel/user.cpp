// SPDX-License-Identifier: Apache-2.0
#include "channel/user.h"

#include <array>
#include <charconv>

#include <fmt/format.h>
#include <pwd.h>

namespace espgate::channel {

Expected<uid_t> find_user(const std::string& name_or_number) {
  const char* end = name_or_number.data() + name_or_number.size();
  uid_t number = 0;
  const auto [stopped, error] = std::from_chars(name_or_number.data(), end, number);
  // The last number stands for "nobody in particular" in system calls.
  if (error == std::errc() && stopped == end && number != static_cast<uid_t>(-1)) return number;
  std::array<char, 16384> memory;
  passwd entry = {};
  passwd* found = nullptr;
  if (::getpwnam_r(name_or_number.c_str(), &entry, memory.data(), memory.size(), &found) == 0 &&
      found != nullptr)
    return found->pw_uid;
  return tl::unexpected(fmt::format("there is no user \"{}\" on this system", name_or_number));
}

}  // namespace espgate::channel
