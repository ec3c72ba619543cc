# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(client_texts espgate_client_core)
espgate_fuzz(client_ike espgate_client_ike)
espgate_fuzz(client_calls espgate_client_calls)
espgate_fuzz(client_users espgate_client_core)
