// SPDX-License-Identifier: Apache-2.0
#include "dataplane/replay/xfrm_block.h"

#include "dataplane/replay/key_file_fields.h"

#include <algorithm>
#include <array>
#include <utility>

namespace espgate::replay {
namespace {

// The words of one line. A quoted word is given without its quotes.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) { skip_space(); }

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  [[nodiscard]] std::string_view peek() const { return Words(*this).take(); }

  // At the end of the line: an empty view there.
  std::string_view take() {
    if (empty()) return rest_;
    std::string_view word;
    const char quote = rest_[0];
    const std::size_t closing = quote == '\'' || quote == '"' ? rest_.find(quote, 1) : std::string_view::npos;
    if (closing != std::string_view::npos) {
      word = rest_.substr(1, closing - 1);
      rest_.remove_prefix(closing + 1);
    } else {
      word = rest_.substr(0, rest_.find_first_of(space));
      rest_.remove_prefix(word.size());
    }
    skip_space();
    return word;
  }

  bool take_if(std::string_view word) {
    if (empty() || peek() != word) return false;
    take();
    return true;
  }

 private:
  static constexpr std::string_view space = " \t\r";

  void skip_space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(space), rest_.size())); }

  std::string_view rest_;
};

// A number as ip prints it: "0x10(16)" with -s, "0x10," in lists.
std::string_view plain(std::string_view word) { return word.substr(0, word.find_first_of("(,")); }

// `enc NAME KEY`, `auth NAME KEY`, `auth-trunc NAME KEY BITS`, `aead NAME KEY BITS`; with -s "(160 bits)"
// follows the key. A NULL cipher's key is 0x, nothing, or an empty string.
XfrmAlgorithm take_algorithm(Words& words, bool has_bits) {
  XfrmAlgorithm algorithm;
  algorithm.name = words.take();
  if (words.take_if("<<Keys")) {  // "<<Keys hidden>>"
    words.take();
  } else {
    algorithm.key = words.take();
  }
  if (words.peek().starts_with('(')) {
    while (!words.empty() && !words.take().ends_with(')')) {
    }
  }
  if (has_bits) algorithm.icv_bits = words.take();
  return algorithm;
}

// `encap type espinudp sport 4500 dport 4500 addr A` in a listing, `encap espinudp 4500 4500 A` in a command.
void take_encapsulation(Words& words, XfrmBlock& block) {
  const bool listing = words.take_if("type");
  block.udp_encapsulation = words.take() == "espinudp";
  if (listing) words.take_if("sport");
  block.encapsulation_source_port = words.take();
  if (listing) words.take_if("dport");
  block.encapsulation_destination_port = words.take();
}

void take_number(Words& words, std::uint32_t& into) {
  into = parse_number(plain(words.take())).value_or(into);
}

// The upper half of either direction's sequence number; only one of them moves.
void take_sequence_high(Words& words, XfrmBlock& block) {
  std::uint32_t value = 0;
  take_number(words, value);
  block.sequence_high = std::max(block.sequence_high, value);
}

// Older iproute2 doesn't know esn and prints the bit that is left over, 80.
void take_flags(Words& words, XfrmBlock& block) {
  constexpr std::array<std::string_view, 9> flags = {"noecn",  "decap-dscp", "nopmtudisc", "wildrecv", "icmp",
                                                     "align4", "af-unspec",  "esn",        "80"};
  while (std::ranges::find(flags, words.peek()) != flags.end()) {
    const std::string_view flag = words.take();
    block.esn |= flag == "esn" || flag == "80";
  }
}

void take_field(Words& words, XfrmBlock& block) {
  const std::string_view word = words.take();
  if (word == "src") block.source = words.take();
  if (word == "dst") block.destination = words.take();
  if (word == "proto") block.protocol = words.take();
  if (word == "spi") block.spi = plain(words.take());
  if (word == "mode") block.mode = words.take();
  if (word == "auth") block.authentication = take_algorithm(words, false);
  if (word == "auth-trunc") block.authentication = take_algorithm(words, true);
  if (word == "enc") block.encryption = take_algorithm(words, false);
  if (word == "aead") block.aead = take_algorithm(words, true);
  if (word == "encap") take_encapsulation(words, block);
  if (word == "flag") take_flags(words, block);
  if (word == "replay-window" || word == "replay_window") take_number(words, block.replay_window);
  if (word == "seq-hi" || word == "oseq-hi" || word == "replay-seq-hi" || word == "replay-oseq-hi") {
    take_sequence_high(words, block);
  }
}

// A selector's src, dst and proto are not the SA's.
void skip_selector(Words& words) {
  constexpr std::array<std::string_view, 9> fields = {"src",  "dst",  "proto", "sport", "dport",
                                                      "type", "code", "key",   "dev"};
  while (std::ranges::find(fields, words.peek()) != fields.end()) {
    words.take();
    words.take();
  }
}

void take_fields(Words& words, XfrmBlock& block) {
  while (!words.empty()) {
    if (words.take_if("sel")) {
      skip_selector(words);
    } else {
      take_field(words, block);
    }
  }
}

// "dir in priority 375423 …"; newer kernels have "dir in" alone on an SA.
bool is_policy_line(Words words) {
  const std::string_view first = words.take();
  if (first == "tmpl") return true;
  if (first != "dir" && first != "socket") return false;
  words.take();
  return !words.empty();
}

// A further line of a listing. Only lines that are known are looked into.
void take_line(Words words, XfrmBlock& block) {
  constexpr std::array<std::string_view, 12> ours = {
      "proto", "replay-window", "flag",   "auth",    "enc",           "auth-trunc",
      "aead",  "encap",         "seq-hi", "oseq-hi", "replay_window", "anti-replay"};
  const std::string_view first = words.peek();
  block.policy |= is_policy_line(words);
  if (first == "lifetime" || first == "stats:") block.statistics = true;
  if (block.policy || block.statistics) return;
  if (std::ranges::find(ours, first) != ours.end()) take_fields(words, block);
}

// `ip xfrm state add …` as a shell takes it, `xfrm state add …` as a batch does. What is deleted is no SA.
bool take_command(Words& words) {
  words.take_if("sudo");
  words.take_if("ip");
  if (!words.take_if("xfrm") || !words.take_if("state")) return false;
  return words.take_if("add") || words.take_if("update");
}

class Scanner {
 public:
  std::vector<XfrmBlock> scan(std::string_view text) {
    while (!text.empty()) {
      // `ip -o` puts an SA into one line, with backslashes for line ends.
      const std::string_view line = text.substr(0, text.find_first_of("\n\\"));
      text.remove_prefix(std::min(line.size() + 1, text.size()));
      take(line);
    }
    return std::move(blocks_);
  }

 private:
  void take(std::string_view line) {
    Words words(line);
    const bool event = words.peek() == "Deleted" || words.peek() == "Updated" || words.peek() == "Expired";
    if (event) words.take();
    if (words.peek() == "src") return start(words);
    Words command = words;
    if (take_command(command)) return start(command);
    if (!blocks_.empty()) take_line(words, blocks_.back());
  }

  void start(Words words) {
    XfrmBlock& block = blocks_.emplace_back();
    block.start = words.peek();
    take_fields(words, block);
  }

  std::vector<XfrmBlock> blocks_;
};

}  // namespace

std::vector<XfrmBlock> scan_xfrm(std::string_view text) { return Scanner().scan(text); }

}  // namespace espgate::replay
