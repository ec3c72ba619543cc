// SPDX-License-Identifier: Apache-2.0
#include "cli/import/notes.h"

#include "config/printable.h"

#include <algorithm>
#include <array>
#include <map>

namespace espgate::openswan {

std::string place_text(const config::Location& where) {
  const std::string file = config::printable(where.file);
  return where.line == 0 ? file : file + ':' + std::to_string(where.line);
}

std::string Note::to_string() const { return place_text(where) + ": " + text; }

void Notes::add(Note::Kind kind, config::Location where, std::string text) {
  notes_.push_back({kind, std::move(where), std::move(text)});
}

void Notes::sort() {
  std::map<std::string, std::size_t> order;
  for (const Note& note : notes_) order.try_emplace(note.where.file, order.size());
  // What is about one line stays in the order in which it was found.
  std::vector<std::array<std::size_t, 3>> places;
  places.reserve(notes_.size());
  for (std::size_t i = 0; i < notes_.size(); ++i)
    places.push_back({order.at(notes_[i].where.file), notes_[i].where.line, i});
  std::ranges::sort(places);
  std::vector<Note> sorted;
  sorted.reserve(notes_.size());
  for (const auto& place : places) sorted.push_back(std::move(notes_[place[2]]));
  notes_ = std::move(sorted);
}

}  // namespace espgate::openswan
