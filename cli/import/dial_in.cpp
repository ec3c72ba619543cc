// SPDX-License-Identifier: Apache-2.0
#include "cli/import/dial_in.h"

#include "cli/import/old_dial_in.h"
#include "cli/import/ppp_options.h"
#include "cli/import/user_file.h"
#include "cli/import/xl2tpd_conf.h"
#include "config/printable.h"

#include <fmt/format.h>

namespace espgate::openswan {
namespace {

namespace fs = std::filesystem;
using Done = tl::expected<void, std::string>;

class DialInImport {
 public:
  DialInImport(const Sources& sources, const SourceFiles& files, GatewayDraft& draft, Notes& notes)
      : sources_(sources), files_(files), draft_(draft), notes_(notes) {}

  Done run() {
    for (const auto step :
         {&DialInImport::take_xl2tpd, &DialInImport::take_options, &DialInImport::take_users})
      if (auto done = (this->*step)(); !done) return done;
    finish_dial_in(old_, draft_, notes_);
    return {};
  }

 private:
  static tl::unexpected<std::string> fail(const fs::path& file, const std::string& why) {
    return tl::unexpected(config::printable(file.string()) + ": " + why);
  }
  void made_from(const fs::path& file) {
    draft_.made_from.push_back(config::printable(file.string()));
    if (old_.where.file.empty()) old_.where.file = file.string();
  }

  Done take_xl2tpd() {
    const fs::path& file = sources_.xl2tpd_conf;
    if (file.empty()) return {};
    const auto sections = read_xl2tpd_conf(file, files_, notes_);
    if (!sections) return fail(file, sections.error());
    made_from(file);
    old_.has_xl2tpd = true;
    if (auto done = translate_xl2tpd(*sections, old_, draft_, notes_); !done) return fail(file, done.error());
    return {};
  }

  Done take_options() {
    const fs::path file = sources_.ppp_options.empty() ? named_options() : sources_.ppp_options;
    if (file.empty()) return {};
    const auto options = read_ppp_options(file, files_, notes_);
    if (!options) return fail(file, options.error());
    made_from(file);
    old_.has_options = true;
    translate_ppp_options(*options, old_, draft_, notes_);
    return {};
  }

  // The file that pppoptfile names: beside xl2tpd.conf, or where it says in the tree that this comes from.
  // Empty: there is none.
  fs::path named_options() {
    if (!old_.ppp_options) return {};
    const fs::path named = old_.ppp_options->value;
    for (const fs::path& place : {sources_.xl2tpd_conf.parent_path() / named.filename(), in_same_tree(named)})
      if (!place.empty() && files_.read(place)) return place;
    notes_.lost(*old_.ppp_options_where,
                fmt::format("{}: not found; name it on the command line as well, for what clients are given "
                            "stands there",
                            without_place(old_.ppp_options->origin)));
    return {};
  }
  // "/old/etc/xl2tpd/xl2tpd.conf" and "/etc/ppp/options.xl2tpd" are "/old/etc/ppp/options.xl2tpd".
  [[nodiscard]] fs::path in_same_tree(const fs::path& named) const {
    const std::string conf = sources_.xl2tpd_conf.string();
    const std::size_t tree = conf.find("etc/xl2tpd/");
    if (tree == std::string::npos || !named.is_absolute()) return {};
    return conf.substr(0, tree) + named.relative_path().string();
  }

  Done take_users() {
    const fs::path& file = sources_.chap_secrets;
    if (file.empty()) return {};
    auto text = read_user_file(file, files_, old_, draft_, notes_);
    if (!text) return tl::unexpected(std::move(text.error()));
    made_from(file);
    if (!draft_.dial_in->radius.empty()) {
      notes_.lost({file.string(), 0, 0}, "left out: with plugin radius.so pppd did not look into it either");
      return {};
    }
    draft_.dial_in->users_file = sources_.users_file.empty() ? file.string() : sources_.users_file;
    if (!sources_.users_file.empty()) {
      draft_.dial_in->users_text = std::move(*text);
      draft_.dial_in->users_file_origin = "a copy of " + file.string();
    }
    return {};
  }

  const Sources& sources_;
  const SourceFiles& files_;
  GatewayDraft& draft_;
  Notes& notes_;
  OldDialIn old_;
};

}  // namespace

Done import_dial_in(const Sources& sources, const SourceFiles& files, GatewayDraft& draft, Notes& notes) {
  if (sources.xl2tpd_conf.empty() && sources.ppp_options.empty() && sources.chap_secrets.empty()) return {};
  draft.dial_in.emplace();
  return DialInImport(sources, files, draft, notes).run();
}

}  // namespace espgate::openswan
