// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/ip_reassembler.h"

#include "wire/ipv4.h"

#include <algorithm>
#include <cstring>

#include <rte_errno.h>
#include <rte_ip.h>
#include <rte_ip_frag.h>
#include <rte_mbuf.h>

namespace espgate::dataplane::dpdk {
namespace {

constexpr std::uint16_t reassembled_headroom = 128;

// What rte_ip_frag takes on trust.
bool makes_sense(const wire::Ipv4Packet& ip) {
  const std::size_t payload = ip.payload().size();
  if (payload == 0 || (ip.more_fragments() && payload % 8 != 0)) return false;
  return ip.header_length() + ip.fragment_offset() + payload <= UINT16_MAX;
}

// Makes the mbuf describe just the IP packet, so that link headers and padding stay out of the datagram.
rte_mbuf* as_mbuf(void* buffer, const Packet& packet, const wire::Ipv4Packet& ip) {
  auto* mbuf = static_cast<rte_mbuf*>(buffer);
  mbuf->data_off = static_cast<std::uint16_t>(packet.data - static_cast<std::byte*>(mbuf->buf_addr));
  mbuf->data_len = static_cast<std::uint16_t>(ip.total_length());
  mbuf->pkt_len = static_cast<std::uint32_t>(ip.total_length());
  mbuf->l2_len = 0;
  mbuf->l3_len = ip.header_length() & 0x1ff;  // the field has 9 bits; a header has 60 bytes at most
  return mbuf;
}

bool copy_chain(const rte_mbuf* chain, std::byte* to, std::uint32_t length) {
  for (; chain != nullptr; chain = chain->next) {
    if (chain->data_len > length) return false;
    std::memcpy(to, rte_pktmbuf_mtod(chain, const std::byte*), chain->data_len);
    to += chain->data_len;
    length -= chain->data_len;
  }
  return length == 0;
}

}  // namespace

struct IpReassembler::State {
  rte_ip_frag_tbl* table = nullptr;
  rte_ip_frag_death_row rejected{};

  ~State() {
    if (table != nullptr) rte_ip_frag_table_destroy(table);
  }

  // Frees what the table has rejected, and says how many buffers that were.
  unsigned free_rejected() {
    const unsigned count = rejected.cnt;
    rte_ip_frag_free_death_row(&rejected, 0);
    return count;
  }

  // Takes `mbuf` out of the rejected ones; false if it is not there.
  bool take_back(const rte_mbuf* mbuf) {
    auto* const end = rejected.row + rejected.cnt;
    auto* const at = std::find(rejected.row, end, mbuf);
    if (at == end) return false;
    *at = *(end - 1);
    --rejected.cnt;
    return true;
  }
};

tl::expected<std::unique_ptr<IpReassembler>, std::string> IpReassembler::create(BufferPool& pool,
                                                                                unsigned max_datagrams) {
  constexpr unsigned bucket_entries = 4;
  auto state = std::make_unique<State>();
  state->table =
      rte_ip_frag_table_create(std::max(max_datagrams, bucket_entries), bucket_entries,
                               std::max(max_datagrams, bucket_entries), patience_nanoseconds, SOCKET_ID_ANY);
  if (state->table == nullptr)
    return tl::unexpected(std::string("no memory for reassembly: ") + rte_strerror(rte_errno));
  return std::unique_ptr<IpReassembler>(new IpReassembler(pool, std::move(state)));
}

IpReassembler::IpReassembler(BufferPool& pool, std::unique_ptr<State> state)
    : pool_(pool), state_(std::move(state)) {}

IpReassembler::~IpReassembler() { flush(); }

Reassembler::Outcome IpReassembler::add(Burst& burst, Packet& packet) noexcept {
  const auto ip = wire::Ipv4Packet::parse(packet.bytes());
  if (!ip || !makes_sense(*ip)) return Outcome::malformed;
  const unsigned index = burst.index_of(packet);
  rte_mbuf* mbuf = as_mbuf(burst.buffer(index), packet, *ip);
  rte_mbuf* whole = rte_ipv4_frag_reassemble_packet(state_->table, &state_->rejected, mbuf, now_,
                                                    rte_pktmbuf_mtod(mbuf, rte_ipv4_hdr*));
  if (whole == nullptr) {
    const bool refused = state_->take_back(mbuf);
    const unsigned others = state_->free_rejected();
    if (!refused) {
      burst.buffer(index) = nullptr;
      return Outcome::held;
    }
    return others == 0 ? Outcome::resources : Outcome::malformed;
  }
  state_->free_rejected();
  burst.buffer(index) = nullptr;
  const std::uint32_t length = whole->pkt_len;
  const bool copied = length <= UINT16_MAX - 2 * reassembled_headroom &&
                      pool_.attach(burst, index, length, reassembled_headroom) &&
                      copy_chain(whole, packet.data, length);
  rte_pktmbuf_free(whole);
  return copied ? Outcome::complete : Outcome::resources;
}

void IpReassembler::set_time(std::uint64_t nanoseconds) noexcept {
  now_ = nanoseconds;
  unsigned freed = 0;
  do {
    rte_ip_frag_table_del_expired_entries(state_->table, &state_->rejected, now_);
    freed = state_->free_rejected();
    timed_out_ += freed;
  } while (freed != 0);
}

void IpReassembler::flush() noexcept { set_time(UINT64_MAX); }

}  // namespace espgate::dataplane::dpdk
