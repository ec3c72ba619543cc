// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace espgate::channel {

// What went wrong between the two processes, in words for the operator: what was expected, what came, what to
// do.
template <typename T>
using Expected = tl::expected<T, std::string>;

}  // namespace espgate::channel
