// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/check.h"
#include "config/config_file.h"
#include "tests/unit/cli/import/made_up_files.h"

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

namespace espgate::openswan {

inline const std::string conn_l2tp =
    "conn L2TP\n\tauthby=secret\n\ttype=transport\n\tleft=10.20.0.10\n\tleftprotoport=17/1701\n"
    "\tright=%any\n\trightprotoport=17/%any\n\tike=aes256-sha1;modp2048\n\tauto=add\n";
inline const std::string any_psk = "%any %any : PSK \"a key for whoever dials\"\n";

// An import, and the configuration that comes out of it, which must be without errors.
struct Imported {
  config::Config config;
  std::vector<std::string> lost, same;
  std::string text;
};

inline Imported import_these(const MadeUpFiles& files, const Sources& sources) {
  Notes notes;
  auto draft = import_openswan(sources, files, notes);
  if (!draft) throw std::runtime_error(draft.error());
  notes.sort();
  Imported imported;
  for (const Note& note : notes.all())
    (note.kind == Note::Kind::lost ? imported.lost : imported.same).push_back(note.to_string());
  const DraftText text = to_toml(*draft);
  imported.text = as_text(text.text);
  auto parsed = config::parse_config(imported.text, "made.toml");
  if (!parsed) throw std::runtime_error(parsed.error().to_string() + imported.text);
  EXPECT_THAT(config::check(parsed->config, parsed->places).errors, testing::IsEmpty()) << imported.text;
  EXPECT_THAT(text.missing, testing::IsEmpty());
  imported.config = std::move(parsed->config);
  return imported;
}
inline Imported import_these(const MadeUpFiles& files) {
  return import_these(files, {"ipsec.conf", "ipsec.secrets", made_up_surroundings});
}
inline Imported import_texts(const std::string& conf, const std::string& secrets = any_psk) {
  MadeUpFiles files;
  files.contents = {{"ipsec.conf", conf}, {"ipsec.secrets", secrets}};
  return import_these(files);
}
// With one more line in the connection.
inline Imported import_with(const std::string& setting) {
  return import_texts(conn_l2tp + "\t" + setting + "\n");
}

inline std::string key_of(const config::Psk& psk) { return std::string(as_text(psk.key)); }
inline std::vector<std::string> networks_of(const config::Psk& psk) {
  std::vector<std::string> networks;
  networks.reserve(psk.from.size());
  for (const auto& network : psk.from) networks.push_back(network.to_string());
  return networks;
}

}  // namespace espgate::openswan
