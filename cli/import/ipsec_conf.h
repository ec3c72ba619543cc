// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/import/notes.h"
#include "cli/import/source_files.h"
#include "config/location.h"

#include <filesystem>
#include <string>
#include <vector>

#include <tl/expected.hpp>

namespace espgate::openswan {

// One `key=value`.
struct Setting {
  std::string key;    // in one spelling: lower case, '-' for '_', one name where dialects have several
  std::string value;  // without quotes
  std::string shown;  // as the file has it, "keylife=1h", for messages
  config::Location where;
};

// `config setup`, `conn NAME`, `ca NAME` with what stands below it.
struct Section {
  enum class Kind : unsigned char { config, conn, ca };
  Kind kind = Kind::config;
  std::string name;
  config::Location where;
  std::vector<Setting> settings;
};

// Reads an ipsec.conf of Openswan, Libreswan or strongSwan's starter (ipsec.conf(5)) and what it includes.
// Comments, quotes, includes and values that go on in the next line are dealt with; also= is not. What is no
// ipsec.conf gets a note and is passed over. Error: the file can't be read.
[[nodiscard]] tl::expected<std::vector<Section>, std::string> read_ipsec_conf(
    const std::filesystem::path& file, const SourceFiles& files, Notes& notes);

}  // namespace espgate::openswan
