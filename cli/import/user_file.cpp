// SPDX-License-Identifier: Apache-2.0
#include "cli/import/user_file.h"

#include "config/printable.h"
#include "control/aaa/chap_secrets.h"

#include <charconv>

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

// "chap-secrets:7: what" as a note.
void tell(const std::string& problem, const std::string& file, Notes& notes) {
  std::string_view rest = problem;
  config::Location where{file, 0, 0};
  if (rest.starts_with(file + ':')) {
    rest.remove_prefix(file.size() + 1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), where.line);
    if (error == std::errc()) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    if (rest.starts_with(": ")) rest.remove_prefix(2);
  }
  notes.lost(std::move(where), std::string(rest));
}

// Lines for other services stay out, as they did; without a name it is not known which these are.
void tell_of_servers(const control::UserFile& users, const std::string& file, const GatewayDraft& draft,
                     Notes& notes) {
  const auto& server = draft.dial_in->server;
  for (const control::User& user : users.users()) {
    if (user.server == "*" || (server && user.server == server->value)) continue;
    const std::string who = fmt::format("the line of {} is for the server {}", config::in_quotes(user.name),
                                        config::in_quotes(user.server));
    if (server)
      notes.same({file, user.line, 0},
                 fmt::format("{}, and users.server is {}: he does not come in, as before", who,
                             config::in_quotes(server->value)));
    else
      notes.lost({file, user.line, 0},
                 who + "; it counts here, as no \"name\" says which lines do: users.server limits that");
  }
}

}  // namespace

tl::expected<crypto::SecretBytes, std::string> read_user_file(const std::filesystem::path& file,
                                                              const SourceFiles& files, OldDialIn& old,
                                                              const GatewayDraft& draft, Notes& notes) {
  auto content = files.read(file);
  if (!content) return tl::unexpected(file.string() + ": " + content.error());
  const std::string_view text(reinterpret_cast<const char*>(content->data()), content->size());
  const auto users = control::UserFile::parse(text, file.string());
  if (!users) return tl::unexpected(users.error());
  for (const std::string& problem : users->problems()) tell(problem, file.string(), notes);
  tell_of_servers(*users, file.string(), draft, notes);
  if (users->size() == 0) notes.lost({file.string(), 0, 0}, "there is no user in it");
  for (const auto& [address, user] : users->fixed_addresses())
    old.fixed_addresses.emplace(address, config::in_quotes(user));
  old.has_users = true;
  return std::move(*content);
}

}  // namespace espgate::openswan
