#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# stage_symbols.sh OBJECT;OBJECT…: what the objects of the stages and of the path call must be known to be harmless.
# Everything that is not in the list below fails: an allocation, a lock, a log line, an exception, a system call.
set -euo pipefail
IFS=';' read -ra objects <<<"$1"
checked=()
for object in "${objects[@]}"; do
  case "$object" in */stages/*.o | */path.cpp.o | */icmp_reply.cpp.o) checked+=("$object") ;; esac
done
[ ${#checked[@]} -ge 26 ] || { echo "only ${#checked[@]} stage objects found"; exit 1; }

defined=$(nm --defined-only -C "${checked[@]}" | sed -nE 's/^[0-9a-f]+ [TWVtwv] //p')
# A loop over the eight sessions of a peer; a few stores into a prebuilt header; functions of wire/ that only look at
# and change the bytes they are given.
own='Peer::find_session\(unsigned int\) const|set_outer_destination\(.*\)'
wire='clamp_tcp_mss\(.*\)|IcmpMessage::parse\(.*\)|build_icmp\(.*\)|turn_into_echo_reply\(.*\)|icmp_quote_length\(.*\)'
wire+='|may_cause_icmp_error\(.*\)|destination_unreachable\(.*\)|fragmentation_needed\(.*\)|time_exceeded_in_transit\(\)'
allowed="^(memcpy|memmove|memset|memcmp|_GLOBAL_OFFSET_TABLE_|espgate::dataplane::($own)|espgate::wire::($wire))$"
bad=0
for object in "${checked[@]}"; do
  while read -r symbol; do
    grep -qE "$allowed" <<<"$symbol" && continue
    grep -qxF "$symbol" <<<"$defined" && continue
    echo "$(basename "$object") calls $symbol"
    bad=1
  done < <(nm -u -C "$object" | sed -E 's/^ +[Uw] //')
done
[ $bad -eq 0 ] && echo "${#checked[@]} stage objects: clean"
exit $bad
