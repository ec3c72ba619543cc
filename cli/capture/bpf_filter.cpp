// SPDX-License-Identifier: Apache-2.0
#include "cli/capture/bpf_filter.h"

#include <pcap/pcap.h>

namespace espgate::cli {
namespace {

constexpr int longest_packet = 65535;

}  // namespace

struct BpfFilter::Program {
  Program() = default;
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program() { pcap_freecode(&code); }

  bpf_program code{};
};

tl::expected<BpfFilter, std::string> BpfFilter::compile(const std::string& expression, bool ethernet) {
  const std::unique_ptr<pcap_t, decltype(&pcap_close)> handle(
      pcap_open_dead(ethernet ? DLT_EN10MB : DLT_RAW, longest_packet), pcap_close);
  auto program = std::make_shared<Program>();
  if (pcap_compile(handle.get(), &program->code, expression.c_str(), 1, PCAP_NETMASK_UNKNOWN) != 0)
    return tl::unexpected("the filter \"" + expression + "\": " + pcap_geterr(handle.get()));
  return BpfFilter(std::move(program));
}

bool BpfFilter::matches(std::span<const std::byte> bytes, std::uint32_t length) const {
  const pcap_pkthdr header{.ts = {}, .caplen = static_cast<bpf_u_int32>(bytes.size()), .len = length};
  return pcap_offline_filter(&program_->code, &header, reinterpret_cast<const u_char*>(bytes.data())) != 0;
}

}  // namespace espgate::cli
