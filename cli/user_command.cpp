// SPDX-License-Identifier: Apache-2.0
// espgate user: who may come, in the users' file of a configuration. The gateway reads it again by itself.
#include "cli/command.h"
#include "cli/table.h"
#include "cli/users/password.h"
#include "cli/users/private_file.h"
#include "cli/users/secrets_edit.h"
#include "config/load.h"
#include "config/printable.h"
#include "control/aaa/chap_secrets.h"
#include "control/pool/address_pools.h"
#include "wire/ip_address.h"

#include <algorithm>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace espgate::cli {
namespace {

using Done = tl::expected<void, std::string>;

constexpr std::size_t longest_name = 256;  // bytes, as the parser has it

struct UserOptions {
  std::string configuration;
  std::string name, server, address;
  PasswordSource password;
  bool json = false;
};

tl::expected<config::Config, std::string> load_configuration(const UserOptions& options) {
  auto loaded = config::load(options.configuration);
  if (!loaded) return tl::unexpected(loaded.error().to_string() + options.configuration + ": can't be used");
  const config::Users& users = loaded->config.users;
  if (!users.enabled) return tl::unexpected(options.configuration + ": has no [users], so no users' file");
  if (users.file.empty())
    return tl::unexpected(options.configuration +
                          ": users.file names no file: others know the users (users.source)");
  return std::move(loaded->config);
}

tl::unexpected<std::string> fail(std::string what) { return tl::unexpected(std::move(what)); }

std::string at(const config::Config& config, unsigned line) {
  return fmt::format("{}:{}", config.users.file.string(), line);
}

// Lines of that name, and of that server if one is given. Error: there is none, or they are for several
// servers and none is given.
tl::expected<std::vector<SecretsLine>, std::string> lines_of(const UserOptions& options,
                                                             const config::Config& config,
                                                             std::string_view text) {
  std::vector<SecretsLine> lines = secrets_lines(text);
  std::erase_if(lines, [&](const SecretsLine& line) {
    return line.name != options.name || (!options.server.empty() && line.server != options.server);
  });
  if (lines.empty())
    return fail(
        fmt::format("{}: there is no {}{}", config.users.file.string(), config::in_quotes(options.name),
                    options.server.empty() ? "" : " for the server " + config::in_quotes(options.server)));
  std::set<std::string> servers;
  for (const SecretsLine& line : lines) servers.insert(config::in_quotes(line.server));
  if (servers.size() > 1)
    return fail(fmt::format("{}: {} has lines for several servers: say which by --server, one of {}",
                            config.users.file.string(), config::in_quotes(options.name),
                            fmt::join(servers, ", ")));
  return lines;
}

// An address that this user can have, and nobody else has.
Done check_address(const UserOptions& options, const config::Config& config, std::string_view text) {
  if (options.address.empty()) return {};
  const auto address = wire::IpAddress::from_string(options.address);
  if (!address || !address->is_v4())
    return fail(
        fmt::format("--address: expected an IPv4 address, got {}", config::in_quotes(options.address)));
  control::AddressPools pools(control::pools_settings(config));
  const auto problems = pools.reserve({{address->as_v4(), options.name}});
  if (!problems.empty()) return fail("--address: " + problems.front());
  const auto users = control::UserFile::parse(text, config.users.file.string());
  if (!users) return {};
  const auto owner = users->fixed_addresses().find(address->as_v4());
  if (owner == users->fixed_addresses().end() || owner->second == options.name) return {};
  return fail(fmt::format("--address: {} is that of {}", options.address, config::in_quotes(owner->second)));
}

Done check_name(const std::string& name) {
  if (name == "*") return fail("\"*\" would be everybody: give each user a line");
  if (name.empty() || name.size() > longest_name)
    return fail(fmt::format("a user's name has 1 to {} bytes", longest_name));
  return {};
}

void tell_password(const UserOptions& options, const crypto::SecretBytes& password,
                   nlohmann::ordered_json& told) {
  if (options.password.generate)
    told["password"] = std::string(reinterpret_cast<const char*>(password.data()), password.size());
}

// One line for people, or one object for programs.
void tell(const UserOptions& options, const nlohmann::ordered_json& told, const std::string& sentence,
          const Output& output) {
  if (options.json) {
    output.out << told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return;
  }
  // A password that was made here is all that goes to standard output, for whoever catches it.
  if (told.contains("password")) output.out << told["password"].get<std::string>() << '\n' << std::flush;
  output.err << sentence << '\n';
}

Done add(const UserOptions& given, const Output& output) {
  UserOptions options = given;
  const auto config = load_configuration(options);
  if (!config) return fail(config.error());
  if (auto good = check_name(options.name); !good) return good;
  if (options.server.empty()) options.server = config->users.server.empty() ? "*" : config->users.server;
  auto file = PrivateFile::open(config->users.file, true);
  if (!file) return fail(file.error());
  for (const SecretsLine& line : secrets_lines(file->text()))
    if (line.name == options.name && line.server == options.server)
      return fail(fmt::format("{}: {} is there already; espgate user password changes the password",
                              at(*config, line.line), config::in_quotes(options.name)));
  if (auto good = check_address(options, *config, file->text()); !good) return good;
  const auto password = take_password(options.password, output.err);
  if (!password) return fail(password.error());
  const auto edited = with_user(file->text(), {options.name, options.server, password->bytes(),
                                               options.address.empty() ? "*" : options.address});
  if (!edited) return fail(config->users.file.string() + ": " + edited.error());
  if (auto done = file->replace(edited->bytes()); !done) return done;
  nlohmann::ordered_json told = {{"ok", true}, {"user", options.name}, {"server", options.server}};
  tell_password(options, *password, told);
  const bool counts =
      config->users.server.empty() || options.server == "*" || options.server == config->users.server;
  tell(
      options, told,
      fmt::format("{} may come{}", config::in_quotes(options.name),
                  counts ? "" : ", but not here: users.server is " + config::in_quotes(config->users.server)),
      output);
  return {};
}

Done remove(const UserOptions& options, const Output& output) {
  const auto config = load_configuration(options);
  if (!config) return fail(config.error());
  auto file = PrivateFile::open(config->users.file);
  if (!file) return fail(file.error());
  const auto lines = lines_of(options, *config, file->text());
  if (!lines) return fail(lines.error());
  crypto::SecretBytes text(std::as_bytes(std::span(file->text())));
  // From the last, so that the places of those before stay right.
  for (auto line = lines->rbegin(); line != lines->rend(); ++line) {
    auto edited = without_line({reinterpret_cast<const char*>(text.data()), text.size()}, *line);
    if (!edited) return fail(config->users.file.string() + ": " + edited.error());
    text = std::move(*edited);
  }
  if (auto done = file->replace(text.bytes()); !done) return done;
  tell(options, {{"ok", true}, {"user", options.name}, {"lines", lines->size()}},
       fmt::format("{} may come no more; who is connected stays until espgate session kick",
                   config::in_quotes(options.name)),
       output);
  return {};
}

Done change_password(const UserOptions& options, const Output& output) {
  const auto config = load_configuration(options);
  if (!config) return fail(config.error());
  auto file = PrivateFile::open(config->users.file);
  if (!file) return fail(file.error());
  const auto lines = lines_of(options, *config, file->text());
  if (!lines) return fail(lines.error());
  const auto password = take_password(options.password, output.err);
  if (!password) return fail(password.error());
  // Of several for the same server the first counts.
  const auto edited = with_secret(file->text(), lines->front(), password->bytes());
  if (!edited) return fail(config->users.file.string() + ": " + edited.error());
  if (auto done = file->replace(edited->bytes()); !done) return done;
  nlohmann::ordered_json told = {{"ok", true}, {"user", options.name}, {"server", lines->front().server}};
  tell_password(options, *password, told);
  tell(options, told,
       fmt::format("{} has a new password, from the next call on", config::in_quotes(options.name)), output);
  return {};
}

std::string address_of(const control::User& user) {
  if (user.address) return wire::IpAddress::v4(*user.address).to_string();
  return user.may_have_address ? "*" : "-";
}

Done list(const UserOptions& options, const Output& output) {
  const auto config = load_configuration(options);
  if (!config) return fail(config.error());
  const auto file = PrivateFile::open(config->users.file);
  if (!file) return fail(file.error());
  const auto users = control::UserFile::parse(file->text(), config->users.file.string());
  if (!users) return fail(users.error());
  if (options.json) {
    nlohmann::ordered_json told = {{"ok", true},
                                   {"file", config->users.file.string()},
                                   {"users", nlohmann::json::array()},
                                   {"problems", users->problems()}};
    for (const control::User& user : users->users())
      told["users"].push_back(
          {{"user", user.name}, {"server", user.server}, {"address", address_of(user)}, {"line", user.line}});
    output.out << told.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    return {};
  }
  Table table({{"USER"}, {"SERVER"}, {"ADDRESS"}});
  for (const control::User& user : users->users()) table.add({user.name, user.server, address_of(user)});
  if (!table.empty()) output.out << table.text();
  for (const std::string& problem : users->problems()) output.err << problem << '\n';
  return {};
}

using Command = Done (*)(const UserOptions&, const Output&);

int run(Command command, const UserOptions& options, const Output& output) {
  const auto done = command(options, output);
  if (done) return success;
  if (options.json)
    output.out << nlohmann::ordered_json({{"ok", false}, {"error", done.error()}})
                      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
               << '\n';
  else
    output.err << "espgate: " << done.error() << '\n';
  return failure;
}

void add_password_options(CLI::App& command, PasswordSource& source) {
  CLI::Option* file =
      command.add_option("--password-file", source.file,
                         "its one line is the password; without it, standard input, or typed twice");
  command.add_flag("--generate", source.generate, "make a password, and print it once")->excludes(file);
}

}  // namespace

void add_user(CLI::App& app, Action& chosen) {
  CLI::App* user = app.add_subcommand("user", "who may come: lines of the users' file of a configuration");
  user->require_subcommand(1);
  auto options = std::make_shared<UserOptions>();
  const auto subcommand = [&](const char* name, const char* what, Command command) {
    CLI::App* sub = user->add_subcommand(name, what);
    sub->add_option("-c,--config", options->configuration, "configuration file (TOML)")->required();
    sub->add_flag("--json", options->json, "print one JSON object");
    sub->callback([options, command, &chosen] {
      chosen = [options, command](const Output& output) { return run(command, *options, output); };
    });
    return sub;
  };
  CLI::App* add_command = subcommand("add", "let one more user come", add);
  CLI::App* remove_command = subcommand("remove", "let a user come no more", remove);
  subcommand("list", "every user, without passwords", list);
  CLI::App* password_command = subcommand("password", "give a user another password", change_password);
  for (CLI::App* command : {add_command, remove_command, password_command}) {
    command->add_option("NAME", options->name, "as the client sends it")->required();
    command->add_option("--server", options->server, "the second column (default: users.server, or *)");
  }
  add_command->add_option("--address", options->address,
                          "the user's own inner address (default: one of his pool)");
  for (CLI::App* command : {add_command, password_command}) add_password_options(*command, options->password);
}

}  // namespace espgate::cli
