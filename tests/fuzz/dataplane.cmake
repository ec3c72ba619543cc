# SPDX-License-Identifier: Apache-2.0
add_library(espgate_fuzz_gateway STATIC ${CMAKE_SOURCE_DIR}/tests/unit/dataplane/test_gateway.cpp)
target_link_libraries(espgate_fuzz_gateway PUBLIC espgate_options espgate_stages)
espgate_fuzz(inbound_path espgate_fuzz_gateway espgate_dpdk)
espgate_fuzz(outbound_path espgate_fuzz_gateway)
espgate_fuzz(inside_input espgate_fuzz_gateway espgate_dpdk)
espgate_fuzz(icmp_reply espgate_stages)
espgate_fuzz(neighbours espgate_stages)
espgate_fuzz(path_mtu espgate_stages)
