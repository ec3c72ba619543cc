# SPDX-License-Identifier: Apache-2.0
espgate_fuzz(l2tp_avp espgate_l2tp)
espgate_fuzz(l2tp_lns espgate_l2tp)
espgate_fuzz(ppp_options espgate_wire)
espgate_fuzz(ppp_session espgate_ppp)
espgate_fuzz(dhcp espgate_ppp)
espgate_fuzz(radius espgate_radius)
