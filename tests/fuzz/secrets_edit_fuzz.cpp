// SPDX-License-Identifier: Apache-2.0
// Any users' file, edited: name | 0 | password | 0 | the file. What an edit gives must be read by the gateway
// as it was meant, with every other user as before.
#include "cli/users/secrets_edit.h"
#include "control/aaa/chap_secrets.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace espgate;
using fuzz::require;

std::string_view as_text(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view cut(std::string_view& input) {
  const std::size_t end = std::min(input.find('\0'), input.size());
  const std::string_view part = input.substr(0, end);
  input.remove_prefix(std::min(end + 1, input.size()));
  return part;
}

bool has(std::string_view text, const std::string& name, const std::string& server, std::string_view secret) {
  const auto file = control::UserFile::parse(text, "f");
  if (!file) return false;
  return std::ranges::any_of(file->users(), [&](const control::User& user) {
    return user.name == name && user.server == server && as_text(user.secret) == secret;
  });
}

std::size_t size_of(std::string_view text) {
  const auto file = control::UserFile::parse(text, "f");
  return file ? file->size() : 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string name(cut(input));
  const std::string_view secret = cut(input);
  const auto secret_bytes = std::as_bytes(std::span(secret));
  const auto lines = cli::secrets_lines(input);
  std::size_t before = 0;
  for (const cli::SecretsLine& line : lines) {
    require(line.begin >= before && line.end > line.begin && line.end <= input.size());
    before = line.end;
    require(line.secret_end == 0 || (line.secret_begin >= line.begin && line.secret_end <= line.end));
  }
  if (const auto more = cli::with_user(input, {name, "*", secret_bytes, "*"})) {
    require(as_text(*more).starts_with(input));
    require(has(as_text(*more), name, "*", secret) || size_of(input) == size_of(as_text(*more)));
    require(size_of(as_text(*more)) >= size_of(input));
    require(cli::secrets_lines(as_text(*more)).size() == lines.size() + 1);
  }
  for (const cli::SecretsLine& line : lines) {
    if (const auto less = cli::without_line(input, line)) {
      require(cli::secrets_lines(as_text(*less)).size() == lines.size() - 1);
      require(size_of(as_text(*less)) + 1 >= size_of(input));
    }
    if (const auto other = cli::with_secret(input, line, secret_bytes))
      require(has(as_text(*other), line.name, line.server, secret));
  }
  return 0;
}
