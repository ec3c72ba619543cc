// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace espgate::config {

// What a port's `device` names, as EAL takes it: a virtual device "net_af_packet0,iface=s0" or a PCI address
// "0000:00:06.0", either with arguments behind commas.
class Device {
 public:
  // `text` must outlive this.
  explicit Device(std::string_view text) : text_(text) {}

  // "net_af_packet0", "0000:00:06.0".
  [[nodiscard]] std::string_view name() const { return text_.substr(0, text_.find(',')); }
  // The value of an argument, "s0" of "iface". nullopt: not given.
  [[nodiscard]] std::optional<std::string_view> argument(std::string_view key) const;

  // Whether it is a PCI address, and that with its domain ("0000:00:06.0" of "00:06.0").
  [[nodiscard]] bool is_pci() const { return pci_address().has_value(); }
  [[nodiscard]] std::optional<std::string> pci_address() const;
  // Whether it has the form of one of DPDK's virtual network devices.
  [[nodiscard]] bool is_virtual() const { return text_.starts_with("net_") || text_.starts_with("eth_"); }
  // Whether packets come through a socket of the kernel (af_packet), so that a worker may sleep between
  // bursts at no great cost.
  [[nodiscard]] bool is_af_packet() const;
  // The largest packet, in bytes from its IP header on, that an af_packet device takes whole: what one frame
  // has room for. nullopt: not af_packet.
  [[nodiscard]] std::optional<unsigned> largest_packet() const;
  // The interface of this host that the device is attached to, if it is attached to one.
  [[nodiscard]] std::optional<std::string_view> interface() const;

 private:
  std::string_view text_;
};

// Whether the kernel takes this as an interface's name: 1 to 15 bytes, no slash, no blank. No comma either,
// which EAL would not understand.
[[nodiscard]] bool is_interface_name(std::string_view name);

// A device on an existing interface by af_packet, with `queues` queues and frames for everything that the
// kernel may hand over.
[[nodiscard]] std::string af_packet_device(unsigned number, std::string_view interface, unsigned queues);

}  // namespace espgate::config
