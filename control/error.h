// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <tl/expected.hpp>

namespace espgate::control {

// What went wrong, in words for the operator: what, where, and what to do. Never a key.
template <typename T>
using Expected = tl::expected<T, std::string>;

}  // namespace espgate::control
