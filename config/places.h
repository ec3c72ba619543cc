// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"

#include <map>
#include <string>
#include <string_view>

namespace espgate::config {

// Where each setting stands in its file, by its path: "outside.address", "static_peer[1].inbound.spi".
class Places {
 public:
  Places() = default;
  explicit Places(std::string file) : file_(std::move(file)) {}

  void note(std::string path, Location where) { places_.insert_or_assign(std::move(path), std::move(where)); }
  [[nodiscard]] bool has(std::string_view path) const { return places_.find(path) != places_.end(); }
  // Of a setting that the file leaves out: the table that it would stand in, or else the file.
  [[nodiscard]] Location of(std::string_view path) const;

 private:
  std::string file_;
  std::map<std::string, Location, std::less<>> places_;
};

}  // namespace espgate::config
