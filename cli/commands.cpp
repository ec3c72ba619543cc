// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <array>

namespace espgate::cli {

std::span<const AddCommand> commands() {
  static constexpr std::array all = {&add_check, &add_doctor, &add_import, &add_up,     &add_show,
                                     &add_who,   &add_ike,    &add_why,    &add_log,    &add_drops,
                                     &add_top,   &add_perf,   &add_trace,  &add_capture};
  return all;
}

}  // namespace espgate::cli
