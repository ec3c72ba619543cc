# SPDX-License-Identifier: Apache-2.0
# Libraries of Debian 12. Each comes in as a SYSTEM target, so that only our own code is held to our warnings.
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(spdlog REQUIRED)
# Only its headers: compiled into one file of ours, the sanitizers and the fuzzer see into it.
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
pkg_check_modules(PCAP REQUIRED IMPORTED_TARGET libpcap)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp)
pkg_check_modules(DPDK REQUIRED libdpdk)

# libdpdk's pkg-config carries -march=corei7, which would undo ours: take everything but that. Drivers that need the
# whole of DPDK are loaded from its plug-in folder at run time, so only the libraries we call are linked.
add_library(espgate_dpdk_import INTERFACE)
set(dpdk_cflags ${DPDK_CFLAGS})
list(FILTER dpdk_cflags EXCLUDE REGEX "^-march=|^-I")
target_compile_options(espgate_dpdk_import INTERFACE ${dpdk_cflags})
target_include_directories(espgate_dpdk_import SYSTEM INTERFACE ${DPDK_INCLUDE_DIRS})
target_link_libraries(espgate_dpdk_import INTERFACE
  rte_eal rte_mbuf rte_mempool rte_mempool_ring rte_ring rte_hash rte_ip_frag rte_lpm rte_meter rte_rcu rte_timer rte_ethdev rte_net rte_kvargs)

set(ESPGATE_HAVE_IPSEC_MB OFF)
if(ESPGATE_IPSEC_MB)
  find_path(IPSEC_MB_INCLUDE intel-ipsec-mb.h)
  find_library(IPSEC_MB_LIBRARY IPSec_MB)
  if(IPSEC_MB_INCLUDE AND IPSEC_MB_LIBRARY)
    set(ESPGATE_HAVE_IPSEC_MB ON)
  endif()
endif()
message(STATUS "crypto engines: openssl ${OPENSSL_VERSION}, ipsec_mb ${ESPGATE_HAVE_IPSEC_MB}")
