// SPDX-License-Identifier: Apache-2.0
// Any xl2tpd.conf, any file of pppd's options and any chap-secrets, cut from the input at bytes of 0. What
// comes out must be a configuration of ours without errors, and no message may show a user's password.
#include "cli/import/import.h"
#include "config/check.h"
#include "config/config_file.h"
#include "control/aaa/chap_secrets.h"
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

std::string_view as_text(const crypto::SecretBytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Others may stand in a message by chance, or be pieced together from a setting and what is said of it.
bool is_unlike_a_message(std::string_view password) {
  constexpr std::size_t least = 12;
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return password.size() >= least && std::ranges::any_of(password, is_digit) &&
         std::ranges::all_of(password, [&](char c) { return is_digit(c) || is_letter(c); });
}

constexpr std::array<std::string_view, 4> names = {"xl2tpd.conf", "options", "chap-secrets", "ipsec.secrets"};

class FuzzedFiles final : public openswan::SourceFiles {
 public:
  explicit FuzzedFiles(std::string_view input) {
    for (std::string_view& content : std::span(contents_).first(3)) {
      const std::size_t end = std::min(input.find('\0'), input.size());
      content = input.substr(0, end);
      input.remove_prefix(std::min(end + 1, input.size()));
    }
    contents_[3] = ": PSK \"a key that is always there\"\n";
  }
  tl::expected<crypto::SecretBytes, std::string> read(const std::filesystem::path& path) const override {
    const auto at = std::ranges::find(names, path.string());
    if (at == names.end()) return tl::unexpected<std::string>("cannot be opened");
    return crypto::SecretBytes(
        std::as_bytes(std::span(contents_.at(static_cast<std::size_t>(at - names.begin())))));
  }
  std::vector<std::filesystem::path> matching(const std::string&) const override { return {}; }
  [[nodiscard]] std::string_view users() const { return contents_[2]; }
  [[nodiscard]] std::size_t count(std::string_view word) const {
    std::size_t found = 0;
    for (const std::string_view content : contents_)
      for (std::size_t at = content.find(word); at != std::string_view::npos; at = content.find(word, at + 1))
        ++found;
    return found;
  }

 private:
  std::array<std::string_view, 4> contents_;
};

void require_no_password(const openswan::Notes& notes, const FuzzedFiles& files) {
  const auto users = control::UserFile::parse(files.users(), "chap-secrets");
  if (!users) return;
  for (const control::User& user : users->users()) {
    const std::string_view password = as_text(user.secret);
    // What stands elsewhere, too, may be shown from there.
    if (!is_unlike_a_message(password) || files.count(password) != 1) continue;
    for (const openswan::Note& note : notes.all())
      require(note.to_string().find(password) == std::string::npos);
  }
}

// The pool may be missing, for somebody to fill in, and the users' file if there was none, or RADIUS servers.
void require_sound(const openswan::GatewayDraft& draft) {
  const openswan::DraftText text = openswan::to_toml(draft);
  const bool has_pool = draft.dial_in->pool || !draft.surroundings.pool.empty();
  const bool by_radius = !draft.dial_in->radius.empty();
  const bool has_users = !draft.dial_in->users_file.empty();
  require(text.missing.size() == (has_pool ? 0U : 1U) + (by_radius ? 2U : has_users ? 0U : 1U));
  if (!text.missing.empty()) return;
  const auto parsed = config::parse_config(as_text(text.text), "made.toml");
  require(parsed.has_value());
  require(config::check(parsed->config, parsed->places).errors.empty());
  require(parsed->config.users.enabled);
}

openswan::Sources sources_with(const char* pool) {
  return {.ipsec_secrets = "ipsec.secrets",
          .surroundings = {.outside_interface = "s0",
                           .outside_address = "10.20.0.10/24",
                           .outside_gateway = "10.20.0.1",
                           .inside_interface = "s1",
                           .inside_address = "10.30.0.1/24",
                           .pool = pool},
          .xl2tpd_conf = "xl2tpd.conf",
          .ppp_options = "options",
          .chap_secrets = "chap-secrets",
          .users_file = "chap-secrets"};
}

void import_these(const openswan::Sources& sources, const FuzzedFiles& files) {
  openswan::Notes notes;
  const auto draft = openswan::import_openswan(sources, files, notes);
  notes.sort();
  for (const openswan::Note& note : notes.all()) require(!note.text.empty());
  require_no_password(notes, files);
  if (draft) require_sound(*draft);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const FuzzedFiles files({reinterpret_cast<const char*>(data), size});
  for (const char* pool : {"", "100.127.255.0/24"}) {
    import_these(sources_with(pool), files);
    // A file that is none of its kind stops all; the others then go on without it.
    for (const auto left_out : {&openswan::Sources::xl2tpd_conf, &openswan::Sources::ppp_options,
                                &openswan::Sources::chap_secrets}) {
      openswan::Sources sources = sources_with(pool);
      (sources.*left_out).clear();
      import_these(sources, files);
    }
  }
  return 0;
}
