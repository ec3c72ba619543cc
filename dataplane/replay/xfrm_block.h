// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace espgate::replay {

// An algorithm as the text has it. Missing words have no data(); an empty quoted key has.
struct XfrmAlgorithm {
  std::string_view name;
  std::string_view key;
  std::string_view icv_bits;
};

// One SA as the text has it. Nothing is checked before the end, since much of what starts like an SA is none:
// policies, AH, IPComp, SAs that are still being negotiated.
struct XfrmBlock {
  std::string_view start;
  std::string_view source;
  std::string_view destination;
  std::string_view protocol;
  std::string_view spi;
  std::string_view mode;
  std::optional<XfrmAlgorithm> encryption;
  std::optional<XfrmAlgorithm> authentication;
  std::optional<XfrmAlgorithm> aead;
  std::string_view encapsulation_source_port;
  std::string_view encapsulation_destination_port;
  bool udp_encapsulation = false;
  bool esn = false;
  bool policy = false;
  bool statistics = false;  // behind "lifetime" and "stats:", where words of ours mean something else
  std::uint32_t replay_window = 0;
  std::uint32_t sequence_high = 0;
};

// Finds everything that starts like an SA in what `ip xfrm state` and `ip xfrm monitor` print (also with -s,
// -d, -o), and in the commands that `ip xfrm state add` and `ip -batch` take. Both use the same words; what
// they hold besides our fields is skipped. All views point into `text`.
[[nodiscard]] std::vector<XfrmBlock> scan_xfrm(std::string_view text);

}  // namespace espgate::replay
