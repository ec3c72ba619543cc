// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/location.h"

#include <string>
#include <vector>

namespace espgate::openswan {

// What became of a line of the old files. Never holds a secret.
struct Note {
  enum class Kind : unsigned char {
    same,  // what it asked for is always so here
    lost,  // it was not carried over, or not as it was
  };
  Kind kind;
  config::Location where;
  std::string text;

  // "ipsec.conf:14: pfs=yes: PFS is accepted, never demanded"
  [[nodiscard]] std::string to_string() const;
};

class Notes {
 public:
  void same(config::Location where, std::string text) {
    add(Note::Kind::same, std::move(where), std::move(text));
  }
  void lost(config::Location where, std::string text) {
    add(Note::Kind::lost, std::move(where), std::move(text));
  }
  [[nodiscard]] const std::vector<Note>& all() const { return notes_; }
  // By file, in the order in which the files came, and line.
  void sort();

 private:
  void add(Note::Kind kind, config::Location where, std::string text);
  std::vector<Note> notes_;
};

// "ipsec.conf:14", or the file alone.
[[nodiscard]] std::string place_text(const config::Location& where);

}  // namespace espgate::openswan
