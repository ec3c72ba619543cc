// SPDX-License-Identifier: Apache-2.0
// espgate import: the configuration of a gateway of Openswan, Libreswan or strongSwan, xl2tpd and pppd, as
// ours.
#include "cli/command.h"
#include "cli/import/import.h"
#include "cli/import/new_file.h"
#include "cli/import/source_kind.h"
#include "config/check.h"
#include "config/config_file.h"
#include "wire/ip_address.h"
#include "wire/ipv4_prefix.h"

#include <memory>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

namespace espgate::cli {
namespace {

namespace fs = std::filesystem;

struct ImportOptions {
  std::vector<std::string> files;
  std::string ipsec_conf, ipsec_secrets, xl2tpd_conf, ppp_options, chap_secrets;
  std::string result;
  bool force = false;
  bool explain = false;
  bool show_secrets = false;
  openswan::Surroundings surroundings;
};

using Problem = std::optional<std::string>;

fs::path& place_of(openswan::SourceKind kind, openswan::Sources& sources) {
  switch (kind) {
    case openswan::SourceKind::ipsec_conf:
      return sources.ipsec_conf;
    case openswan::SourceKind::ipsec_secrets:
      return sources.ipsec_secrets;
    case openswan::SourceKind::xl2tpd_conf:
      return sources.xl2tpd_conf;
    case openswan::SourceKind::ppp_options:
      return sources.ppp_options;
    default:
      return sources.chap_secrets;
  }
}

// Where a system has them. Those of IPsec have to be there.
void take_system_files(openswan::Sources& sources) {
  sources.ipsec_conf = "/etc/ipsec.conf";
  sources.ipsec_secrets = "/etc/ipsec.secrets";
  std::error_code error;
  for (const auto& [place, file] : {std::pair{&sources.xl2tpd_conf, "/etc/xl2tpd/xl2tpd.conf"},
                                    {&sources.chap_secrets, "/etc/ppp/chap-secrets"}})
    if (fs::exists(file, error)) *place = file;
}

// Which file is which, by its name. Without any, the system's own.
Problem find_files(const ImportOptions& options, openswan::Sources& sources) {
  sources.ipsec_conf = options.ipsec_conf;
  sources.ipsec_secrets = options.ipsec_secrets;
  sources.xl2tpd_conf = options.xl2tpd_conf;
  sources.ppp_options = options.ppp_options;
  sources.chap_secrets = options.chap_secrets;
  bool any = false;
  for (const fs::path file : options.files) {
    const auto kind = openswan::source_kind(file);
    if (!kind)
      return fmt::format(
          "{}: its name does not say what it is; use --ipsec-conf, --ipsec-secrets, --xl2tpd, --ppp-options "
          "or --chap-secrets",
          file.string());
    fs::path& which = place_of(*kind, sources);
    if (!which.empty()) return fmt::format("{} and {}: one of them is enough", which.string(), file.string());
    which = file;
  }
  for (const fs::path* file : {&sources.ipsec_conf, &sources.ipsec_secrets, &sources.xl2tpd_conf,
                               &sources.ppp_options, &sources.chap_secrets})
    any = any || !file->empty();
  if (!any) take_system_files(sources);
  return std::nullopt;
}

fs::path users_copy(const ImportOptions& options) {
  return fs::path(options.result).parent_path() / "chap-secrets";
}

// Beside a configuration that is written stands a copy of the users' file: the old one belongs to pppd, and
// may lie on another machine. A file that is that already serves as it is; so does the old one where nothing
// is written, by its whole path.
void place_users(const ImportOptions& options, openswan::Sources& sources) {
  if (sources.chap_secrets.empty()) return;
  std::error_code error;
  const fs::path copy = users_copy(options);
  if (options.result.empty() || fs::equivalent(copy, sources.chap_secrets, error))
    sources.chap_secrets = fs::absolute(sources.chap_secrets, error);
  else
    sources.users_file = copy.filename().string();
}

Problem wrong_surroundings(const openswan::Surroundings& around) {
  const auto with_length = [](const std::string& text) {
    return text.find('/') != std::string::npos && wire::Ipv4Prefix::from_string(text);
  };
  for (const auto& [option, value] : {std::pair{"--outside-address", around.outside_address},
                                      {"--inside-address", around.inside_address},
                                      {"--pool", around.pool}}) {
    if (!value.empty() && !with_length(value))
      return fmt::format("{}: expected an IPv4 address with the length of its network, like 10.20.0.10/24",
                         option);
  }
  const auto gateway = wire::IpAddress::from_string(around.outside_gateway);
  if (!around.outside_gateway.empty() && (!gateway || !gateway->is_v4()))
    return "--outside-gateway: expected an IPv4 address, like 10.20.0.1";
  return std::nullopt;
}

std::string lines_text(const std::vector<unsigned>& lines) {
  return fmt::format("{} {}", lines.size() == 1 ? "line" : "lines", fmt::join(lines, ", "));
}

void tell(const openswan::Notes& notes, bool explain, const Output& output) {
  std::size_t same = 0;
  for (const openswan::Note& note : notes.all()) {
    same += note.kind == openswan::Note::Kind::same ? 1 : 0;
    if (note.kind == openswan::Note::Kind::lost) output.err << note.to_string() << '\n';
  }
  if (same == 0) return;
  if (!explain) {
    output.err << fmt::format("and {} that need nothing here (--explain lists them)\n", same);
    return;
  }
  output.err << "these need nothing here:\n";
  for (const openswan::Note& note : notes.all())
    if (note.kind == openswan::Note::Kind::same) output.err << "  " << note.to_string() << '\n';
}

// What `espgate check` would say; the places to fill in are errors, too, and told of already.
bool is_sound(const openswan::DraftText& draft, const std::string& name, const Output& output) {
  const std::string_view text(reinterpret_cast<const char*>(draft.text.data()), draft.text.size());
  const auto parsed = config::parse_config(text, name);
  const config::Problems problems = parsed ? config::check(parsed->config, parsed->places) : parsed.error();
  if (draft.missing.empty()) {
    output.err << problems.to_string();
    return problems.errors.empty();
  }
  output.err << fmt::format("{}: fill in {}, then: espgate check {}\n", name, lines_text(draft.missing),
                            name);
  return true;
}

// The users' file first: a configuration without it would be half of one. Neither is written where one of
// them would have to replace another.
tl::expected<void, std::string> write_files(const ImportOptions& options, const openswan::DraftText& draft,
                                            const openswan::GatewayDraft::DialIn* dial_in) {
  const bool with_users = dial_in != nullptr && !dial_in->users_text.empty();
  std::error_code error;
  if (with_users && !options.force && fs::exists(options.result, error))
    return tl::unexpected(options.result + ": is there already, and stays as it is; --force replaces it");
  if (with_users) {
    auto written = write_new_file(users_copy(options), dial_in->users_text.bytes(), options.force);
    if (!written) return written;
  }
  return write_new_file(options.result, draft.text.bytes(), options.force);
}

int write_result(const ImportOptions& options, const openswan::DraftText& draft,
                 const openswan::GatewayDraft::DialIn* dial_in, const Output& output) {
  if (!options.result.empty()) {
    const auto written = write_files(options, draft, dial_in);
    if (written) return success;
    output.err << "espgate: " << written.error() << '\n';
    return failure;
  }
  // Keys are shown to programs and files, and on a screen only if asked for.
  const bool on_screen = ::isatty(STDOUT_FILENO) == 1;
  const auto& shown = on_screen && !options.show_secrets ? draft.covered : draft.text;
  output.out.write(reinterpret_cast<const char*>(shown.data()), static_cast<std::streamsize>(shown.size()));
  if (&shown == &draft.covered)
    output.err << "the keys are covered on a screen: use -o FILE, or --show-secrets\n";
  return success;
}

int import_files(const ImportOptions& options, const Output& output) {
  const auto fail = [&](const std::string& why, ExitCode code) {
    output.err << "espgate: " << why << '\n';
    return code;
  };
  openswan::Sources sources;
  sources.surroundings = options.surroundings;
  if (const auto problem = find_files(options, sources)) return fail(*problem, usage_error);
  if (const auto problem = wrong_surroundings(sources.surroundings)) return fail(*problem, usage_error);
  place_users(options, sources);
  openswan::Notes notes;
  const auto draft = openswan::import_openswan(sources, openswan::DiskFiles(), notes);
  notes.sort();
  tell(notes, options.explain, output);
  if (!draft) return fail(draft.error(), failure);
  const openswan::DraftText text = openswan::to_toml(*draft);
  const std::string name = options.result.empty() ? "gateway.toml" : options.result;
  if (const int code = write_result(options, text, draft->dial_in ? &*draft->dial_in : nullptr, output);
      code != success)
    return code;
  return is_sound(text, name, output) ? success : failure;
}

void add_surroundings(CLI::App& command, openswan::Surroundings& around) {
  command.add_option("--outside-interface", around.outside_interface, "interface that clients reach");
  command.add_option("--outside-address", around.outside_address, "its address, with the network's length");
  command.add_option("--outside-gateway", around.outside_gateway, "next hop to clients");
  command.add_option("--inside-interface", around.inside_interface, "interface of the private side");
  command.add_option("--inside-address", around.inside_address, "its address, with the network's length");
  command.add_option("--pool", around.pool, "network of the clients' inner addresses");
}

}  // namespace

void add_import(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("import", "a configuration from the files of Openswan and its kin, xl2tpd and pppd");
  auto options = std::make_shared<ImportOptions>();
  command
      ->add_option(
          "FILES", options->files,
          "ipsec.conf, ipsec.secrets, xl2tpd.conf, options.xl2tpd, chap-secrets (default: those in /etc)")
      ->expected(0, 5);
  command->add_option("--ipsec-conf", options->ipsec_conf, "an ipsec.conf of another name");
  command->add_option("--ipsec-secrets", options->ipsec_secrets, "an ipsec.secrets of another name");
  command->add_option("--xl2tpd", options->xl2tpd_conf, "an xl2tpd.conf of another name");
  command->add_option("--ppp-options", options->ppp_options,
                      "pppd's options for it (default: the file that xl2tpd.conf names)");
  command->add_option("--chap-secrets", options->chap_secrets, "a chap-secrets of another name");
  command->add_option("-o,--output", options->result, "write to this file, mode 0600; without it, print");
  command->add_flag("--force", options->force, "let -o replace a file that is there");
  command->add_flag("--explain", options->explain, "tell also of settings that need nothing here");
  command->add_flag("--show-secrets", options->show_secrets, "print keys on a screen, too");
  add_surroundings(*command, options->surroundings);
  command->callback([options, &chosen] {
    chosen = [options](const Output& output) { return import_files(*options, output); };
  });
}

}  // namespace espgate::cli
