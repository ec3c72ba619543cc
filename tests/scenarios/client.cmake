# SPDX-License-Identifier: Apache-2.0
# espgate-client in a network namespace, with scapy as the gateway. Skipped where there is no scapy, TUN driver or
# namespace.
add_test(NAME client_echo
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_SOURCE_DIR}/client_echo.py $<TARGET_FILE:espgate-client>)
set_tests_properties(client_echo PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
