// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/same_file.h"

#include <filesystem>

namespace espgate::replay {

bool same_file(const std::string& a, const std::string& b) {
  namespace fs = std::filesystem;
  if (a.empty() || b.empty() || a == "-" || b == "-") return a == "-" && b == "-";
  std::error_code failure;
  if (fs::is_other(a, failure)) return false;
  const bool same = fs::equivalent(a, b, failure);
  if (!failure) return same;
  return fs::weakly_canonical(a, failure) == fs::weakly_canonical(b, failure);
}

}  // namespace espgate::replay
