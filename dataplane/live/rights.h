// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "service/capabilities.h"

namespace espgate::dataplane::live {

// The capabilities that a data plane with these ports needs once it runs; all others were for opening ports,
// memory and sockets.
//
//   af_packet, TAP, pcap, ring, null   none: descriptors and rings are open, and stay so
//   PCI (vfio-pci, igb_uio)            CAP_IPC_LOCK: a driver that resets its device may map memory for it
//   anew, and
//                                      that is locked; CAP_SYS_RAWIO: interrupts and registers of a device
//                                      without an IOMMU; CAP_SYS_ADMIN: physical addresses of such memory, in
//                                      /proc/self/pagemap
[[nodiscard]] service::CapabilitySet capabilities_after_start(const config::Config& config);

}  // namespace espgate::dataplane::live
