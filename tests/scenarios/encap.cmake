# SPDX-License-Identifier: Apache-2.0
espgate_library(espgate_encap_scenario encap_scenario.cpp)
target_link_libraries(espgate_encap_scenario
  PUBLIC espgate_scenario espgate_replay_commands espgate_packet_builder GTest::gtest)
target_compile_definitions(espgate_encap_scenario PRIVATE ESPGATE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")

espgate_scenario(encap_test
  SOURCES encap_test.cpp encap_wire_test.cpp encap_errors_test.cpp
  LIBS espgate_encap_scenario nlohmann_json::nlohmann_json)

# Other people's programs on what encap wrote: tshark and scapy. Skipped where they are not installed.
espgate_scenario(encap_oracle_test
  SOURCES encap_oracle_test.cpp
  LIBS espgate_encap_scenario)
