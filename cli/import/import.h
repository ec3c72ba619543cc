// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/gateway_draft.h"
#include "cli/import/notes.h"
#include "cli/import/source_files.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// What is to be imported. Any of the files may be left empty.
struct Sources {
  std::filesystem::path ipsec_conf = {};
  std::filesystem::path ipsec_secrets = {};
  Surroundings surroundings = {};
  std::filesystem::path xl2tpd_conf = {};
  std::filesystem::path ppp_options = {};  // empty: the one that xl2tpd.conf names, if it can be found
  std::filesystem::path chap_secrets = {};
  // users.file is to be a copy of that name; empty: it is chap_secrets itself.
  std::string users_file = {};
};

// Makes a configuration of ours from an ipsec.conf and an ipsec.secrets of Openswan, Libreswan or strongSwan
// (L2TP connections with pre-shared keys), an xl2tpd.conf, a file of pppd's options and a chap-secrets.
// `notes` gets a line for every setting that could not be carried over as it was, whether it succeeds or not.
// Error: a file that can't be read, or is none of its kind, or that has no such connection.
[[nodiscard]] tl::expected<GatewayDraft, std::string> import_openswan(const Sources& sources,
                                                                      const SourceFiles& files, Notes& notes);

}  // namespace espgate::openswan
