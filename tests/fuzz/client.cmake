# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(client_texts espgate_client_core)
