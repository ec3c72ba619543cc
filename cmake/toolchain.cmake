# SPDX-License-Identifier: Apache-2.0
# Language, warnings, sanitizers: what holds for every target of ours.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
set(CMAKE_INTERPROCEDURAL_OPTIMIZATION OFF)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # What it must know to keep objects that were made with precompiled headers.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
endif()

add_library(espgate_options INTERFACE)
target_include_directories(espgate_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(espgate_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Wold-style-cast -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees an overlap in std::string's operator+ that is not there (GCC bug 105651) and, with precompiled headers,
  # reads and writes past short strings that are moved or joined.
  target_compile_options(espgate_options INTERFACE
    -Wno-restrict -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
endif()
if(ESPGATE_MARCH)
  target_compile_options(espgate_options INTERFACE -march=${ESPGATE_MARCH})
endif()
if(ESPGATE_SANITIZE)
  target_compile_options(espgate_options INTERFACE
    -fsanitize=${ESPGATE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(espgate_options INTERFACE -fsanitize=${ESPGATE_SANITIZE})
endif()
if(ESPGATE_COVERAGE)
  target_compile_options(espgate_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(espgate_options INTERFACE --coverage)
endif()
if(ESPGATE_FUZZ)
  target_compile_options(espgate_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(espgate_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# espgate_library(NAME SOURCES... ) makes a static library that sees the tree from its root.
function(espgate_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC espgate_options)
  target_precompile_headers(${name} REUSE_FROM espgate_precompiled)
endfunction()

# espgate_rarely_runs(TARGET…): no packet and no handshake passes it, so that the compiler need not think hard.
function(espgate_rarely_runs)
  foreach(target ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endforeach()
endfunction()
