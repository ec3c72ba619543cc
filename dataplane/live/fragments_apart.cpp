// SPDX-License-Identifier: Apache-2.0
// DPDK's af_packet driver joins a fanout group that has the kernel reassemble IP fragments (packet(7)), and
// no option of DPDK 22.11 turns that off. A datagram would then come as one frame, longer than any MTU, and
// be cut to the length of the ring's frames. The gateway forwards the fragments of others as they are, and
// reassembles those of its clients' ESP itself, within bounds; so this program has a setsockopt of its own,
// which takes the flag away.
#include <cstring>

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): those of the C library are reserved
extern "C" int setsockopt(int socket, int level, int name, const void* value, socklen_t length) noexcept {
  unsigned fanout = 0;
  if (level == SOL_PACKET && name == PACKET_FANOUT && value != nullptr && length == sizeof fanout) {
    std::memcpy(&fanout, value, sizeof fanout);
    fanout &= ~(unsigned{PACKET_FANOUT_FLAG_DEFRAG} << 16);  // type and flags are the upper half
    value = &fanout;
  }
  return static_cast<int>(::syscall(SYS_setsockopt, socket, level, name, value, length));
}
