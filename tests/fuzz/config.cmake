# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(config espgate_config)
espgate_fuzz(ipsec_conf espgate_import)
espgate_fuzz(xl2tpd_conf espgate_import)
espgate_fuzz(secrets_edit espgate_users fmt::fmt)
target_sources(fuzz_secrets_edit PRIVATE ${CMAKE_SOURCE_DIR}/cli/users/secrets_edit.cpp)
