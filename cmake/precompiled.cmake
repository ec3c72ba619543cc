# SPDX-License-Identifier: Apache-2.0
# Precompiled headers. Three quarters of a compilation were the standard library's headers, fmt and JSON over again;
# sources still include what they use: clang-tidy reads them without (CMAKE_DISABLE_PRECOMPILE_HEADERS).
set(ESPGATE_PRECOMPILED
  <algorithm> <array> <chrono> <cstdint> <cstring> <filesystem> <functional> <map> <memory> <optional> <set> <span>
  <string> <string_view> <tuple> <utility> <variant> <vector>
  <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

# A precompiled header and who reuses it must agree about the macros that its headers read.
target_compile_definitions(espgate_options INTERFACE $<TARGET_PROPERTY:fmt::fmt,INTERFACE_COMPILE_DEFINITIONS>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(espgate_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-fpch-preprocess>)
else()
  target_compile_options(espgate_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>)
endif()

# espgate_precompiled_headers(NAME LIBS… HEADERS…) makes what others name in target_precompile_headers(… REUSE_FROM NAME).
function(espgate_precompiled_headers name)
  cmake_parse_arguments(ARG "" "" "LIBS;HEADERS" ${ARGN})
  file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp CONTENT "// Nothing but its headers.\n")
  add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PRIVATE espgate_options tl::expected nlohmann_json::nlohmann_json ${ARG_LIBS})
  target_precompile_headers(${name} PRIVATE ${ESPGATE_PRECOMPILED} ${ARG_HEADERS})
endfunction()

espgate_precompiled_headers(espgate_precompiled)
