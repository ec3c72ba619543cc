#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh BIN-FOLDER [--iperf3 SECONDS] [--idle poll|adaptive] [--latency N] [--stay]: the live gateway in network
# namespaces, behind an Elastic IP as on EC2; a user behind a NAT dials in and pings a private host. --iperf3: also TCP
# and UDP both ways. --latency: N pings, one every 2 ms. --stay: all of it goes on until Ctrl-C. Needs neither root nor
# hugepages nor a NIC; nothing is left behind.
#
#   client 10.10.1.2 ---- NAT 198.51.100.2 ---- router ---- s0 10.20.0.10 [espgate] 10.30.0.1 s1 ---- 10.30.0.10
#        L2TP/IPsec to 203.0.113.10        1:1 NAT                  this namespace                private host
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
if [ -z "${ESPGATE_QUICKSTART_INSIDE:-}" ]; then
  unshare -Ur true 2>/dev/null || { echo "quickstart: this system does not let ordinary users make namespaces; run it as root, or: sysctl kernel.unprivileged_userns_clone=1" >&2; exit 1; }
  exec env ESPGATE_QUICKSTART_INSIDE=1 unshare -Urnm --pid --fork --kill-child --mount-proc "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
bin=$(readlink -f "$1")
shift
seconds=0 idle=adaptive pings=0 stay=
while [ $# -gt 0 ]; do
  case "$1" in
    --iperf3) seconds=$2; shift 2 ;;
    --idle) idle=$2; shift 2 ;;
    --latency) pings=$2; shift 2 ;;
    --stay) stay=yes; shift ;;
    *) echo "quickstart: $1 is no option" >&2; exit 2 ;;
  esac
done
runtime=$(mktemp -d /tmp/espgate.XXXXXX)
log=$runtime/log
trap 'rm -rf "$runtime"' EXIT
trap 'exit 130' INT TERM
# The lab's configuration, with its own sockets and state, and readable by nobody else, as files with keys should be.
config=$runtime/lab.toml
mkdir -m 700 "$runtime/state"
(
  umask 077
  cp configs/lab-chap-secrets "$runtime"
  { cat configs/lab.toml; printf '\n[runtime]\ndirectory = "%s/run"\nstate_directory = "%s/state"\n[workers]\nidle = "%s"\n' "$runtime" "$runtime" "$idle"; } >"$config"
  echo lab-preshared-key-0123456789 >"$runtime/psk"
  echo alice-pass-1 >"$runtime/password"
)

until_true() { # until_true SECONDS COMMAND...: polls
  local tries=$(($1 * 10)); shift
  until "$@" >/dev/null 2>&1; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "quickstart: gave up on: $*" >&2; cat "$log" "$runtime/client.log" >&2; exit 1; }
    sleep 0.1
  done
}
title() { printf '\n\033[1m$ %s\033[0m%s\n' "$1" "${2:+   ($2)}"; }
gate() { "$bin/espgate" "$@" -c "$config"; }

# Namespaces live as long as a process in each.
own_namespace=$(readlink /proc/self/ns/net)
moved() { [ "$(readlink "/proc/$1/ns/net")" != "$own_namespace" ]; }
client='' nat='' router='' private=''
for place in client nat router private; do
  unshare -n sleep infinity &
  printf -v "$place" %s "$!"
  until_true 5 moved "$!"
done
in_client() { nsenter -t "$client" -n "$@"; }
in_nat() { nsenter -t "$nat" -n "$@"; }
in_router() { nsenter -t "$router" -n "$@"; }
in_private() { nsenter -t "$private" -n "$@"; }
ip link set lo up
in_client ip link set lo up
ip link add s0 type veth peer name eth0 netns "$router"
ip link add s1 type veth peer name eth0 netns "$private"
in_nat ip link add eth1 type veth peer name eth0 netns "$client"
in_nat ip link add eth0 type veth peer name eth1 netns "$router"
ip link set s0 up
ip link set s1 up
address() { # address PLACE INTERFACE ADDRESS
  nsenter -t "${!1}" -n ip address add "$3" dev "$2"
  nsenter -t "${!1}" -n ip link set "$2" up
  # A veth leaves checksums to whoever receives; a packet that is read from the link needs them.
  nsenter -t "${!1}" -n ethtool -K "$2" tx off gro off gso off tso off >/dev/null
}
address client eth0 10.10.1.2/24
address nat eth1 10.10.1.1/24
address nat eth0 198.51.100.2/24
address router eth1 198.51.100.1/24
address router eth0 10.20.0.1/24
address private eth0 10.30.0.10/24
for link in s0 s1; do ethtool -K "$link" tx off gro off gso off tso off >/dev/null; done
in_client ip route add default via 10.10.1.1
in_nat ip route add default via 198.51.100.1
in_private ip route add default via 10.30.0.1
for place in in_nat in_router; do $place sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'; done
in_nat nft -f - <<'NAT'
table ip nat {
  chain out { type nat hook postrouting priority 100; oif "eth0" masquerade; }
}
NAT
in_router nft -f - <<'ELASTIC'
table ip elastic {
  chain in { type nat hook prerouting priority -100; iif "eth1" ip daddr 203.0.113.10 dnat to 10.20.0.10; }
  chain out { type nat hook postrouting priority 100; oif "eth1" ip saddr 10.20.0.10 snat to 203.0.113.10; }
}
ELASTIC

title "espgate up -c configs/lab.toml"
"$bin/espgate" up -c "$config" >"$log" 2>&1 & up=$!
ready() { gate session --json; }
until_true 20 ready
cat "$log"
title "espgate-client --server 203.0.113.10 --psk-file psk --user alice --password-file password --route 10.30.0.0/24" "in the client's namespace"
in_client "$bin/espgate-client" --server 203.0.113.10 --psk-file "$runtime/psk" --user alice --password-file "$runtime/password" \
  --tun tun0 --route 10.30.0.0/24 >"$runtime/client.log" 2>&1 & user=$!
has_route() { in_client ip route show dev tun0 | grep -q 10.30.0.0/24; }
until_true 15 has_route
cat "$runtime/client.log"
title "ping -c 3 10.30.0.10" "in the client's namespace"
until_true 10 in_client ping -c 1 -W 1 10.30.0.10
in_client ping -c 3 -i 0.2 10.30.0.10
if [ "$pings" -gt 0 ]; then
  title "ping -c $pings -i 0.002 10.30.0.10" "idle = \"$idle\""
  in_client ping -n -c "$pings" -i 0.002 10.30.0.10 >"$runtime/pings"
  sed -nE 's/.* time=([0-9.]+) ms/\1/p' "$runtime/pings" | sort -n | awk -v wanted="$pings" '
    { rtt[NR] = $1 }
    function at(share) { place = int(NR * share) + 1; return rtt[place > NR ? NR : place] }
    END { printf "latency: %d of %d answered, median %.3f ms, p99 %.3f ms, worst %.3f ms\n", NR, wanted, at(0.5), at(0.99), rtt[NR] }'
fi
if [ "$seconds" -gt 0 ]; then
  in_private iperf3 -s >"$runtime/iperf3.log" 2>&1 & server=$!
  measure() { # measure TITLE IPERF3-ARGUMENT...: what iperf3 says at its end
    title "iperf3 -c 10.30.0.10 ${*:2}" "$1"
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
for command in status drops session "why alice"; do
  title "espgate $command"
  # shellcheck disable=SC2086  # words of a command
  gate $command
done
if [ -n "$stay" ]; then
  cat <<STAY

It goes on. In another terminal, as the same user:
  $bin/espgate session -c $config
  $bin/espgate top -c $config
  sudo nsenter -t \$(pgrep -n -x espgate-client) -n ping 10.30.0.10      # in the client's place
Ctrl-C ends it.
STAY
  wait "$up" || true
fi
kill "$user"; wait "$user" || true
kill "$up"; wait "$up" || true
