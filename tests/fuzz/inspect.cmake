# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(isakmp espgate_wire)
espgate_fuzz(isakmp_payloads espgate_wire)
target_sources(fuzz_isakmp_payloads PRIVATE ${CMAKE_SOURCE_DIR}/tests/isakmp_reencode.cpp)
espgate_fuzz(inspect espgate_replay)
