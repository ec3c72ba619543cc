# SPDX-License-Identifier: Apache-2.0
espgate_test(inspect_unit_test
  SOURCES
    ${CMAKE_SOURCE_DIR}/tests/unit/replay/inspect_ike_test.cpp
    ${CMAKE_SOURCE_DIR}/tests/unit/replay/inspect_keys_test.cpp
    ${CMAKE_SOURCE_DIR}/tests/unit/replay/inspect_sequence_test.cpp
    ${CMAKE_SOURCE_DIR}/tests/unit/replay/inspect_test.cpp
  LIBS espgate_replay espgate_packet_builder fmt::fmt)

espgate_scenario(inspect_test
  SOURCES inspect_test.cpp
  LIBS espgate_scenario nlohmann_json::nlohmann_json)
