// SPDX-License-Identifier: Apache-2.0
#include "cli/command.h"

#include <array>

namespace espgate::cli {

std::span<const AddCommand> commands() {
  static constexpr std::array all = {
      &add_check, &add_doctor, &add_import, &add_user,  &add_up,  &add_show, &add_session, &add_maintenance,
      &add_ike,   &add_why,    &add_log,    &add_drops, &add_top, &add_perf, &add_trace,   &add_capture};
  return all;
}

}  // namespace espgate::cli
