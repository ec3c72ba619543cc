// SPDX-License-Identifier: Apache-2.0
#include "control/dial/admission.h"

#include <algorithm>

namespace espgate::control {

void encode(SecretEncoder& out, const Admission& admission) {
  const config::UserTerms& terms = admission.terms;
  out.number(static_cast<std::uint8_t>(admission.may_have_address));
  out.number(static_cast<std::uint8_t>(admission.address.has_value()));
  out.number(admission.address.value_or(0));
  out.text(admission.pool);
  out.number(static_cast<std::uint8_t>(terms.sessions));
  for (const std::uint32_t number :
       {terms.session_limit_seconds, terms.idle_limit_seconds, terms.rate_from_client_kbit,
        terms.rate_to_client_kbit, admission.interim_seconds, admission.dns[0], admission.dns[1],
        admission.nbns[0], admission.nbns[1]})
    out.number(number);
  out.number(static_cast<std::uint16_t>(admission.classes.size()));
  for (const auto& octets : admission.classes) out.blob(octets);
  out.text(admission.accounting_name);
}

Admission decode_admission(Decoder& in) {
  Admission admission;
  admission.may_have_address = in.number<std::uint8_t>() != 0;
  const bool has_address = in.number<std::uint8_t>() != 0;
  const auto address = in.number<std::uint32_t>();
  if (has_address) admission.address = address;
  admission.pool = in.text();
  config::UserTerms& terms = admission.terms;
  terms.sessions = static_cast<config::Sessions>(
      std::min(in.number<std::uint8_t>(), static_cast<std::uint8_t>(config::Sessions::replace)));
  for (std::uint32_t* number :
       {&terms.session_limit_seconds, &terms.idle_limit_seconds, &terms.rate_from_client_kbit,
        &terms.rate_to_client_kbit, &admission.interim_seconds, &admission.dns[0], &admission.dns[1],
        &admission.nbns[0], &admission.nbns[1]})
    *number = in.number<std::uint32_t>();
  for (auto left = in.number<std::uint16_t>(); left > 0 && in.ok(); --left) {
    const std::span<const std::byte> octets = in.blob();
    admission.classes.emplace_back(octets.begin(), octets.end());
  }
  admission.accounting_name = in.text();
  return admission;
}

}  // namespace espgate::control
