// SPDX-License-Identifier: Apache-2.0
// Any ipsec.conf, any ipsec.secrets, and a file that both include, cut from the input at bytes of 0. What
// comes out must be a configuration of ours without errors, and no message may show a pre-shared key.
#include "cli/import/import.h"
#include "cli/import/ipsec_secrets.h"
#include "config/check.h"
#include "config/config_file.h"
#include "tests/fuzz/invariant.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace {

using namespace espgate;
using fuzz::require;

// Shorter ones may stand in a message by chance.
constexpr std::size_t least_key = 12;

std::string_view as_text(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class FuzzedFiles final : public openswan::SourceFiles {
 public:
  explicit FuzzedFiles(std::string_view input) {
    for (std::string_view& content : contents_) {
      const std::size_t end = std::min(input.find('\0'), input.size());
      content = input.substr(0, end);
      input.remove_prefix(std::min(end + 1, input.size()));
    }
  }
  tl::expected<crypto::SecretBytes, std::string> read(const std::filesystem::path& path) const override {
    const std::string_view content = contents_.at(path == "conf" ? 0 : path == "secrets" ? 1 : 2);
    return crypto::SecretBytes(std::as_bytes(std::span(content)));
  }
  std::vector<std::filesystem::path> matching(const std::string& pattern) const override {
    if (pattern.empty()) return {};
    return {"included"};
  }
  // The included file is read as an ipsec.conf, too, whose values are shown.
  [[nodiscard]] bool only_in_secrets(std::string_view word) const {
    const auto times = [word](std::string_view content) {
      std::size_t found = 0;
      for (std::size_t at = content.find(word); at != std::string_view::npos; at = content.find(word, at + 1))
        ++found;
      return found;
    };
    return times(contents_[0]) == 0 && times(contents_[1]) == 1 && times(contents_[2]) == 0;
  }

 private:
  std::array<std::string_view, 3> contents_;
};

bool is_about_the_pool(const config::Problem& problem) {
  return problem.what.find("pool") != std::string::npos;
}

// The one error that may come is that an address of the file lies in our made-up pool.
void require_sound(const openswan::GatewayDraft& draft) {
  const openswan::DraftText text = openswan::to_toml(draft);
  require(text.missing.size() == (draft.psks.empty() ? 1 : 0));
  if (draft.psks.empty()) return;
  const auto parsed = config::parse_config(as_text(text.text), "made.toml");
  require(parsed.has_value());
  require(parsed->config.ike.psks.size() == draft.psks.size());
  require(std::ranges::all_of(config::check(parsed->config, parsed->places).errors, is_about_the_pool));
}

const openswan::Surroundings surroundings = {.outside_interface = "s0",
                                             .outside_address = "10.20.0.10/24",
                                             .outside_gateway = "10.20.0.1",
                                             .inside_interface = "s1",
                                             .inside_address = "10.30.0.1/24",
                                             .pool = "100.127.255.0/24"};

bool show(const openswan::Notes& notes, std::string_view word) {
  return std::ranges::any_of(notes.all(), [word](const openswan::Note& note) {
    return note.to_string().find(word) != std::string::npos;
  });
}

// Letters that the input does not have, in place of the key: what is shown of them came from there.
void require_unshown(std::string_view input, std::string_view conf, std::string_view key) {
  constexpr std::string_view letters = "QZXJKVWYqzxjkvwy";
  const auto letter =
      std::ranges::find_if(letters, [input](char c) { return input.find(c) == std::string_view::npos; });
  if (letter == letters.end()) return;
  const std::string stand_in(key.size(), *letter);
  std::string changed(input);
  changed.replace(input.find(key), key.size(), stand_in);
  openswan::Notes notes;
  (void)openswan::import_openswan({conf, "secrets", surroundings}, FuzzedFiles(changed), notes);
  require(!show(notes, stand_in));
}

void require_no_key(const openswan::Notes& notes, const openswan::GatewayDraft& draft, std::string_view input,
                    std::string_view conf) {
  for (const auto& psk : draft.psks) {
    const std::string_view key = as_text(psk.key);
    // What stands elsewhere, too, may be shown from there. A message's own text, or a line whose blanks it
    // left out, may look like the key by chance.
    if (key.size() < least_key || !FuzzedFiles(input).only_in_secrets(key) || !show(notes, key)) continue;
    require_unshown(input, conf, key);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const FuzzedFiles files(input);
  for (const std::string_view conf : {"conf", ""}) {
    openswan::Notes notes;
    const auto draft = openswan::import_openswan({conf, "secrets", surroundings}, files, notes);
    notes.sort();
    for (const openswan::Note& note : notes.all()) require(!note.text.empty());
    if (!draft) continue;
    require_no_key(notes, *draft, input, conf);
    require_sound(*draft);
  }
  return 0;
}
