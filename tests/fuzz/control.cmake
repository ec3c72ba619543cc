# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(handshake espgate_channel)
espgate_fuzz(json_request espgate_control)
espgate_fuzz(chap_secrets espgate_users)
espgate_fuzz(lease_file espgate_users espgate_digest)
espgate_fuzz(sequence_file espgate_control)
espgate_fuzz(state_segment espgate_control)
espgate_fuzz(ike_negotiator espgate_ike fmt::fmt)
target_sources(fuzz_ike_negotiator PRIVATE
  ike_fuzz_script.cpp
  ${CMAKE_SOURCE_DIR}/tests/unit/control/ike/ike_client.cpp
  ${CMAKE_SOURCE_DIR}/tests/unit/control/ike/ike_client_aggressive.cpp)
