#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh BIN-FOLDER [--iperf3 SECONDS] [--idle poll|adaptive] [--latency N]: the live gateway in network namespaces, one client
# with static keys, a ping through it; with --iperf3 also TCP and UDP both ways; with --latency N pings, one every 2 ms. Needs neither root nor hugepages nor a
# NIC; nothing is left behind.
#
#   client namespace                       this namespace                       private namespace
#   tun0 10.40.0.2, 10.20.0.1 ---- outside 10.20.0.10 [espgate] 10.30.0.1 inside ---- 10.30.0.10
#              ESP in UDP 4500                                            plain IP
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
if [ -z "${ESPGATE_QUICKSTART_INSIDE:-}" ]; then
  unshare -Ur true 2>/dev/null || { echo "quickstart: this system does not let ordinary users make namespaces; run it as root, or: sysctl kernel.unprivileged_userns_clone=1" >&2; exit 1; }
  exec env ESPGATE_QUICKSTART_INSIDE=1 unshare -Urnm --pid --fork --kill-child --mount-proc "$0" "$@"
fi
bin=$(readlink -f "$1")
shift
seconds=0 idle=adaptive pings=0
while [ $# -gt 0 ]; do
  case "$1" in
    --iperf3) seconds=$2; shift 2 ;;
    --idle) idle=$2; shift 2 ;;
    --latency) pings=$2; shift 2 ;;
    *) echo "quickstart: $1 is no option" >&2; exit 2 ;;
  esac
done
runtime=$(mktemp -d)
log=$runtime/log
trap 'rm -rf "$runtime"' EXIT
# Its own sockets and state, and readable by nobody else, as a file with keys should be.
config=$runtime/quickstart.toml
mkdir -m 700 "$runtime/state"
(umask 077; { cat configs/quickstart.toml; printf '\n[runtime]\ndirectory = "%s/run"\nstate_directory = "%s/state"\n[workers]\nidle = "%s"\n' "$runtime" "$runtime" "$idle"; } >"$config")

until_true() { # until_true SECONDS COMMAND...: polls
  local tries=$(($1 * 10)); shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "quickstart: gave up on: $*" >&2; cat "$log" >&2; exit 1; }
    sleep 0.1
  done
}
gate() { "$bin/espgate" "$@" -c "$config"; }

unshare -n sleep infinity & client=$!
unshare -n sleep infinity & private=$!
in_client() { nsenter -t "$client" -n "$@"; }
in_private() { nsenter -t "$private" -n "$@"; }
own_namespace=$(readlink /proc/self/ns/net)
moved() { [ "$(readlink "/proc/$1/ns/net")" != "$own_namespace" ]; }
until_true 5 moved "$client"
until_true 5 moved "$private"
ip link set lo up
ip link add outside type veth peer name eth0 netns "$client"
ip link add inside type veth peer name eth0 netns "$private"
ip link set outside up
ip link set inside up
in_client ip link set lo up
in_client ip address add 10.20.0.1/24 dev eth0
in_client ip link set eth0 up
in_private ip address add 10.30.0.10/24 dev eth0
in_private ip link set eth0 up
in_private ip route add default via 10.30.0.1
# A veth leaves checksums to whoever receives; a packet that is read from the link needs them.
for link in outside inside; do ethtool -K "$link" tx off gro off gso off tso off >/dev/null; done
in_client ethtool -K eth0 tx off gro off gso off tso off >/dev/null
in_private ethtool -K eth0 tx off gro off gso off tso off >/dev/null

printf '\n\033[1m$ espgate up -c quickstart.toml\033[0m\n'
"$bin/espgate" up -c "$config" >"$log" 2>&1 & up=$!
installed() { gate status --json | grep -q '"sessions": *1'; }
until_true 20 installed
cat "$log"
printf '\n\033[1m$ espgate-client --config quickstart.toml --peer alice --route 10.30.0.0/24\033[0m   (in the client'\''s namespace)\n'
in_client "$bin/espgate-client" --config "$config" --peer alice --gateway 10.20.0.10 --tun tun0 --route 10.30.0.0/24 \
  >"$runtime/client.log" 2>&1 & user=$!
until_true 10 in_client ip address show dev tun0
cat "$runtime/client.log"
printf '\n\033[1m$ ping -c 3 10.30.0.10\033[0m   (in the client'\''s namespace)\n'
until_true 10 in_client ping -c 1 -W 1 10.30.0.10
in_client ping -c 3 -i 0.2 10.30.0.10
if [ "$pings" -gt 0 ]; then
  printf '\n\033[1m$ ping -c %s -i 0.002 10.30.0.10\033[0m   (idle = "%s")\n' "$pings" "$idle"
  in_client ping -n -c "$pings" -i 0.002 10.30.0.10 >"$runtime/pings"
  sed -nE 's/.* time=([0-9.]+) ms/\1/p' "$runtime/pings" | sort -n | awk -v wanted="$pings" '
    { rtt[NR] = $1 }
    function at(share) { place = int(NR * share) + 1; return rtt[place > NR ? NR : place] }
    END { printf "latency: %d of %d answered, median %.3f ms, p99 %.3f ms, worst %.3f ms\n", NR, wanted, at(0.5), at(0.99), rtt[NR] }'
fi
if [ "$seconds" -gt 0 ]; then
  in_private iperf3 -s >"$runtime/iperf3.log" 2>&1 & server=$!
  measure() { # measure TITLE IPERF3-ARGUMENT...: what iperf3 says at its end
    printf '\n\033[1m$ iperf3 -c 10.30.0.10 %s\033[0m   (%s)\n' "${*:2}" "$1"
    # A server that has just finished a test may still refuse the next.
    local try
    for try in 1 2 3 4 5; do
      in_client timeout $((seconds + 20)) iperf3 -c 10.30.0.10 -t "$seconds" -f m "${@:2}" >"$runtime/iperf3.out" 2>&1 && break
      [ "$try" -lt 5 ] || { cat "$runtime/iperf3.out" >&2; exit 1; }
      sleep 1
    done
    grep -E 'sender|receiver' "$runtime/iperf3.out"
  }
  until_true 10 in_client bash -c ': < /dev/tcp/10.30.0.10/5201'
  memory() { awk '/VmRSS/ { print $2, $3 }' "/proc/$(gate status --json | sed -nE 's/.*"pid": *([0-9]+).*/\1/p' | head -1)/status"; }
  buffers() { gate status | grep buffers; }
  before=$(memory)
  buffers
  measure "TCP from the client"
  measure "TCP to the client" -R
  measure "UDP from the client" -u -b 100M -l 1300
  measure "UDP to the client" -u -b 100M -l 1300 -R
  printf '\nmemory of the data plane: %s before, %s after\n' "$before" "$(memory)"
  buffers
  kill "$server"; wait "$server" || true
fi
for command in status session sa drops; do
  printf '\n\033[1m$ espgate %s\033[0m\n' "$command"
  gate "$command"
done
kill "$user"; wait "$user" || true
kill "$up"; wait "$up" || true
