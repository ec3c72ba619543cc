// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/dial_in.h"
#include "control/ppp/actions.h"
#include "control/state/encoding.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace espgate::control {

// What a user may have who has shown who he is.
struct Admission {
  bool may_have_address = true;
  std::optional<std::uint32_t> address;  // his own, host order; nullopt: one of the pool
  std::string pool;                      // empty: that of his name
  config::UserTerms terms;
  std::array<std::uint32_t, 2> dns{}, nbns{};   // all zeros: those of [ppp]
  std::vector<std::vector<std::byte>> classes;  // RADIUS: what goes back with accounting
  unsigned interim_seconds = 0;                 // RADIUS: between accounting records; 0: none
  std::string accounting_name;                  // RADIUS: whom accounting names; empty: the user
};

void encode(SecretEncoder& out, const Admission& admission);
[[nodiscard]] Admission decode_admission(Decoder& in);

// The answer to ppp::Authenticate of a line.
struct LoginAnswer {
  std::uint32_t peer_id = 0;
  std::uint16_t session = 0;
  ppp::Question question = 0;
  std::string user;  // as the client sent it
  ppp::AuthenticationResult result;
  Admission admission;  // when accepted
  std::string problem;  // else why, in words, for the operator
  std::string remedy;   // and what to do; may be empty
  std::vector<std::string> warnings;
};

}  // namespace espgate::control
