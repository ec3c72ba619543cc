// SPDX-License-Identifier: Apache-2.0
#include "wire/parse.h"

namespace espgate::wire {

std::string_view to_string(ParseError error) {
  switch (error) {
    case ParseError::truncated:
      return "truncated";
    case ParseError::bad_version:
      return "bad version";
    case ParseError::bad_header_length:
      return "bad header length";
    case ParseError::bad_length:
      return "bad length";
    case ParseError::unsupported:
      return "unsupported";
  }
  return "unknown";
}

}  // namespace espgate::wire
