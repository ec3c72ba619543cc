# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(isakmp espgate_wire)
espgate_fuzz(inspect espgate_replay)
