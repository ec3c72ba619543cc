// SPDX-License-Identifier: Apache-2.0
// Any text through the reader of configurations and the check behind it. Messages must say something and show
// no key; what is accepted must have keys that fit its suites, and places within the text.
#include "config/check.h"
#include "config/config_file.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace espgate;
using fuzz::require;

// More digits in a row than any number in a message has.
constexpr std::size_t key_digits = 21;

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

void require_no_key(std::string_view text, std::string_view message) {
  require(message.find("\xEE\x80\x80") == std::string_view::npos ||
          text.find("\xEE\x80\x80") != std::string_view::npos);
  for (auto at = text.begin(); at != text.end();) {
    const auto begin = std::find_if(at, text.end(), is_hex);
    at = std::find_if_not(begin, text.end(), is_hex);
    if (static_cast<std::size_t>(at - begin) < key_digits) continue;
    require(message.find(std::string_view(begin, begin + key_digits)) == std::string_view::npos);
  }
}

void require_sensible(const config::Problems& problems, std::string_view text) {
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  for (const auto* list : {&problems.errors, &problems.warnings}) {
    for (const config::Problem& problem : *list)
      require(!problem.what.empty() && problem.where.line <= lines);
  }
  require_no_key(text, problems.to_string());
}

void require_keys_that_fit(const config::StaticPeer& peer) {
  const crypto::Suite& suite = crypto::suite(peer.suite);
  for (const config::StaticSa* sa : {&peer.inbound, &peer.outbound}) {
    require(sa->cipher_key.size() == std::size_t{suite.cipher_key_bytes} + suite.salt_bytes);
    require(sa->integrity_key.size() == suite.integrity_key_bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto parsed = config::parse_config(text, "fuzz");
  if (!parsed) {
    require(!parsed.error().errors.empty());
    require_sensible(parsed.error(), text);
    return 0;
  }
  for (const config::StaticPeer& peer : parsed->config.static_peers) require_keys_that_fit(peer);
  require_sensible(config::check(parsed->config, parsed->places), text);
  return 0;
}
