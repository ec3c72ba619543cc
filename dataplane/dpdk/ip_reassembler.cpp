// SPDX-License-Identifier: Apache-2.0
#include "dataplane/dpdk/ip_reassembler.h"

#include "wire/ipv4.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

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

// Remembers which fragments wait in the table, since the table takes a duplicate for a fault and lets the
// whole datagram go. It may forget, then duplicates are not recognised; it never claims what is not there for
// longer than the table's patience.
class WaitingFragments {
 public:
  struct Datagram {
    std::uint64_t addresses = 0;
    std::uint64_t since = 0;
    std::uint16_t identification = 0;
    std::uint8_t count = 0;                                            // 0: free
    std::array<std::uint16_t, RTE_LIBRTE_IP_FRAG_MAX_FRAG> offsets{};  // in units of 8 bytes
  };

  explicit WaitingFragments(std::size_t capacity) : datagrams_(capacity) {}

  [[nodiscard]] bool has(const wire::Ipv4Packet& ip, std::uint64_t now) {
    const Datagram* datagram = find(ip, now);
    if (datagram == nullptr) return false;
    const auto* const end = datagram->offsets.begin() + datagram->count;
    return std::find(datagram->offsets.begin(), end, offset_of(ip)) != end;
  }

  void add(const wire::Ipv4Packet& ip, std::uint64_t now) {
    Datagram* datagram = find(ip, now);
    if (datagram == nullptr) {
      const auto free = std::find_if(datagrams_.begin(), datagrams_.end(), [&](const Datagram& each) {
        return each.count == 0 || is_over(each, now);
      });
      if (free == datagrams_.end()) return;
      *free = Datagram{addresses_of(ip), now, ip.identification(), 0, {}};
      datagram = &*free;
    }
    if (datagram->count < datagram->offsets.size()) datagram->offsets[datagram->count++] = offset_of(ip);
  }

  void forget(const wire::Ipv4Packet& ip, std::uint64_t now) {
    if (Datagram* datagram = find(ip, now); datagram != nullptr) datagram->count = 0;
  }

 private:
  static std::uint64_t addresses_of(const wire::Ipv4Packet& ip) {
    return std::uint64_t{ip.source()} << 32 | ip.destination();
  }
  static std::uint16_t offset_of(const wire::Ipv4Packet& ip) {
    return static_cast<std::uint16_t>(ip.fragment_offset() / 8);
  }
  static bool is_over(const Datagram& datagram, std::uint64_t now) {
    return now > datagram.since && now - datagram.since > IpReassembler::patience_nanoseconds;
  }

  Datagram* find(const wire::Ipv4Packet& ip, std::uint64_t now) {
    for (Datagram& each : datagrams_)
      if (each.count != 0 && each.identification == ip.identification() &&
          each.addresses == addresses_of(ip) && !is_over(each, now))
        return &each;
    return nullptr;
  }

  std::vector<Datagram> datagrams_;
};

}  // namespace

struct IpReassembler::State {
  explicit State(std::size_t max_datagrams) : waiting(max_datagrams) {}

  rte_ip_frag_tbl* table = nullptr;
  rte_ip_frag_death_row rejected{};
  WaitingFragments waiting;

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
  auto state = std::make_unique<State>(max_datagrams);
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
  if (state_->waiting.has(*ip, now_)) return Outcome::duplicate;
  const unsigned index = burst.index_of(packet);
  rte_mbuf* mbuf = as_mbuf(burst.buffer(index), packet, *ip);
  rte_mbuf* whole = rte_ipv4_frag_reassemble_packet(state_->table, &state_->rejected, mbuf, now_,
                                                    rte_pktmbuf_mtod(mbuf, rte_ipv4_hdr*));
  if (whole == nullptr) {
    const bool refused = state_->take_back(mbuf);
    const unsigned others = state_->free_rejected();
    if (!refused) {
      burst.buffer(index) = nullptr;
      state_->waiting.add(*ip, now_);
      return Outcome::held;
    }
    state_->waiting.forget(*ip, now_);
    return others == 0 ? Outcome::resources : Outcome::malformed;
  }
  state_->free_rejected();
  state_->waiting.forget(*ip, now_);
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
