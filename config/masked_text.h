// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "crypto/secret.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace espgate::config {

// The text of a configuration file with its keys covered: every run of at least 16 hexadecimal digits, and
// every string that stands behind `secret =` or `psk =`, is replaced, character by character, by a mark that
// no file of ours contains. A TOML parser copies what it reads into ordinary memory and quotes it in its
// messages; so it gets this text, in which every line and column is where it was, and the keys are fetched
// from the original by their place.
class MaskedText {
 public:
  // `original` must outlive this.
  explicit MaskedText(std::string_view original);

  [[nodiscard]] const std::string& text() const { return masked_; }

  // Whether a piece of the text has something covered in it.
  [[nodiscard]] static bool is_masked(std::string_view piece);
  // A piece for people: "…" for what is covered.
  [[nodiscard]] static std::string shown(std::string_view piece);

  // The characters of the one-line string whose opening quote is at line:column (both from 1, columns counted
  // in characters). nullopt: there is no such string, or it has escapes in it (in single quotes there are
  // none).
  [[nodiscard]] std::optional<crypto::SecretBytes> string_at(unsigned line, unsigned column) const;

 private:
  std::string_view original_;
  std::string masked_;
  std::vector<std::size_t> line_starts_;
};

}  // namespace espgate::config
